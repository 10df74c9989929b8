package job_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

// A state is kept as long as its kind says, and then it is gone, with its key.
func testTrim(t *testing.T, open storetest.Open) {
	cfg := config()
	var ahead atomic.Int64
	cfg.Keep = 2 * time.Hour
	cfg.Now = func(now time.Time) time.Time { return now.Add(time.Duration(ahead.Load())) }
	d := newDesk(t, open(t), cfg)
	do := func(context.Context, *job.Job) ([]byte, error) { return []byte("output"), nil }
	d.Handle("kept", job.Kind{Do: do})
	d.Handle("kept less", job.Kind{Do: do, Keep: time.Hour})
	_, err := d.Trim(t.Context())
	require.NoError(t, err)
	before := d.count(t, `SELECT count(*) FROM jobs`)
	kept := d.add(t, job.New{Tenant: acme, Kind: "kept", Key: "k"})
	less := d.add(t, job.New{Tenant: acme, Kind: "kept less"})
	later := d.add(t, job.New{Tenant: acme, Kind: "kept less", Delay: 20 * time.Hour})
	stop := d.run(t)
	d.wait(t, acme, kept)
	d.wait(t, acme, less)
	stop()
	trim := func(pass time.Duration, removed int64, left ...job.ID) {
		t.Helper()
		ahead.Add(int64(pass))
		n, err := d.Trim(t.Context())
		require.NoError(t, err)
		require.Equal(t, removed, n)
		for _, id := range []job.ID{kept, less, later} {
			_, err := d.Get(t.Context(), acme, id)
			if slices.Contains(left, id) {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, store.ErrNotFound)
			}
		}
	}
	trim(59*time.Minute, 0, kept, less, later)
	trim(2*time.Minute, 1, kept, later)
	require.Equal(t, kept, d.add(t, job.New{Tenant: acme, Kind: "kept", Key: "k"}))
	trim(time.Hour, 1, later)
	require.Equal(t, before+1, d.count(t, `SELECT count(*) FROM jobs`))
	require.NotEqual(t, kept, d.add(t, job.New{Tenant: acme, Kind: "kept", Key: "k"}))
	require.Positive(t, d.count(t, `SELECT count(*) FROM job_turns WHERE tenant = $1`, acme))
}

// With a tenant go its jobs, and its work ends.
func testTenantDeleted(t *testing.T, open storetest.Open) {
	s := open(t)
	cfg := config()
	cfg.Lease = 2 * time.Second
	d := newDesk(t, s, cfg)
	tenants(t, s, "gone")
	began, told := make(chan struct{}), make(chan error, 1)
	d.Handle("gone", handle(func(ctx context.Context, _ *job.Job) ([]byte, error) {
		close(began)
		<-ctx.Done()
		told <- context.Cause(ctx)
		return nil, nil
	}))
	d.run(t)
	running := d.add(t, job.New{Tenant: "gone", Kind: "gone", Input: []byte("photo")})
	<-began
	queued := d.add(t, job.New{Tenant: "gone", Kind: "gone", Input: []byte("photo"), Delay: time.Hour})
	_, err := s.DeleteTenant(t.Context(), "gone")
	require.NoError(t, err)
	for _, id := range []job.ID{running, queued} {
		_, err := d.Wait(t.Context(), "gone", id)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Zero(t, d.inputs(t))
	require.ErrorIs(t, <-told, job.ErrLost)
	_, err = d.Trim(t.Context())
	require.NoError(t, err)
	require.Zero(t, d.count(t, `SELECT count(*) FROM job_turns WHERE tenant = 'gone'`))
}
