package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"oneton/store"
)

// maxBatch bounds how many writes share one commit.
const maxBatch = 64

// write is one caller's change, made by do inside the shared transaction.
type write struct {
	do func(*tx) error
	// begun is set by who is first: the committer, or the caller giving up.
	begun atomic.Bool
	err   chan error
}

// write commits do, alone or together with other callers' writes, and returns
// after the server has it. It gives up when ctx ends before do has begun; once
// begun, the outcome is reported whatever ctx says, so that an error means that
// nothing was changed.
func (s *Store) write(ctx context.Context, doing string, do func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if s.looks {
		return fmt.Errorf("%s: %w", doing, store.ErrReadOnly)
	}
	w := &write{do: do, err: make(chan error, 1)}
	waiting := time.Now()
	select {
	case <-s.closing:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case s.writes <- w:
	}
	if s.observer != nil {
		s.observer.Wrote(time.Since(waiting))
	}
	var err error
	select {
	case err = <-w.err:
	case <-ctx.Done():
		if w.begun.CompareAndSwap(false, true) {
			return fmt.Errorf("%s: %w", doing, ctx.Err())
		}
		err = <-w.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}

// commitAll commits what callers write, until Close.
func (s *Store) commitAll() {
	defer close(s.stopped)
	for {
		select {
		case <-s.closing:
			return
		case w := <-s.writes:
			s.commit(w)
		}
	}
}

// gather adds to first the writes whose callers are waiting already.
func (s *Store) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case w := <-s.writes:
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
}

// commit makes the first write and those that wait with it, each as a whole or
// nothing of it, and answers their callers.
func (s *Store) commit(first *write) {
	begun := time.Now()
	conn, t, err := s.begin()
	if lost(err) {
		conn, t, err = s.begin() // the connection has died since its last use
	}
	// Those who came while another process was writing share the commit.
	batch := s.gather(first)
	errs := make([]error, len(batch))
	if err == nil {
		err = s.transact(conn, t, batch, errs)
	}
	if s.observer != nil {
		s.observer.Committed(len(batch), time.Since(begun))
	}
	for i, w := range batch {
		if err != nil {
			errs[i] = err
		}
		w.err <- errs[i]
	}
}

// transact runs the batch in the transaction, a savepoint for each write, and
// commits it. An error of one write goes to errs; a returned error is
// everyone's.
func (s *Store) transact(conn *pgxpool.Conn, t *tx, batch []*write, errs []error) (err error) {
	// A connection with a transaction left open is closed, not reused.
	defer conn.Release()
	for i, w := range batch {
		if !w.begun.CompareAndSwap(false, true) {
			continue
		}
		if errs[i], err = t.attempt(w.do); err != nil {
			return err
		}
	}
	err = t.commit(s.mark)
	s.mark = t.mark
	if err == nil || !conn.Conn().IsClosed() {
		return err
	}
	conn.Release() // the question for the outcome needs a connection
	if unknown := s.outcome(t.mark); unknown != nil {
		return errors.Join(unknown, err)
	}
	return nil
}

// begin starts a transaction once no other process writes.
func (s *Store) begin() (*pgxpool.Conn, *tx, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout+answerGrace)
	defer cancel()
	conn, err := s.writer.Acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	t, err := begin(conn.Conn(), s.timeout)
	if err != nil {
		conn.Release()
		return nil, nil, fmt.Errorf("begin: %w", err)
	}
	return conn, t, nil
}
