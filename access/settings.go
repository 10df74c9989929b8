package access

import "oneton/setting"

// Config bounds what tenants may by themselves.
type Config struct {
	// Keys is how many keys a tenant may have for it to make another.
	Keys int
}

// DefaultConfig is enough for a key for each door of a large building.
func DefaultConfig() Config { return Config{Keys: 1000} }

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const most = 1_000_000
	return []setting.Setting{{
		Key: "keys.most", Value: &c.Keys, Means: "most keys of a tenant that makes one through the API; those that were revoked or ended within a day count, and the operator's `oneton key create` is not bound",
		Want: "1 to 1,000,000", OK: c.Keys >= 1 && c.Keys <= most,
	}}
}
