package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/store"
)

// errHeld means that a reader still needs the write-ahead log.
var errHeld = errors.New("sqlite: a reader holds the write-ahead log")

// eraser is what the writer does when no caller waits: it removes what was
// dropped, and then moves the log into the file and empties it, since until
// then both hold bytes that were erased.
type eraser struct {
	*Store
	tx tx
	// purge and erase fire when it is time for either; nil is never.
	purge, erase <-chan time.Time
	// waiting are closed when nothing is left to erase.
	waiting []chan<- struct{}
}

// begin does both at once.
func (e *eraser) begin() {
	e.purge, e.erase = time.After(0), time.After(0)
}

// commit commits callers' writes and plans what their erasures leave to do.
func (e *eraser) commit(batch []*write) {
	if !e.Store.commit(e.tx, batch) {
		return
	}
	e.unerased.CompareAndSwap(0, time.Now().UnixNano())
	e.purge = time.After(0)
	if e.erase == nil {
		e.erase = time.After(eraseDelay)
	}
}

// remove removes a part of what was dropped.
func (e *eraser) remove() {
	var more bool
	begun := time.Now()
	err := e.withReserve(e.tx, func() (err error) {
		more, err = e.tx.purge()
		return err
	})
	switch {
	case err != nil:
		e.purge = time.After(eraseDelay)
	case more:
		e.purge = time.After(purgePause * time.Since(begun))
	default:
		e.purge = nil
	}
	switch {
	case e.purge == nil && len(e.waiting) > 0:
		e.erase = time.After(0)
	case e.erase == nil:
		e.erase = time.After(eraseDelay)
	}
}

// empty empties the log, and takes back the reserve.
func (e *eraser) empty() {
	e.erase = nil
	err := e.withReserve(e.tx, e.tx.truncateLog)
	e.checkpointed(err)
	if err != nil {
		e.erase = time.After(eraseDelay)
		return
	}
	_ = e.reserve.keep() // what grows is refused until it can be had
	if e.purge != nil {
		return
	}
	e.unerased.Store(0)
	for _, done := range e.waiting {
		close(done)
	}
	e.waiting = nil
}

// checkpointed tells of an attempt to empty the log.
func (e *eraser) checkpointed(err error) {
	switch {
	case e.observer == nil:
	case err == nil:
		e.observer.Checkpointed("ok")
	case errors.Is(err, errHeld):
		e.observer.Checkpointed("held")
	default:
		e.observer.Checkpointed("failed")
	}
}

// Unerased is for how long bytes of something deleted have been waiting in the
// files to be erased; 0 when nothing does.
func (s *Store) Unerased() time.Duration {
	since := s.unerased.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// WaitErased returns when nothing that was deleted before the call is left in
// the database's files. Other deletions, large galleries and readers of other
// processes, such as a backup, make it wait: until ctx ends at the longest.
func (s *Store) WaitErased(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case <-s.closing:
		return fmt.Errorf("wait for erasure: %w", store.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("wait for erasure: %w", ctx.Err())
	case s.erasures <- done:
	}
	select {
	case <-s.stopped:
		return fmt.Errorf("wait for erasure: %w", store.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("wait for erasure: %w", ctx.Err())
	case <-done:
		return nil
	}
}
