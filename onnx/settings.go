package onnx

import "oneton/setting"

// DefaultConfig computes on the caller's thread alone.
func DefaultConfig() Config { return Config{Threads: 1} }

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{{
		Key: "embed.threads", Value: &c.Threads, Means: "threads that one photo uses",
		Want: "1 to 256", OK: c.Threads >= 1 && c.Threads <= 256,
	}}
}
