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
	restShare = 9
	// longestRest bounds a rest, for when the work was held up itself.
	longestRest = 5 * time.Millisecond
)

// traffic tells background work whether it is in the way.
type traffic struct {
	scans atomic.Int64
	// hurried counts those who wait for the background work to end.
	hurried atomic.Int64
}

func (t *traffic) hurry() (done func()) {
	t.hurried.Add(1)
	return func() { t.hurried.Add(-1) }
}

// pace makes background work take a tenth of a processor while searches run,
// and all of one otherwise. A nil pace never rests.
type pace struct {
	traffic *traffic
	// scans is the count of them that the work has made way for.
	scans int64
	begun time.Time
	now   func() time.Time
	sleep func(time.Duration)
}

func newPace(t *traffic) *pace {
	return &pace{traffic: t, scans: t.scans.Load(), begun: time.Now(), now: time.Now, sleep: time.Sleep}
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
	if scans := p.traffic.scans.Load(); scans != p.scans && p.traffic.hurried.Load() == 0 {
		p.scans = scans
		p.sleep(min(restShare*worked, longestRest))
	}
	p.begun = p.now()
}
