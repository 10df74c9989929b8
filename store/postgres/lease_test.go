package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// acquiring is an Acquire that runs.
func acquiring(t *testing.T, s *postgres.Store, name string) <-chan *postgres.Lease {
	t.Helper()
	acquired := make(chan *postgres.Lease, 1)
	go func() {
		if lease, err := s.Acquire(t.Context(), name); err == nil {
			acquired <- lease
		}
	}()
	return acquired
}

func requireAcquired(t *testing.T, acquired <-chan *postgres.Lease) *postgres.Lease {
	t.Helper()
	select {
	case lease := <-acquired:
		return lease
	case <-time.After(patience):
		t.Fatal("the lease was not acquired")
		return nil
	}
}

func requireDone(t *testing.T, lease *postgres.Lease) {
	t.Helper()
	select {
	case <-lease.Done():
	case <-time.After(bound):
		t.Fatal("the holder was not told")
	}
}

func requireHeld(t *testing.T, lease *postgres.Lease) {
	t.Helper()
	select {
	case <-lease.Done():
		t.Fatal("the lease was lost")
	default:
	}
}

func TestLease(t *testing.T) {
	to := shared.Database(t)
	a, b := open(t, postgres.Config{URL: to}), open(t, postgres.Config{URL: to})
	first, err := a.Acquire(t.Context(), "follower")
	require.NoError(t, err)
	other, err := b.Acquire(t.Context(), "another name")
	require.NoError(t, err)

	waiting := acquiring(t, b, "follower")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err = a.Acquire(ctx, "follower")
	require.ErrorIs(t, err, context.DeadlineExceeded, "not even the same process has it twice")
	require.Empty(t, waiting)
	requireHeld(t, first)

	first.Release()
	requireDone(t, first)
	second := requireAcquired(t, waiting)
	first.Release() // again, which changes nothing
	requireHeld(t, second)

	waiting = acquiring(t, a, "follower")
	const ofLeases = ` FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()`
	var held int
	db := raw(t, to)
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*)`+ofLeases).Scan(&held))
	require.Equal(t, 2, held)
	exec(t, db, `SELECT pg_terminate_backend(pid)`+ofLeases)
	requireDone(t, second)
	requireDone(t, other)
	third := requireAcquired(t, waiting)

	require.NoError(t, a.Close())
	requireDone(t, third)
	_, err = a.Acquire(t.Context(), "follower")
	require.ErrorIs(t, err, store.ErrClosed)
	last, err := b.Acquire(t.Context(), "follower")
	require.NoError(t, err)
	last.Release()
}

// TestLeaseInSilence checks that a holder which the network has cut off is
// told, and sooner than the server may give the name to another.
func TestLeaseInSilence(t *testing.T) {
	to := shared.Database(t)
	p, through := newProxy(t, to)
	s := open(t, postgres.Config{URL: through})
	lease, err := s.Acquire(t.Context(), "follower")
	require.NoError(t, err)
	p.stall()
	start := time.Now()
	requireDone(t, lease)
	t.Logf("told after %v", time.Since(start))
	p.resume()
}

func TestLeaseAcrossRestart(t *testing.T) {
	server := postgrestest.Start(t)
	s := open(t, postgres.Config{URL: server.Database(t)})
	lease, err := s.Acquire(t.Context(), "follower")
	require.NoError(t, err)
	server.Kill(t)
	requireDone(t, lease)
	waiting := acquiring(t, s, "follower")
	server.Restart(t)
	requireAcquired(t, waiting).Release()
}
