package embed

import (
	"oneton/picture"
	"oneton/setting"
)

// DefaultConfig takes photos as they come from phones and cameras, and keeps
// every core at work on one.
func DefaultConfig() Config {
	return Config{Threads: 1, Queue: 64, MaxFaces: defaultMaxFaces, Limits: picture.DefaultLimits()}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	settings := []setting.Setting{
		{
			Key: "embed.workers", Value: &c.Workers, Shown: "one a core", Means: "photos computed at once",
			Want: "0 (one a core) to 1024", OK: c.Workers >= 0 && c.Workers <= 1024,
		},
		{
			Key: "embed.threads", Value: &c.Threads, Means: "threads that one photo uses",
			Want: "1 to 256", OK: c.Threads >= 1 && c.Threads <= 256,
		},
		{
			Key: "embed.queue", Value: &c.Queue, Means: "photos that may wait, shared fairly by tenants; more are answered with 503",
			Want: "0 or more", OK: c.Queue >= 0 && c.Queue <= 1<<20,
		},
	}
	return append(append(settings, c.Limits.Settings()...), setting.Setting{
		Key: "image.max_faces", Value: &c.MaxFaces, Means: "most faces taken from one photo; answers say how many were left out",
		Want: "1 to 10,000", OK: c.MaxFaces >= 1 && c.MaxFaces <= 10_000,
	})
}
