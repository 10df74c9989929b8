package console

import (
	"time"

	"oneton/setting"
)

// Config says whether the console is served, and how long browsers stay signed in.
type Config struct {
	On bool
	// Idle is for how long nobody may be at a session, and Most how long one lasts.
	Idle, Most time.Duration
}

// DefaultConfig serves it, for half an hour without anybody and half a day in all.
func DefaultConfig() Config {
	return Config{On: true, Idle: 30 * time.Minute, Most: 12 * time.Hour}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{{
		Key: "console.on", Value: &c.On, Means: "whether the [console](docs/console.md) is served, at `/console/`",
	}, {
		Key: "console.idle", Value: &c.Idle, Means: "how long a browser stays signed in to the console while nobody is at it",
		Want: "1m to 24h", OK: c.Idle >= time.Minute && c.Idle <= 24*time.Hour,
	}, {
		Key: "console.most", Value: &c.Most, Means: "how long it stays signed in at most",
		Want: "at least console.idle, and 30 days (720h) at most", OK: c.Most >= c.Idle && c.Most <= 720*time.Hour,
	}}
}
