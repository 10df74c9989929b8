package uqudo

import (
	"slices"

	"oneton/server"
	"oneton/setting"
	"oneton/store"
)

// Config is what an operator may say of the dialect.
type Config struct {
	// Prefix is what its paths may begin with, too; empty is nothing.
	Prefix string
	// AllowQueryCredentials lets clients send their id and secret in the query of a
	// token request.
	AllowQueryCredentials bool
	// Limited are tenants whose requests are counted, as limit.Config says; a * is all.
	Limited []string
	// Sessions is how many face sessions of a tenant may be under way at once; 0 is any
	// number.
	Sessions int
}

// DefaultConfig answers below /uqudo, too, and counts nobody's requests. The sessions
// of a tenant are those of 200 people a minute of whom none comes to an end, and their
// photos, of the largest size, 10 GB.
func DefaultConfig() Config { return Config{Prefix: "/uqudo", Sessions: 2000} }

// limits tells whether the tenant's requests are counted.
func (c Config) limits(tenant store.TenantID) bool {
	return slices.Contains(c.Limited, string(tenant)) || slices.Contains(c.Limited, everybody)
}

const everybody = "*"

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{
		{
			Key: "uqudo.prefix", Value: &c.Prefix, Means: "what the paths of the [uqudo dialect](docs/uqudo.md) may begin with, besides without it; empty is nothing",
			Want: "a path as in /uqudo, without a slash at its end", OK: c.Prefix == "" || server.PathPrefix(c.Prefix),
		},
		{
			Key: "uqudo.allow_query_credentials", Value: &c.AllowQueryCredentials,
			Means: "lets clients of the dialect send their id and secret in a URL's query, where proxies log it",
		},
		{
			Key: "uqudo.limited", Value: &c.Limited, Means: "tenants whose requests in the dialect `limits.requests` counts, separated by commas; `*` is all",
			Want: "tenants' ids or *", OK: !slices.ContainsFunc(c.Limited, func(t string) bool { return t != everybody && !store.ValidName(t) }),
		},
		{
			Key: "uqudo.sessions", Value: &c.Sessions,
			Means: "most [face sessions](docs/face-sessions.md) of a tenant that are open at once and not over; 0 is any number",
			Want:  "0 or more", OK: c.Sessions >= 0,
		},
	}
}
