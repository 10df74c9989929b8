package server

import (
	"net/url"
	"slices"
	"strings"

	"oneton/setting"
)

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const most = 1 << 20
	return []setting.Setting{
		{
			Key: "server.max_body", Value: &c.BodyLimit, Bytes: true, Means: "largest request",
			Want: "1 KiB to 1 GiB", OK: c.BodyLimit >= 1<<10 && c.BodyLimit <= 1<<30,
		},
		{
			Key: "server.body_memory", Value: &c.BodyMemory, Bytes: true,
			Means: "memory for the bodies of all requests at once, at least twice `server.max_body`; a tenant gets half of it",
			Want:  "at least twice server.max_body", OK: c.BodyMemory/2 >= c.BodyLimit,
		},
		{
			Key: "server.connections", Value: &c.Concurrency, Means: "most connections at once",
			Want: "1 to 2^20", OK: c.Concurrency >= 1 && c.Concurrency <= most,
		},
		{
			Key: "server.connections_per_address", Value: &c.PeerConcurrency,
			Means: "most connections of one IPv4 address or IPv6 network of 64 bits; behind a proxy all have the proxy's",
			Want:  "1 to 2^20", OK: c.PeerConcurrency >= 1 && c.PeerConcurrency <= most,
		},
		{
			Key: "server.origins", Value: &c.Origins,
			Means: "origins whose pages browsers let call the API (CORS), as in `https://app.example.org`, separated by commas",
			Want:  "scheme and host in small letters, and a port that is not the scheme's own, as in https://app.example.org; * is none",
			OK:    !slices.ContainsFunc(c.Origins, func(o string) bool { return !origin(o) }),
		},
		{
			Key: "server.trusted_proxies", Value: &c.TrustedProxies,
			Means: "addresses and networks of proxies whose `X-Forwarded-For` says where a request comes from, as `10.0.0.7` or `10.0.0.0/24`, separated by commas",
			Want:  "IP addresses, and networks such as 10.0.0.0/24", OK: networks(c.TrustedProxies),
		},
		{
			Key: "server.timeout", Value: &c.RequestTimeout, Means: "time that one request may take",
			Want: "above 0", OK: c.RequestTimeout > 0,
		},
		{
			Key: "server.drain_delay", Value: &c.DrainDelay,
			Means: "time that a stopping server reports itself not ready before it refuses connections",
			Want:  "0 or more", OK: c.DrainDelay >= 0,
		},
	}
}

func networks(texts []string) bool {
	_, err := parseNetworks(texts)
	return err == nil
}

// origin tells whether a text is an origin as browsers write it.
func origin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" && u.Port() != "443" || u.Scheme == "http" && u.Port() != "80") && u.Hostname() != "" &&
		!strings.ContainsAny(u.Host, "*, ") && text == strings.ToLower(u.Scheme+"://"+u.Host)
}
