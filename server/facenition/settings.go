package facenition

import (
	"oneton/server"
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

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return server.AddressSettings("facenition", "[Facenition dialect](docs/facenition.md)", "/facenition", &c.Host, &c.Prefix)
}
