package node

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/store"
)

func TestClock(t *testing.T) {
	noon := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	// step is a look at the clock: what it says after so long of the process's
	// own count, and whether it is believed.
	type step struct {
		says   time.Time
		passed time.Duration
		want   bool
		// restart begins a new process first, and accept has the owner vouch.
		restart, accept bool
	}
	const minute, hour, day = time.Minute, time.Hour, 24 * time.Hour
	year := noon.AddDate(1, 0, 0)
	for name, steps := range map[string][]step{
		"it runs":                     {{says: noon, want: true}, {says: noon.Add(minute), passed: minute, want: true}, {says: noon.Add(30 * day), passed: 30 * day, want: true}},
		"it jumps":                    {{says: noon, want: true}, {says: year, passed: minute}, {says: year.Add(minute), passed: 2 * minute}},
		"it jumps and is set right":   {{says: noon, want: true}, {says: year, passed: minute}, {says: noon.Add(2 * minute), passed: 2 * minute, want: true}},
		"it jumps and is vouched for": {{says: noon, want: true}, {says: year, passed: minute}, {says: year.Add(minute), passed: 2 * minute, want: true, accept: true}, {says: year.Add(2 * minute), passed: 3 * minute, want: true}},
		"a day of doubt is enough":    {{says: noon, want: true}, {says: year, passed: minute}, {says: year.Add(day - minute), passed: day}, {says: year.Add(day), passed: day + minute, want: true}},
		"it jumps within a stop":      {{says: noon, want: true}, {says: year, restart: true}, {says: year.Add(minute), passed: minute}, {says: year.Add(day), passed: day, want: true}},
		"a short stop":                {{says: noon, want: true}, {says: noon.Add(20 * hour), restart: true, want: true}, {says: noon.Add(20*hour + minute), passed: minute, want: true}},
		"a jump after a restart":      {{says: noon, want: true}, {says: noon.Add(hour), restart: true, want: true}, {says: noon.Add(5 * hour), passed: minute}},
		"a stop and an hour off":      {{says: noon, want: true}, {says: year, restart: true}, {says: noon.Add(20 * hour), passed: minute, want: true}},
		"it is set back":              {{says: noon, want: true}, {says: noon.Add(-day), passed: minute, want: true}},
		"doubt of many short runs": {
			{says: noon, want: true},
			{says: noon.Add(3 * day), restart: true},
			{says: noon.Add(3*day + 9*hour), passed: 9 * hour},
			{says: noon.Add(4 * day), restart: true},
			{says: noon.Add(4*day + 9*hour), passed: 9 * hour},
			{says: noon.Add(5 * day), restart: true},
			{says: noon.Add(5*day + 5*hour), passed: 5 * hour},
			{says: noon.Add(5*day + 6*hour), passed: 6 * hour, want: true},
			{says: noon.Add(6 * day), restart: true, want: true},
			{says: noon.Add(9 * day), restart: true},
			{says: noon.Add(9*day + 23*hour), passed: 23 * hour},
		},
		"doubt that was settled does not count": {
			{says: noon, want: true},
			{says: year, passed: minute},
			{says: year.Add(20 * hour), passed: 20 * hour},
			{says: noon.Add(20*hour + minute), passed: 20*hour + minute, want: true},
			{says: year, passed: 21 * hour},
			{says: year.Add(5 * hour), passed: 26 * hour},
		},
		"a restart forgets no doubt": {{says: noon, want: true}, {says: year, passed: minute}, {says: year.Add(minute), restart: true}},
	} {
		t.Run(name, func(t *testing.T) {
			path := clockPath(t.TempDir())
			c := &clock{path: path}
			for i, s := range steps {
				if s.restart {
					c = &clock{path: path}
				}
				if s.accept {
					_, err := keepClock(path, s.says)
					require.NoError(t, err)
				}
				believed, ahead, err := c.check(s.says, s.passed)
				require.NoError(t, err)
				require.Equal(t, s.want, believed, "step %d: %v ahead", i, ahead)
				require.Equal(t, s.want, ahead == 0)
			}
		})
	}
}

// A time that cannot be kept holds nothing up, and vouches for nothing.
func TestClockThatCannotBeKept(t *testing.T) {
	now, path := time.Now(), clockPath(t.TempDir())
	c := &clock{path: path}
	_, _, err := c.check(now, 0)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(path+".new", 0o700))
	for passed := 7 * time.Hour; passed < 8*time.Hour; passed += time.Minute {
		believed, _, err := c.check(now.Add(passed), passed)
		require.Error(t, err)
		require.True(t, believed)
	}
	believed, _, err := c.check(now.AddDate(1, 0, 0), 8*time.Hour)
	require.NoError(t, err)
	require.False(t, believed)
}

// dated is a database that has 3 expired faces, and notes at what time it was
// told to delete them.
type dated struct {
	Database
	at []time.Time
}

func (d *dated) Expired(context.Context, time.Time) ([]store.Expired, error) {
	return []store.Expired{{Tenant: "acme", Gallery: "staff", Faces: 3}}, nil
}

func (d *dated) DeleteExpired(_ context.Context, now time.Time) (int, error) {
	d.at = append(d.at, now)
	return 0, nil
}

// A clock that jumps deletes nothing, until it is vouched for.
func TestRetentionIsHeldUpByAJump(t *testing.T) {
	var log bytes.Buffer
	db, now, data := &dated{}, time.Now(), t.TempDir()
	n := &Node{log: zerolog.New(&log), Truth: &Truth{Store: db}}
	c := &clock{path: clockPath(data)}
	n.sweep(t.Context(), c, now, 0)
	require.Empty(t, log.String())
	n.sweep(t.Context(), c, now.AddDate(1, 0, 0), time.Minute)
	require.Contains(t, log.String(), `"faces":3`)
	require.Contains(t, log.String(), "retention accept")
	later := now.AddDate(1, 0, 1)
	_, err := keepClock(c.path, later)
	require.NoError(t, err)
	n.sweep(t.Context(), c, later, 2*time.Minute)
	require.Len(t, db.at, 3)
	require.Equal(t, []time.Time{now, time.Unix(0, 0), later}, db.at)
}
