package twoface

import (
	"net/url"
	"strings"
	"time"

	"oneton/server"
	"oneton/setting"
)

// Config is where the dialect is, and for how long it waits.
type Config struct {
	// Host is the name of a host that the dialect has to itself, and Prefix what
	// its paths begin with, there or beside the other APIs. With neither it is
	// not served.
	Host, Prefix string
	// URL is what clients find the paths behind; empty is the host that a request
	// asks, by http.
	URL string
	// Wait is how long an answer waits for a check, within the time of a request.
	Wait time.Duration
	// LinkTime is how long the address of an attempt's photo can be used.
	LinkTime time.Duration
}

// DefaultConfig waits half a minute, and is not served before it is said where.
func DefaultConfig() Config { return Config{Wait: 30 * time.Second, LinkTime: 10 * time.Minute} }

// On tells whether the dialect is served.
func (c Config) On() bool { return c.Host != "" || c.Prefix != "" }

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return append(server.AddressSettings("twoface", "[2FACE dialect](docs/twoface.md)", "/v1/2face", &c.Host, &c.Prefix),
		setting.Setting{
			Key: "twoface.url", Value: &c.URL,
			Means: "what is before the prefix in the dialect's addresses of photos, as in `https://faces.example.org`; empty is `http://` and the host that is asked",
			Want:  "a URL as in https://faces.example.org, without a slash at its end", OK: c.URL == "" || base(c.URL),
		},
		setting.Setting{
			Key: "twoface.wait", Value: &c.Wait,
			Means: "longest time that the dialect's answers wait for their check, within `server.timeout`; past it they name its job",
			Want:  "above 0", OK: c.Wait > 0,
		},
		setting.Setting{
			Key: "twoface.link_time", Value: &c.LinkTime, Means: "how long an address of a photo in the dialect's attempts can be used",
			Want: "1s to 24h", OK: c.LinkTime >= time.Second && c.LinkTime <= 24*time.Hour,
		},
	)
}

// base tells whether a text can stand before a path.
func base(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == "" && !strings.HasSuffix(text, "/") && !strings.ContainsAny(text, "?# ")
}
