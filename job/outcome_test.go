package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/pool"
	"oneton/store"
	"oneton/store/storetest"
)

// What work returns decides how its job ends, or that it is tried again.
func testOutcomes(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Workers = 16
	d := newDesk(t, open(t), cfg)
	broken := errors.New("broken")
	var attempts sync.Map
	outcome := func(do func(j *job.Job) ([]byte, error)) job.Kind {
		return job.Kind{Attempts: 3, Backoff: func(int) time.Duration { return time.Millisecond }, Do: func(_ context.Context, j *job.Job) ([]byte, error) {
			n, _ := attempts.LoadOrStore(j.Kind, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
			return do(j)
		}}
	}
	var busy, times atomic.Int64
	cases := map[string]struct {
		do     func(j *job.Job) ([]byte, error)
		status job.Status
		output string
		err    string
		begun  int
	}{
		"succeeds": {func(*job.Job) ([]byte, error) { return []byte("{}"), nil }, job.Succeeded, "{}", "", 1},
		"fails":    {func(*job.Job) ([]byte, error) { return []byte("no"), fmt.Errorf("%w: no match", job.ErrFailed) }, job.Failed, "no", "no match", 1},
		"invalid":  {func(*job.Job) ([]byte, error) { return []byte("what"), fmt.Errorf("no face: %w", job.ErrInvalid) }, job.Invalid, "what", "no face: job: invalid input", 1},
		"breaks":   {func(*job.Job) ([]byte, error) { return nil, broken }, job.Failed, "", job.ErrFault.Error(), 3},
		"panics":   {func(*job.Job) ([]byte, error) { panic("secret") }, job.Failed, "", "job: panicked", 3},
		"recovers": {func(j *job.Job) ([]byte, error) {
			if j.Last {
				return []byte("at last"), nil
			}
			return nil, broken
		}, job.Succeeded, "at last", "", 3},
		"asks": {func(j *job.Job) ([]byte, error) {
			if j.Attempt == 2 {
				return []byte("then"), nil
			}
			return nil, job.Retry(broken, 50*time.Millisecond)
		}, job.Succeeded, "then", "", 2},
		"asks in vain": {func(*job.Job) ([]byte, error) { return nil, job.Retry(broken, 0) }, job.Failed, "", "broken", 3},
		"busy": {func(*job.Job) ([]byte, error) {
			if busy.Add(1) < 3 {
				return nil, fmt.Errorf("embed: %w", pool.ErrBusy)
			}
			return nil, nil
		}, job.Succeeded, "", "", 3},
		"goes on": {func(*job.Job) ([]byte, error) {
			if times.Add(1) < 5 {
				return nil, job.Again(time.Now().Add(time.Millisecond))
			}
			return []byte("on"), nil
		}, job.Succeeded, "on", "", 5},
		"says much": {func(*job.Job) ([]byte, error) {
			return nil, fmt.Errorf("%w: \x00\xff%s", job.ErrFailed, strings.Repeat("é", 600))
		}, job.Failed, "", strings.Repeat("é", 500), 1},
		"brings much": {func(*job.Job) ([]byte, error) { return make([]byte, job.MaxOutput+1), nil }, job.Failed, "", "its output has 4194305 bytes of at most 4194304", 1},
	}
	ids := make(map[string]job.ID)
	for name, c := range cases {
		d.Handle(name, outcome(c.do))
		ids[name] = d.add(t, job.New{Tenant: acme, Kind: name, Input: []byte("x")})
	}
	d.run(t)
	for name, c := range cases {
		s := d.wait(t, acme, ids[name])
		require.Equal(t, c.status, s.Status, name)
		require.Equal(t, c.output, string(s.Output), name)
		require.Equal(t, c.err, s.Error, name)
		n, _ := attempts.Load(name)
		require.Equal(t, int64(c.begun), n.(*atomic.Int64).Load(), name)
		if name == "busy" || name == "goes on" {
			c.begun = 1 // which the others do not count as
		}
		require.Equal(t, c.begun, s.Attempt, name)
	}
	require.Zero(t, d.inputs(t))
}

// Backoff doubles, with jitter, and has an end.
func TestBackoff(t *testing.T) {
	for attempt, mean := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 10: 512 * time.Second, 11: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
		low, high := mean, mean
		for range 200 {
			d := job.Backoff(attempt)
			low, high = min(low, d), max(high, d)
		}
		require.GreaterOrEqual(t, low, mean/2)
		require.Less(t, high, mean*3/2)
		require.Greater(t, high-low, mean/2, "it is spread")
	}
}

// effects is a table of what jobs have done.
func effects(t *testing.T, db store.DB) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), "make effects", func(tx store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS effects (job TEXT NOT NULL)`)
		return err
	}))
}

// What ends in a transaction with its effects has them once, and whoever has lost it
// has none.
func testFinish(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	effects(t, d.db)
	refused := errors.New("refused")
	d.Handle("effect", job.Kind{Attempts: 4, Backoff: func(int) time.Duration { return 0 }, Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
		return []byte("not kept"), d.db.Update(ctx, "effect", func(tx store.Tx) error {
			if err := j.Hold(tx); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, j.ID); err != nil {
				return err
			}
			var outcome error
			if string(j.Input) == "fail" {
				outcome = fmt.Errorf("%w: no match", job.ErrFailed)
			}
			if err := j.Finish(tx, []byte("kept"), outcome); err != nil {
				return err
			}
			require.ErrorIs(t, j.Hold(tx), job.ErrLost)
			if j.Attempt < 3 {
				return refused
			}
			return nil
		})
	}})
	d.run(t)
	for input, want := range map[string]job.Status{"": job.Succeeded, "fail": job.Failed} {
		id := d.add(t, job.New{Tenant: acme, Kind: "effect", Input: []byte(input)})
		s := d.wait(t, acme, id)
		require.Equal(t, want, s.Status)
		require.Equal(t, "kept", string(s.Output))
		require.Equal(t, 3, s.Attempt)
		require.Equal(t, int64(1), d.count(t, `SELECT count(*) FROM effects WHERE job = $1`, id))
	}
	require.Eventually(t, func() bool { return d.inputs(t) == 0 }, patience, time.Millisecond)
}
