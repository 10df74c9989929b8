package limit

import (
	"time"

	"oneton/setting"
)

// DefaultConfig is 2,500 requests a minute, and a second for the shared counter.
func DefaultConfig() Config {
	return Config{Requests: 2500, Window: time.Minute, Patience: time.Second}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const most = 1_000_000_000
	return []setting.Setting{{
		Key: "limits.requests", Value: &c.Requests, Means: "most requests of a tenant in a minute, over all its keys and session tokens and all servers of a database; 0 is any number",
		Want: "0 to 1,000,000,000", OK: c.Requests >= 0 && c.Requests <= most,
	}, {
		Key: "limits.patience", Value: &c.Patience, Means: "how long a count in PostgreSQL may take before each server counts by itself",
		Want: "10ms to 1m", OK: c.Patience >= 10*time.Millisecond && c.Patience <= time.Minute,
	}}
}
