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

// traffic tells background work whether it is in the way.
type traffic struct {
	// scans have begun and ended have ended.
	scans, ended atomic.Int64
	// hurried counts those who wait for the background work to end.
	hurried atomic.Int64
}

func (t *traffic) scan() (done func()) {
	t.scans.Add(1)
	return func() { t.ended.Add(1) }
}

func (t *traffic) hurry() (done func()) {
	t.hurried.Add(1)
	return func() { t.hurried.Add(-1) }
}

// pace makes background work take a fiftieth of a processor while scans run,
// and all of one otherwise. A nil pace never rests.
type pace struct {
	traffic *traffic
	// pressed tells that the work cannot wait.
	pressed func() bool
	// ended is how many scans had when the work last looked.
	ended int64
	begun time.Time
	now   func() time.Time
	sleep func(time.Duration)
}

func newPace(t *traffic, pressed func() bool) *pace {
	return &pace{traffic: t, pressed: pressed, ended: t.ended.Load(), begun: time.Now(), now: time.Now, sleep: time.Sleep}
}

// rest is called often by the work.
func (p *pace) rest() {
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
	if scanned && p.traffic.hurried.Load() == 0 && !p.pressed() {
		p.sleep(min(restShare*worked, longestRest))
	}
	p.begun = p.now()
}
