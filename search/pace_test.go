package search

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	const worked = 300 * time.Microsecond
	for name, c := range map[string]struct {
		worked time.Duration
		// ended and running are scans since the work last looked.
		ended            int
		running, pressed bool
		want, next       time.Duration
	}{
		"no searches":         {worked: worked},
		"a search":            {worked: worked, ended: 1, want: restShare * worked},
		"a long search":       {worked: worked, running: true, want: restShare * worked, next: restShare * worked},
		"just begun":          {worked: pieceTime - 1, ended: 1},
		"much is to be done":  {worked: worked, running: true, pressed: true},
		"the work was halted": {worked: time.Second, ended: 5, want: longestRest},
	} {
		t.Run(name, func(t *testing.T) {
			var traffic Traffic
			for range 7 {
				traffic.scan()()
			}
			now, slept := time.Unix(0, 0), time.Duration(0)
			p := traffic.Pace(func() bool { return c.pressed })
			p.now = func() time.Time { return now }
			p.sleep = func(d time.Duration) { slept += d }
			p.begun = now
			for range c.ended {
				traffic.scan()()
			}
			if c.running {
				defer traffic.scan()()
			}
			now = now.Add(c.worked)
			p.Rest()
			require.Equal(t, c.want, slept)
			now = now.Add(c.worked)
			p.Rest()
			if c.worked >= pieceTime {
				require.Equal(t, c.want+c.next, slept)
			}
		})
	}
	var none *Pace
	none.Rest()
}
