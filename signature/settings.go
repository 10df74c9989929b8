package signature

import (
	"time"

	"oneton/setting"
)

// Config says who signs, and how often with a new key.
type Config struct {
	// Issuer is what the claims name as iss.
	Issuer string
	// Rotate is how long a key signs; 0 is until another is made by hand.
	Rotate time.Duration
	// Ahead is how long a new key is published before it signs.
	Ahead time.Duration
	// Now tells the time; nil is the database's.
	Now func() time.Time
}

// DefaultConfig makes a key each quarter, and publishes it a day before it signs:
// longer than clients commonly keep a key set.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{Issuer: "oneton", Rotate: 90 * day, Ahead: day}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const year = 366 * 24 * time.Hour
	return []setting.Setting{
		{
			Key: "signing.issuer", Value: &c.Issuer, Means: "who signs, as tokens and results name it in `iss`; with another one, tokens that were given are refused",
			Want: "1 to 256 bytes", OK: len(c.Issuer) >= 1 && len(c.Issuer) <= 256,
		},
		{
			Key: "signing.rotate", Value: &c.Rotate, Means: "how long a key signs before another does; 0 is until one is made by hand",
			Want: "0, or above signing.ahead and at most 8784h", OK: c.Rotate == 0 || c.Rotate > c.Ahead && c.Rotate <= year,
		},
		{
			Key: "signing.ahead", Value: &c.Ahead, Means: "how long a new key is in the key set before it signs, so that clients who keep the set know it in time",
			Want: "5m to 720h", OK: c.Ahead >= MaxAge && c.Ahead <= 30*24*time.Hour,
		},
	}
}
