package imports

import (
	"time"

	"oneton/setting"
)

// ServiceConfig is what durable imports are told once.
type ServiceConfig struct {
	// MaxBytes is the most that an import is made from.
	MaxBytes int
	// Open is how many imports of a tenant may be made from something at once.
	Open int
	// Keep is how long what came of an import is kept after its end.
	Keep time.Duration
	// Unstarted is how long an import waits for its start, and Within how long it may
	// take from there on.
	Unstarted, Within time.Duration
	// MostPhoto is the largest photo, in bytes.
	MostPhoto int64
	// Parallel is how many photos of an import are under way at once.
	Parallel int
}

// DefaultServiceConfig suits imports of some hundred thousand photos.
func DefaultServiceConfig() ServiceConfig {
	const day = 24 * time.Hour
	return ServiceConfig{MaxBytes: 8 << 30, Open: 8, Keep: 7 * day, Unstarted: day, Within: 30 * day}
}

// Settings are what an operator may set of it.
func (c *ServiceConfig) Settings() []setting.Setting {
	const most = 1000
	return []setting.Setting{
		{
			Key: "imports.max_bytes", Value: &c.MaxBytes, Bytes: true, Means: "largest [import through the API](docs/import.md#through-the-api), all parts together",
			Want: "1 MiB or more", OK: c.MaxBytes >= 1<<20,
		},
		{
			Key: "imports.open", Value: &c.Open, Means: "imports that a tenant may have under way at once", Want: "1 to 1000", OK: c.Open >= 1 && c.Open <= most,
		},
		{
			Key: "imports.keep", Value: &c.Keep, Means: "how long what came of an import's photos can be asked for after its end; what it was made from is erased at its end",
			Want: "1m or more", OK: c.Keep >= time.Minute,
		},
	}
}
