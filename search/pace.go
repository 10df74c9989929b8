package search

import (
	"sync/atomic"
	"time"
)

const (
	// pieceTime is how long background work goes on without looking whether
	// it is in the way.
	pieceTime = 200 * time.Microsecond
	// restShare is how many times as long as it worked it then rests.
	restShare = 49
	// longestRest bounds a rest, for when the work was held up itself.
	longestRest = 50 * time.Millisecond
)

// Traffic tells background work whether it is in the way of searches. The zero
// value is ready. Sets that share one make way for each other's searches.
type Traffic struct {
	// scans have begun and ended have ended.
	scans, ended atomic.Int64
}

func (t *Traffic) scan() (done func()) {
	t.scans.Add(1)
	return func() { t.ended.Add(1) }
}

// Pace makes background work take a fiftieth of a processor while searches
// run, and all of one otherwise. A nil Pace never rests.
type Pace struct {
	traffic *Traffic
	// pressed tells that the work cannot wait.
	pressed func() bool
	// ended is how many scans had when the work last looked.
	ended int64
	begun time.Time
	now   func() time.Time
	sleep func(time.Duration)
}

// Pace returns the pace of work that begins now. While pressed is true the work
// does not rest.
func (t *Traffic) Pace(pressed func() bool) *Pace {
	return &Pace{traffic: t, pressed: pressed, ended: t.ended.Load(), begun: time.Now(), now: time.Now, sleep: time.Sleep}
}

// Rest is called often by the work: at best several times in a fifth of a
// millisecond, which is how long it works between two rests.
func (p *Pace) Rest() {
	if p == nil {
		return
	}
	worked := p.now().Sub(p.begun)
	if worked < pieceTime {
		return
	}
	// A scan that runs, or has ended since the last look, was in the way.
	before := p.ended
	p.ended = p.traffic.ended.Load()
	scanned := p.traffic.scans.Load() != before
	if scanned && !p.pressed() {
		p.sleep(min(restShare*worked, longestRest))
	}
	p.begun = p.now()
}
