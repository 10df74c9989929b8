package job_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

// cut is a database that a process has no way to any more, while cut.
type cut struct {
	store.DB
	off atomic.Bool
}

func (c *cut) Read(ctx context.Context, doing string, do func(store.Reader) error) error {
	if c.off.Load() {
		return store.ErrUnavailable
	}
	return c.DB.Read(ctx, doing, do)
}

func (c *cut) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	if c.off.Load() {
		return store.ErrUnavailable
	}
	return c.DB.Update(ctx, doing, do)
}

func (c *cut) Remove(ctx context.Context, doing string, do func(store.Tx) error) error {
	if c.off.Load() {
		return store.ErrUnavailable
	}
	return c.DB.Remove(ctx, doing, do)
}

// A worker that cannot renew its lease is told so, and changes nothing after another
// has the job.
func testLeaseLost(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Lease = 3 * time.Second // renewed every second
	way := &cut{DB: open(t)}
	a, b := newDesk(t, way, cfg), newDesk(t, open(t), cfg)
	effects(t, b.db)
	began, told := make(chan *job.Job, 1), make(chan error, 1)
	goOn, late := make(chan struct{}), make(chan error, 1)
	do := func(ctx context.Context, j *job.Job, as string) error {
		return a.db.Update(context.Background(), "effect", func(tx store.Tx) error {
			if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, string(j.ID)+as); err != nil {
				return err
			}
			return j.Finish(tx, []byte(as), nil)
		})
	}
	a.Handle("lost", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		began <- j
		<-ctx.Done()
		told <- context.Cause(ctx)
		<-goOn
		err := do(ctx, j, "a")
		late <- errors.Join(err, j.Progress(context.Background(), 1, 1))
		return []byte("a"), err
	}))
	seen := make(chan *job.Job, 1)
	b.Handle("lost", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		seen <- j
		<-goOn
		return nil, do(ctx, j, "b")
	}))
	a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "lost", Input: []byte("photo")})
	<-began
	time.Sleep(3 * cfg.Lease / 2)
	require.Equal(t, job.Running, b.get(t, acme, id).Status)
	select {
	case err := <-told:
		t.Fatal("its lease was renewed", err)
	default:
	}
	way.off.Store(true)
	b.run(t)
	require.ErrorIs(t, <-told, job.ErrLost)
	j := <-seen
	require.Equal(t, id, j.ID)
	require.Equal(t, 2, j.Attempt)
	require.Equal(t, "photo", string(j.Input))
	way.off.Store(false)
	close(goOn)
	require.ErrorIs(t, <-late, job.ErrLost)
	s := b.wait(t, acme, id)
	require.Equal(t, job.Succeeded, s.Status)
	require.Equal(t, "b", string(s.Output))
	require.Equal(t, int64(1), b.count(t, `SELECT count(*) FROM effects WHERE job = $1`, string(id)+"b"))
	require.Zero(t, b.count(t, `SELECT count(*) FROM effects WHERE job = $1`, string(id)+"a"))
}

// A process that knows that it is alone begins at once what a dead one has left, whatever
// lease that has; a worker that was not dead changes nothing any more.
func testRecovered(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Lease = 24 * time.Hour
	way := &cut{DB: open(t)}
	a, b := newDesk(t, way, cfg), newDesk(t, open(t), cfg)
	began, goOn, late := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	a.Handle("left", handle(func(_ context.Context, j *job.Job) ([]byte, error) {
		close(began)
		<-goOn
		late <- j.Progress(context.Background(), 1, 1)
		return []byte("a"), nil
	}))
	b.Handle("left", handle(func(context.Context, *job.Job) ([]byte, error) { return []byte("b"), nil }))
	a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "left", Input: []byte("photo")})
	<-began
	way.off.Store(true)
	require.NoError(t, b.Recover(t.Context()))
	b.run(t)
	require.Equal(t, "b", string(b.wait(t, acme, id).Output))
	way.off.Store(false)
	close(goOn)
	require.ErrorIs(t, <-late, job.ErrLost)
	require.Equal(t, 2, b.get(t, acme, id).Attempt)
}

// A job whose workers all die has failed in the end.
func testWorkersDie(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Lease = 2 * time.Second // so that a worker begins before it ends
	const attempts = 2
	var id job.ID
	block := make(chan struct{})
	defer close(block)
	for range attempts {
		way := &cut{DB: open(t)}
		d := newDesk(t, way, cfg)
		began := make(chan struct{})
		d.Handle("deadly", job.Kind{Attempts: attempts, Do: func(context.Context, *job.Job) ([]byte, error) {
			close(began)
			<-block
			return nil, nil
		}})
		if id == "" {
			id = d.add(t, job.New{Tenant: acme, Kind: "deadly", Input: []byte("photo")})
		}
		d.run(t)
		<-began
		way.off.Store(true)
	}
	d := newDesk(t, open(t), cfg)
	d.run(t)
	s := d.wait(t, acme, id)
	require.Equal(t, job.Failed, s.Status)
	require.Equal(t, attempts, s.Attempt)
	require.Contains(t, s.Error, "not heard of")
	require.Zero(t, d.inputs(t))
}

// What one process adds, another does, and each hears of it; so with a cancellation.
func testTwoProcesses(t *testing.T, open storetest.Open) {
	a, b := newDesk(t, open(t), config()), newDesk(t, open(t), config())
	told, began := make(chan error, 1), make(chan struct{}, 1)
	for _, d := range []*desk{a, b} {
		d.Handle("here or there", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
			if string(j.Input) != "long" {
				return j.Input, nil
			}
			began <- struct{}{}
			<-ctx.Done()
			told <- context.Cause(ctx)
			return nil, ctx.Err()
		}))
	}
	b.run(t)
	for i := range 5 {
		id := a.add(t, job.New{Tenant: acme, Kind: "here or there", Input: fmt.Append(nil, i)})
		require.Equal(t, fmt.Sprint(i), string(a.wait(t, acme, id).Output))
	}
	id := a.add(t, job.New{Tenant: acme, Kind: "here or there", Input: []byte("long")})
	<-began
	_, err := a.Cancel(t.Context(), acme, id)
	require.NoError(t, err)
	require.ErrorIs(t, <-told, job.ErrCancelled)
	require.Equal(t, job.Cancelled, b.wait(t, acme, id).Status)
}
