package sqlite

import (
	"context"
	"fmt"
	"time"

	"oneton/store"
)

const (
	// maxBatch bounds how many writes share one commit.
	maxBatch = 64
	// eraseDelay is how long erased bytes may stay in the write-ahead log,
	// and the pause between attempts while a reader still needs it.
	eraseDelay = time.Second
	// checkpointWait is how long writers are held up by an attempt.
	checkpointWait = 200 * time.Millisecond
)

// write is one caller's change, made by do inside the shared transaction. It
// may run twice, when nothing is left of the first time.
type write struct {
	do func(tx) error
	// removes is set for what may have the reserve when the disk is full, and
	// erases for what must not be found again in the files.
	removes, erases bool
	err             chan error
}

// write commits do, alone or together with other callers' writes, and returns
// after the disk has it. It gives up when ctx ends before do has begun; once
// begun, the outcome is reported whatever ctx says, so that an error always
// means that nothing was changed.
func (s *Store) write(ctx context.Context, doing string, do func(tx) error) error {
	return s.submit(ctx, doing, &write{do: do})
}

// replace is write for a change whose old values must not be found again.
func (s *Store) replace(ctx context.Context, doing string, do func(tx) error) error {
	return s.submit(ctx, doing, &write{do: do, erases: true})
}

// erase is write for a removal, which is made on a full disk too.
func (s *Store) erase(ctx context.Context, doing string, do func(tx) error) error {
	return s.submit(ctx, doing, &write{do: do, erases: true, removes: true})
}

func (s *Store) submit(ctx context.Context, doing string, w *write) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if s.looks {
		return fmt.Errorf("%s: %w", doing, store.ErrReadOnly)
	}
	w.err = make(chan error, 1)
	begun := time.Now()
	select {
	case <-s.closing:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case s.writes <- w:
	}
	if s.observer != nil {
		s.observer.Wrote(time.Since(begun))
	}
	if err := <-w.err; err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}

// commitAll is the only writer: it owns the connection, until Close. Between
// callers' writes it removes what they dropped, and empties the log of it.
func (s *Store) commitAll(t tx) {
	defer close(s.stopped)
	defer func() { _ = t.conn.close() }()
	e := eraser{Store: s, tx: t}
	e.begin() // a crash or another process may have left something
	for {
		select {
		case w := <-s.writes: // callers go first
			e.commit(s.gather(w))
		default:
		}
		select {
		case <-s.closing:
			return
		case w := <-s.writes:
			e.commit(s.gather(w))
		case <-e.purge:
			e.remove()
		case <-e.erase:
			e.empty()
		case done := <-s.erasures:
			e.begin()
			e.waiting = append(e.waiting, done)
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

// commit makes each write of the batch, or nothing of it, and answers its
// caller. It tells whether anything was erased.
func (s *Store) commit(t tx, batch []*write) (erased bool) {
	batch = s.admit(batch)
	begun := time.Now()
	errs := t.commit(batch)
	if s.observer != nil && len(batch) > 0 {
		s.observer.Committed(len(batch), time.Since(begun))
	}
	for i, w := range batch {
		if full(errs[i]) { // perhaps by what another one writes
			errs[i] = s.commitAlone(t, w)
		}
		// What found no room has left a part of it in the log.
		erased = erased || w.erases && errs[i] == nil || full(errs[i])
		w.err <- errs[i]
	}
	return erased
}

// admit refuses the writes that there is no room for.
func (s *Store) admit(batch []*write) []*write {
	admitted := batch[:0]
	var err error
	for _, w := range batch {
		if !w.removes && err == nil {
			err = s.reserve.keep()
		}
		if w.removes || err == nil {
			admitted = append(admitted, w)
			continue
		}
		w.err <- err
	}
	return admitted
}

// commitAlone makes one write, with the reserve if it may have that.
func (s *Store) commitAlone(t tx, w *write) error {
	do := func() error { return t.commit([]*write{w})[0] }
	if w.removes {
		return s.withReserve(t, do)
	}
	return do()
}

// commit runs the batch in one transaction, a savepoint for each write, and
// returns the error of each.
func (t tx) commit(batch []*write) []error {
	errs := make([]error, len(batch))
	if len(batch) == 0 {
		return errs
	}
	err := t.transact(func() error {
		for i, w := range batch {
			var err error
			if errs[i], err = t.attempt(w.do); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
	return errs
}
