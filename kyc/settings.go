package kyc

import (
	"cmp"
	"time"

	"oneton/setting"
)

// Config is what a service is told once; where it is zero, it is as DefaultConfig.
type Config struct {
	// Pack compares faces; empty is the default pack.
	Pack string
	// Session is how long a session lasts unless it is closed.
	Session time.Duration
	// Uses is how often each endpoint may be used in a session.
	Uses int
	// Threshold is the similarity that faces must reach where nothing else says it.
	Threshold float64
	// Workflows is a file with definitions; empty is none but the built-in ones.
	Workflows string
	// Gallery is the name of the tenants' galleries of users.
	Gallery string
	// Attempts is how long an attempt is kept, with its stages.
	Attempts time.Duration
	// Documents is for how long the photos of documents are kept for a review; 0 is
	// not at all.
	Documents time.Duration
	// Within is how long a check may take, with its wait and all tries.
	Within time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// DefaultConfig keeps no photo, and attempts for 90 days.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{
		Session: time.Hour, Uses: 3, Threshold: DefaultThreshold, Gallery: "kyc-users",
		Attempts: 90 * day, Within: day,
	}
}

func (c Config) filled() Config {
	d := DefaultConfig()
	c.Session, c.Uses, c.Threshold = cmp.Or(c.Session, d.Session), cmp.Or(c.Uses, d.Uses), cmp.Or(c.Threshold, d.Threshold)
	c.Gallery, c.Attempts, c.Within = cmp.Or(c.Gallery, d.Gallery), cmp.Or(c.Attempts, d.Attempts), cmp.Or(c.Within, d.Within)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const (
		longest   = 10 * 365 * 24 * time.Hour
		mostUses  = 1_000_000
		leastTime = time.Minute
	)
	lasts := func(d time.Duration) bool { return d >= leastTime && d <= longest }
	return []setting.Setting{
		{Key: "kyc.session", Value: &c.Session, Means: "how long a session lasts unless it is closed", Want: "1m to 87600h", OK: lasts(c.Session)},
		{
			Key: "kyc.retries", Value: &c.Uses, Means: "how often each endpoint of faces and documents may be used in a session",
			Want: "1 to 1,000,000", OK: c.Uses >= 1 && c.Uses <= mostUses,
		},
		{
			Key: "kyc.threshold", Value: &c.Threshold, Means: "[similarity](docs/kyc.md#similarity) that a face must reach where its workflow says none",
			Want: "above 0 and at most 100", OK: c.Threshold > 0 && c.Threshold <= MaxSimilarity,
		},
		{Key: "kyc.workflows", Value: &c.Workflows, Means: "YAML file of [workflows](docs/kyc.md#workflows) beside the built-in ones, or instead of them"},
		{Key: "kyc.attempts", Value: &c.Attempts, Means: "how long an attempt is kept, with its stages", Want: "1m to 87600h", OK: lasts(c.Attempts)},
		{
			Key: "kyc.documents", Value: &c.Documents, Means: "how long the photos of documents are kept for a review; 0 erases them when their check ends",
			Want: "0 to 87600h", OK: c.Documents >= 0 && c.Documents <= longest,
		},
	}
}
