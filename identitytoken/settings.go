package identitytoken

import (
	"cmp"
	"time"

	"oneton/setting"
)

// Config sizes a Service; where it is zero, it is as DefaultConfig.
type Config struct {
	// Hashes is how many secrets are hashed at once, each in token.HashMemory bytes,
	// and one more where a tenant would wait for another's. HashQueue is how many
	// may wait for it, and HashWait how long: then it is pool.ErrBusy.
	Hashes, HashQueue int
	HashWait          time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	// Waited is as in pool.Config, of those who wait to hash.
	Waited func(waited time.Duration, err error)
}

// DefaultConfig takes 192 MiB at most, and answers in seconds or not at all.
func DefaultConfig() Config { return Config{Hashes: 2, HashQueue: 64, HashWait: 5 * time.Second} }

func (c Config) filled() Config {
	d := DefaultConfig()
	c.Hashes, c.HashQueue, c.HashWait = cmp.Or(c.Hashes, d.Hashes), cmp.Or(c.HashQueue, d.HashQueue), cmp.Or(c.HashWait, d.HashWait)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	return []setting.Setting{
		{
			Key: "identity.hashes", Value: &c.Hashes, Means: "secrets of identity tokens hashed at once, each in 64 MiB for some tenths of a second",
			Want: "1 to 1024", OK: c.Hashes >= 1 && c.Hashes <= 1024,
		},
	}
}
