package job_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

// A cancelled job never begins, or is told to stop and leaves nothing.
func testCancel(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	effects(t, d.db)
	began, ended := make(chan *job.Job, 1), make(chan error, 1)
	d.Handle("cancelled", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		began <- j
		<-ctx.Done()
		ended <- errors.Join(context.Cause(ctx), d.db.Update(context.Background(), "effect", func(tx store.Tx) error {
			if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, j.ID); err != nil {
				return err
			}
			return j.Finish(tx, []byte("too late"), nil)
		}), j.Progress(context.Background(), 1, 1))
		return []byte("too late"), nil
	}))
	queued := d.add(t, job.New{Tenant: acme, Kind: "cancelled", Input: []byte("photo")})
	_, err := d.Cancel(t.Context(), other, queued)
	require.ErrorIs(t, err, store.ErrNotFound)
	s, err := d.Cancel(t.Context(), acme, queued)
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, s.Status)
	require.Zero(t, d.inputs(t))
	s, err = d.Cancel(t.Context(), acme, queued)
	require.ErrorIs(t, err, job.ErrEnded)
	require.Equal(t, job.Cancelled, s.Status)

	d.run(t)
	running := d.add(t, job.New{Tenant: acme, Kind: "cancelled", Input: []byte("photo")})
	require.Equal(t, running, (<-began).ID)
	_, err = d.Cancel(t.Context(), acme, running)
	require.NoError(t, err)
	err = <-ended
	require.ErrorIs(t, err, job.ErrCancelled)
	require.ErrorIs(t, err, job.ErrLost)
	s = d.wait(t, acme, running)
	require.Equal(t, job.Cancelled, s.Status)
	require.Empty(t, s.Output)
	require.Zero(t, s.Of)
	require.Zero(t, d.inputs(t))
	require.Zero(t, d.count(t, `SELECT count(*) FROM effects WHERE job = $1`, running))
}

// A process that stops puts its jobs back, for another one to do at once, and the
// attempt does not count.
func testStop(t *testing.T, open storetest.Open) {
	a, b := newDesk(t, open(t), config()), newDesk(t, open(t), config())
	began, told := make(chan struct{}, 2), make(chan error, 1)
	a.Handle("stopped", job.Kind{Attempts: 1, Do: func(ctx context.Context, _ *job.Job) ([]byte, error) {
		began <- struct{}{}
		<-ctx.Done()
		told <- context.Cause(ctx)
		return nil, ctx.Err()
	}})
	a.Handle("done in time", job.Kind{Attempts: 1, Do: func(ctx context.Context, _ *job.Job) ([]byte, error) {
		began <- struct{}{}
		<-ctx.Done()
		return []byte("done"), nil
	}})
	for _, kind := range []string{"stopped", "done in time"} {
		b.Handle(kind, job.Kind{Attempts: 1, Do: func(_ context.Context, j *job.Job) ([]byte, error) {
			return fmt.Appendf(nil, "%s %d", j.Input, j.Attempt), nil
		}})
	}
	stop := a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "stopped", Input: []byte("photo")})
	done := a.add(t, job.New{Tenant: acme, Kind: "done in time"})
	<-began
	<-began
	stop()
	require.ErrorIs(t, <-told, job.ErrStopping)
	s := b.get(t, acme, id)
	require.Equal(t, job.Queued, s.Status)
	require.Zero(t, s.Attempt)
	b.run(t)
	require.Equal(t, "photo 1", string(b.wait(t, acme, id).Output))
	require.Equal(t, "done", string(b.wait(t, acme, done).Output))
}

// Work that does not end when it is told to is another's, and leaves nothing.
func testDeaf(t *testing.T, open storetest.Open) {
	a, b := newDesk(t, open(t), config()), newDesk(t, open(t), config())
	began, block, late := make(chan struct{}), make(chan struct{}), make(chan error)
	a.Handle("deaf", job.Kind{Attempts: 1, Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
		close(began)
		<-block
		late <- j.Progress(context.Background(), 1, 1)
		return []byte("a"), nil
	}})
	b.Handle("deaf", job.Kind{Attempts: 1, Do: func(context.Context, *job.Job) ([]byte, error) { return []byte("b"), nil }})
	stop := a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "deaf"})
	<-began
	stop()
	require.Equal(t, job.Queued, b.get(t, acme, id).Status)
	b.run(t)
	require.Equal(t, "b", string(b.wait(t, acme, id).Output))
	close(block)
	require.ErrorIs(t, <-late, job.ErrLost)
	require.Equal(t, "b", string(b.get(t, acme, id).Output))
}

// A job that is not done within its time has failed, wherever it is, and its input is
// erased.
func testExpired(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Workers = 1
	d := newDesk(t, open(t), cfg)
	causes := make(chan error, 1)
	d.Handle("slow", handle(func(ctx context.Context, _ *job.Job) ([]byte, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return nil, ctx.Err()
	}))
	// It has time enough to begin on any machine.
	running := d.add(t, job.New{Tenant: acme, Kind: "slow", Input: []byte("photo"), Within: 5 * time.Second})
	d.run(t)
	waiting := d.add(t, job.New{Tenant: acme, Kind: "slow", Input: []byte("photo"), Within: time.Millisecond})
	delayed := d.add(t, job.New{Tenant: acme, Kind: "slow", Input: []byte("photo"), Delay: time.Hour, Within: time.Second})
	for _, id := range []job.ID{waiting, running, delayed} {
		s := d.wait(t, acme, id)
		require.Equal(t, job.Failed, s.Status)
		require.Equal(t, job.ErrExpired.Error(), s.Error)
	}
	require.ErrorIs(t, <-causes, job.ErrExpired)
	require.Zero(t, d.inputs(t))
}
