package job

import (
	"time"

	"oneton/setting"
)

// Config is what a queue is told once.
type Config struct {
	// Workers is how many jobs that compute this process does at once, 0 for two a
	// core. Whatever computes shares the processor by package pool as requests do.
	Workers int
	// Within is how long a job may take from its addition to its end, and Keep how long
	// its state and output are kept after that, where neither it nor its kind says.
	Within, Keep time.Duration
	// Lease is after how long a job whose worker is not heard of is another's. A third
	// of it lies between a worker's signs of life.
	Lease time.Duration
	// Poll is the longest between two looks for work that nobody announced.
	Poll time.Duration
	// Now is the time of schedules, by the database's; nil is that itself. Leases go by
	// the database's.
	Now func(database time.Time) time.Time
	// Observer is told of attempts; nil is nobody.
	Observer Observer
}

// DefaultConfig suits jobs of seconds to minutes.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{Within: day, Keep: day, Lease: 15 * time.Second, Poll: time.Second}
}

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	const (
		mostWorkers = 1024
		shortest    = time.Minute
		longest     = 365 * 24 * time.Hour
		times       = "1m to 8760h"
	)
	lasts := func(d time.Duration) bool { return d >= shortest && d <= longest }
	return []setting.Setting{
		{
			Key: "jobs.workers", Value: &c.Workers, Shown: "two a core", Means: "jobs that this process does at once, beside requests, with which they share `embed.workers`",
			Want: "0 (two a core) to 1024", OK: c.Workers >= 0 && c.Workers <= mostWorkers,
		},
		{Key: "jobs.within", Value: &c.Within, Means: "longest from a job's addition to its end; then it has failed, and its photos and clips are erased", Want: times, OK: lasts(c.Within)},
		{Key: "jobs.keep", Value: &c.Keep, Means: "how long a job's state and result can be asked for after its end", Want: times, OK: lasts(c.Keep)},
	}
}
