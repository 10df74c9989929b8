package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// leaseRetry is the pause before a lease that another process holds is asked
// for again.
const leaseRetry = 500 * time.Millisecond

// Lease is a name that one process at a time holds, such as that of the one
// follower of a search cluster. It is a lock of a connection of its own: it
// ends when that is lost, and its holder is told by Done, at once when the
// server has died, and within aliveInterval + pingTimeout when the network
// keeps silent. A server that hears nothing of the holder gives the name away
// after deafTimeout, which is longer. A holder that was stopped and goes on
// later may find that it was replaced only a moment after it has gone on.
type Lease struct {
	conn *pgx.Conn
	end  func()
	done chan struct{}
}

// Acquire waits until this process holds the name, and returns its lease. An
// unreachable database is waited for too. It fails with ctx's error, or with
// store.ErrClosed.
func (s *Store) Acquire(ctx context.Context, name string) (*Lease, error) {
	waiting, cancel := s.untilClosed(ctx)
	defer cancel()
	for {
		if conn, err := s.connect(waiting); err == nil {
			if s.lock(waiting, conn, name) == nil {
				return s.hold(conn), nil
			}
			closeConn(conn)
		}
		if err := pause(waiting, leaseRetry); err != nil {
			return nil, s.failed(ctx, "acquire "+name, err)
		}
	}
}

// lock waits until the connection has the name's lock. It asks again and
// again, since a connection that only waits would not notice its own end.
func (s *Store) lock(ctx context.Context, conn *pgx.Conn, name string) error {
	for {
		bound, cancel := context.WithTimeout(ctx, s.timeout+answerGrace)
		var got bool
		err := conn.QueryRow(bound, `SELECT pg_try_advisory_lock(`+lockKey+`)`, "lease/"+name).Scan(&got)
		cancel()
		if err != nil || got {
			return err
		}
		if err := pause(ctx, leaseRetry); err != nil {
			return err
		}
	}
}

// hold watches the connection until it is lost or the lease is released.
func (s *Store) hold(conn *pgx.Conn) *Lease {
	ctx, end := s.untilClosed(context.Background())
	l := &Lease{conn: conn, end: end, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		defer end()
		for waitNotified(ctx, conn) == nil { //nolint:revive // waiting is the work
		}
		closeConn(conn)
	}()
	return l
}

// Done is closed when the name is not held any more: the lease was released,
// or lost, or the store was closed.
func (l *Lease) Done() <-chan struct{} { return l.done }

// Release gives the name to others. It returns when that is done, as far as
// the database can be reached.
func (l *Lease) Release() {
	l.end()
	<-l.done
}
