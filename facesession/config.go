package facesession

import (
	"cmp"
	"time"

	"oneton/calibration"
)

const (
	// Life is how long a session lasts, and what is of it.
	Life = 10 * time.Minute
	// ResultLife is how long a result is valid, and the picture that it names is kept.
	ResultLife = 10 * time.Minute
	// StepTime is how long a step may take, from when it is told to when its frames
	// have come.
	StepTime = 45 * time.Second
	// CheckTime is how long a step's check is waited for; after that its process is
	// taken for dead, and the attempt for failed.
	CheckTime = time.Minute
	// SweepEvery is how often what has ended is looked for.
	SweepEvery = 5 * time.Second
	// GuideEvery is how often a session's frames that guide are looked at, by a process,
	// at most: pages wait longer before they send another.
	GuideEvery = 200 * time.Millisecond
	// CallEvery is how often a session's tab may bind it again and begin, each, by a
	// process, at most.
	CallEvery = 100 * time.Millisecond
)

// Config is what a service is told once.
type Config struct {
	// Levels are the false-match rates of match levels 1 and up.
	Levels calibration.Scale
	// Gallery is the name of the tenants' galleries that are searched where a client
	// wants to know who somebody is.
	Gallery string
	// MostOpen is how many sessions of a tenant may be under way at once; 0 is any number.
	MostOpen int
	// MostGuiding is how many frames that guide a process looks at at once, of all
	// sessions together; 0 is any number.
	MostGuiding int
	// The times are those of the constants where they are zero. A negative CallEvery
	// bounds no calls.
	Life, ResultLife, StepTime, CheckTime, SweepEvery, GuideEvery, CallEvery time.Duration
}

func (c Config) filled() Config {
	c.Life, c.ResultLife = cmp.Or(c.Life, Life), cmp.Or(c.ResultLife, ResultLife)
	c.StepTime, c.CheckTime, c.SweepEvery = cmp.Or(c.StepTime, StepTime), cmp.Or(c.CheckTime, CheckTime), cmp.Or(c.SweepEvery, SweepEvery)
	c.GuideEvery, c.CallEvery = cmp.Or(c.GuideEvery, GuideEvery), cmp.Or(c.CallEvery, CallEvery)
	return c
}
