package pool

import "oneton/setting"

// DefaultConfig keeps every core at work on one photo.
func DefaultConfig() Config { return Config{Queue: 64} }

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{
		{
			Key: "embed.workers", Value: &c.Workers, Shown: "one a core", Means: "photos computed at once",
			Want: "0 (one a core) to 1024", OK: c.Workers >= 0 && c.Workers <= 1024,
		},
		{
			Key: "embed.queue", Value: &c.Queue, Means: "photos that may wait, shared fairly by tenants; more are answered with 503",
			Want: "0 or more", OK: c.Queue >= 0 && c.Queue <= 1<<20,
		},
	}
}
