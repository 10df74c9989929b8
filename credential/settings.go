package credential

import (
	"time"

	"oneton/setting"
)

// Config is what a service is told once.
type Config struct {
	// Scopes are what client tokens allow.
	Scopes []string
	// Region is that of phone numbers without a country's code, as CH; empty refuses
	// them.
	Region string
	// Life is how long a token of a verified pair is valid.
	Life time.Duration
	// Sends is how many pairs codes are sent to at most in an hour, whoever asks.
	Sends int
	// Unverified is how many tenants of pairs that nobody verified there are at
	// most, 0 for none, and UnverifiedLife how long each lasts, with its token.
	Unverified     int
	UnverifiedLife time.Duration
	// Limits are what one address, source or tenant may.
	Limits Limits
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// DefaultConfig is that of a small service.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{Life: 90 * day, Sends: 1000, Unverified: 1000, UnverifiedLife: day, Limits: DefaultLimits()}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const (
		most      = 1_000_000
		shortest  = time.Minute
		longest   = 10 * 365 * 24 * time.Hour
		lifetimes = "1m to 87600h"
	)
	lasts := func(d time.Duration) bool { return d >= shortest && d <= longest }
	return []setting.Setting{
		{
			Key: "credentials.region", Value: &c.Region, Means: "region of phone numbers without `+` and a country's code, as `CH`; without one they are refused",
			Want: "empty or a region's two capital letters, as CH", OK: c.Region == "" || knownRegion(c.Region),
		},
		{Key: "credentials.life", Value: &c.Life, Means: "how long a client token of a verified pair is valid", Want: lifetimes, OK: lasts(c.Life)},
		{
			Key: "credentials.sends", Value: &c.Sends, Means: "most pairs that codes are sent to in an hour, whoever asks: a bound on what messages cost",
			Want: "1 to 1,000,000", OK: c.Sends >= 1 && c.Sends <= most,
		},
		{
			Key: "credentials.unverified", Value: &c.Unverified, Means: "most tenants of unverified pairs at a time; 0 gives tokens to verified pairs alone",
			Want: "0 to 1,000,000", OK: c.Unverified >= 0 && c.Unverified <= most,
		},
		{
			Key: "credentials.unverified_life", Value: &c.UnverifiedLife, Means: "how long each of them lasts, with all that is in it",
			Want: lifetimes, OK: lasts(c.UnverifiedLife),
		},
	}
}
