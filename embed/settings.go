package embed

import (
	"oneton/picture"
	"oneton/setting"
)

// DefaultConfig takes photos as they come from phones and cameras.
func DefaultConfig() Config {
	return Config{MaxFaces: defaultMaxFaces, Limits: picture.DefaultLimits()}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return append(c.Limits.Settings(), setting.Setting{
		Key: "image.max_faces", Value: &c.MaxFaces, Means: "most faces taken from one photo; answers say how many were left out",
		Want: "1 to 10,000", OK: c.MaxFaces >= 1 && c.MaxFaces <= 10_000,
	})
}
