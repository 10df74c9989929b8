package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"oneton/setting"
)

// Config says how events are delivered.
type Config struct {
	// Timeout is the longest time until a receiver has answered.
	Timeout time.Duration
	// Plain lets URLs be http.
	Plain bool
	// Allow are addresses, or networks in CIDR notation, that may be called though
	// they are not public.
	Allow []string
	// Proxy is an HTTP proxy that all requests go through; empty is none, whatever
	// the environment says.
	Proxy string
	// Places is how many requests are under way at once, and PerEndpoint how many
	// of them to one endpoint.
	Places, PerEndpoint int
	// Answers is how many bytes are kept of what a receiver answers; 0 is none.
	Answers int
	// Keep is how long a delivery stays in the log after its end.
	Keep time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	// Observer is told of requests and deliveries; nil is nobody.
	Observer Observer
}

// DefaultConfig calls public addresses by https alone.
func DefaultConfig() Config {
	const month = 30 * 24 * time.Hour
	return Config{Timeout: 20 * time.Second, Places: 256, PerEndpoint: 4, Answers: 1 << 10, Keep: month}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const (
		shortest, longest = 15 * time.Second, 30 * time.Second
		hour, year        = time.Hour, 366 * 24 * time.Hour
	)
	return []setting.Setting{
		{Key: "webhooks.timeout", Value: &c.Timeout, Means: "longest time until a receiver has answered", Want: "15s to 30s", OK: c.Timeout >= shortest && c.Timeout <= longest},
		{Key: "webhooks.plain", Value: &c.Plain, Means: "lets the URLs of receivers be `http`, in a network where nobody else listens"},
		{
			Key: "webhooks.allow", Value: &c.Allow, Means: "addresses, or networks as `10.1.0.0/16`, that may be called though they are not public, separated by commas",
			Want: "addresses or networks in CIDR notation", OK: !slices.ContainsFunc(c.Allow, func(text string) bool { _, err := network(text); return err != nil }),
		},
		{
			Key: "webhooks.proxy", Value: &c.Proxy, Hidden: true, Means: "HTTP proxy that all requests to receivers go through; it must refuse addresses that are not public itself. Empty is none",
			Want: "empty, or an http or https URL", OK: c.Proxy == "" || proxy(c.Proxy) != nil,
		},
		{
			Key: "webhooks.places", Value: &c.Places, Means: "requests to receivers under way at once",
			Want: "1 to 4096", OK: c.Places >= 1 && c.Places <= 4096,
		},
		{
			Key: "webhooks.per_endpoint", Value: &c.PerEndpoint, Means: "how many of them to one endpoint, so that one that stalls holds up no other",
			Want: "1 to webhooks.places", OK: c.PerEndpoint >= 1 && c.PerEndpoint <= c.Places,
		},
		{
			Key: "webhooks.answers", Value: &c.Answers, Means: "how many bytes are kept of what a receiver answers, for its owner to read; 0 is none",
			Want: "0 to 16384", OK: c.Answers >= 0 && c.Answers <= maxAnswer,
		},
		{Key: "webhooks.keep", Value: &c.Keep, Means: "how long a delivery stays in the log after its end", Want: "1h to 8784h", OK: c.Keep >= hour && c.Keep <= year},
	}
}

// network reads an address, or a network in CIDR notation.
func network(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Prefix(a.BitLen())
	}
	return netip.ParsePrefix(text)
}

// proxy is the URL of a proxy; nil when it is none.
func proxy(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}
