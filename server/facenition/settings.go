package facenition

import (
	"regexp"

	"oneton/setting"
)

// Config is where the dialect is.
type Config struct {
	// Host is the name of a host that the dialect has to itself, and Prefix what
	// its paths begin with, there or beside the other APIs. With neither it is
	// not served.
	Host, Prefix string
}

// On tells whether the dialect is served.
func (c Config) On() bool { return c.Host != "" || c.Prefix != "" }

var (
	// hostName is one in small letters (RFC 1123, section 2.1).
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*$`)
	// pathPrefix is of segments that no client escapes (RFC 3986, section 2.3).
	pathPrefix = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)
)

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const maxName = 253
	return []setting.Setting{
		{
			Key: "facenition.host", Value: &c.Host,
			Means: "name of a host that the [Facenition dialect](docs/facenition.md) has to itself; with neither this nor a prefix it is not served",
			Want:  "a host's name in small letters without a port, as in faces.example.org",
			OK:    c.Host == "" || len(c.Host) <= maxName && hostName.MatchString(c.Host),
		},
		{
			Key: "facenition.prefix", Value: &c.Prefix, Means: "what the dialect's paths begin with, as in `/facenition`, beside the other APIs or at its host",
			Want: "a path as in /facenition, without a slash at its end", OK: c.Prefix == "" || pathPrefix.MatchString(c.Prefix),
		},
	}
}
