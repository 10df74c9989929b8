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
		scans  int64
		hurry  bool
		want   time.Duration
	}{
		"no searches":         {worked: worked},
		"a search":            {worked: worked, scans: 1, want: restShare * worked},
		"just begun":          {worked: pieceTime - 1, scans: 1},
		"someone waits":       {worked: worked, scans: 1, hurry: true},
		"the work was halted": {worked: time.Second, scans: 5, want: longestRest},
	} {
		t.Run(name, func(t *testing.T) {
			var traffic traffic
			traffic.scans.Store(7)
			now, slept := time.Unix(0, 0), time.Duration(0)
			p := newPace(&traffic)
			p.now = func() time.Time { return now }
			p.sleep = func(d time.Duration) { slept += d }
			p.begun = now
			if c.hurry {
				defer traffic.hurry()()
			}
			traffic.scans.Add(c.scans)
			now = now.Add(c.worked)
			p.rest()
			require.Equal(t, c.want, slept)
			now = now.Add(c.worked)
			p.rest()
			if c.worked >= pieceTime {
				require.Equal(t, c.want, slept, "no search has come since")
			}
		})
	}
	var none *pace
	none.rest()
}
