package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/pool"
	"oneton/store"
	"oneton/store/storetest"
)

func TestJobs(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		tenants(t, open(t), acme, other)
		for _, test := range []struct {
			name string
			do   func(*testing.T, storetest.Open)
		}{
			{"life", testLife},
			{"refusals", testRefusals},
			{"one of a key", testKey},
			{"outcomes", testOutcomes},
			{"finished with its effects", testFinish},
			{"priority", testPriority},
			{"fairness", testFairness},
			{"places", testPlaces},
			{"groups", testGroups},
			{"cancelled", testCancel},
			{"lease lost", testLeaseLost},
			{"recovered", testRecovered},
			{"no attempt left", testWorkersDie},
			{"stopped", testStop},
			{"stopped, and deaf", testDeaf},
			{"expired", testExpired},
			{"kept for a while", testTrim},
			{"tenant deleted", testTenantDeleted},
			{"two processes", testTwoProcesses},
			{"many", testMany},
			{"list", testList},
			{"scripts", testScripts},
		} {
			t.Run(test.name, func(t *testing.T) { test.do(t, open) })
		}
	})
}

// A job is added by a transaction, begins after it, and leaves its output.
func testLife(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	began := make(chan *job.Job, 2)
	goOn := make(chan struct{})
	d.Handle("life", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		began <- j
		err := j.Progress(ctx, 2, 3)
		<-goOn
		return fmt.Appendf(nil, "%q of %s", j.Input, pool.TenantOf(ctx)), err
	}))
	d.run(t)
	refused := errors.New("refused")
	require.ErrorIs(t, d.db.Update(t.Context(), "add", func(tx store.Tx) error {
		_, err := d.Add(tx, job.New{Tenant: acme, Kind: "life"})
		return errors.Join(err, refused)
	}), refused)
	require.Zero(t, d.count(t, `SELECT count(*) FROM jobs`))

	id := d.add(t, job.New{Tenant: acme, Kind: "life", Input: []byte{0, 255, 'x'}})
	j := <-began
	require.Equal(t, id, j.ID)
	require.Equal(t, acme, j.Tenant)
	require.Equal(t, 1, j.Attempt)
	require.False(t, j.Last)
	require.Eventually(t, func() bool { return d.get(t, acme, id).Of == 3 }, patience, time.Millisecond)
	s := d.get(t, acme, id)
	require.Equal(t, job.Running, s.Status)
	require.False(t, s.Status.Ended())
	require.Equal(t, int64(2), s.Done)
	require.Equal(t, int64(1), d.inputs(t))
	_, err := d.Get(t.Context(), other, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = d.Wait(t.Context(), other, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	s, err = d.Wait(short, acme, id)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, job.Running, s.Status)

	close(goOn)
	s = d.wait(t, acme, id)
	require.Equal(t, job.Succeeded, s.Status)
	require.True(t, s.Status.Ended())
	require.Equal(t, `"\x00\xffx" of acme`, string(s.Output))
	require.Empty(t, s.Error)
	require.Equal(t, 1, s.Attempt)
	require.False(t, s.EndedAt.Before(s.StartedAt))
	require.False(t, s.StartedAt.Before(s.AddedAt))
	require.Zero(t, d.inputs(t), "the input is erased")

	own := d.wait(t, "", d.add(t, job.New{Kind: "life"}))
	require.Equal(t, `"" of `, string(own.Output))
	require.Panics(t, func() { d.Handle("late", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil })) })
}

// What cannot be kept is refused, and nothing is added.
func testRefusals(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	d.Handle("fine", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil }))
	for name, refusal := range map[string]struct {
		job.New
		want error
	}{
		"kind":           {job.New{Tenant: acme, Kind: "unknown"}, job.ErrKind},
		"size":           {job.New{Tenant: acme, Kind: "fine", Input: make([]byte, job.MaxInput+1)}, job.ErrTooLarge},
		"tenant":         {job.New{Tenant: "nobody", Kind: "fine"}, store.ErrNotFound},
		"key":            {job.New{Tenant: acme, Kind: "fine", Key: "a\x00"}, store.ErrInvalid},
		"long key":       {job.New{Tenant: acme, Kind: "fine", Key: strings.Repeat("k", 129)}, store.ErrInvalid},
		"priority":       {job.New{Tenant: acme, Kind: "fine", Priority: job.MaxPriority + 1}, store.ErrInvalid},
		"low priority":   {job.New{Tenant: acme, Kind: "fine", Priority: -job.MaxPriority - 1}, store.ErrInvalid},
		"delay":          {job.New{Tenant: acme, Kind: "fine", Delay: -1}, store.ErrInvalid},
		"time to end in": {job.New{Tenant: acme, Kind: "fine", Within: -1}, store.ErrInvalid},
	} {
		require.ErrorIs(t, d.db.Update(t.Context(), "add", func(tx store.Tx) error {
			_, err := d.Add(tx, refusal.New)
			return err
		}), refusal.want, name)
	}
	require.Zero(t, d.count(t, `SELECT count(*) FROM jobs WHERE kind = 'fine'`))
	require.Panics(t, func() { d.Handle("fine", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil })) })
	require.Panics(t, func() { d.Handle("nobody", job.Kind{}) })
	for _, id := range []string{"", "0123456789abcdef0123456", "0123456789abcdef012345678", "0123456789ABCDEF01234567", "0123456789abcdef0123456g"} {
		require.False(t, job.ValidID(id), id)
	}
}

// While a job with a key is kept, there is no other.
func testKey(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	for _, kind := range []string{"once", "again"} {
		d.Handle(kind, handle(func(_ context.Context, j *job.Job) ([]byte, error) { return j.Input, nil }))
	}
	id := d.add(t, job.New{Tenant: acme, Kind: "once", Key: "k", Input: []byte("first")})
	require.Equal(t, id, d.add(t, job.New{Tenant: acme, Kind: "once", Key: "k", Input: []byte("second")}))
	for _, n := range []job.New{{Tenant: other, Kind: "once", Key: "k"}, {Tenant: acme, Kind: "again", Key: "k"}, {Tenant: acme, Kind: "once", Key: "K"}, {Tenant: acme, Kind: "once"}, {Tenant: acme, Kind: "once"}} {
		require.NotEqual(t, id, d.add(t, n))
	}
	d.run(t)
	require.Equal(t, "first", string(d.wait(t, acme, id).Output))
	require.Equal(t, id, d.add(t, job.New{Tenant: acme, Kind: "once", Key: "k"}))

	// Many at once add one.
	var wg sync.WaitGroup
	ids := make([]job.ID, 16)
	for i := range ids {
		wg.Go(func() {
			_ = d.db.Update(context.Background(), "add", func(tx store.Tx) (err error) {
				ids[i], err = d.Add(tx, job.New{Tenant: acme, Kind: "once", Key: "at once"})
				return err
			})
		})
	}
	wg.Wait()
	require.Len(t, slices.Compact(ids), 1)
}
