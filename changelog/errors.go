package changelog

import (
	"errors"
	"fmt"
)

// These errors say why a view does not come further.
var (
	// ErrStopped means that the follower's Run has ended, so that the view
	// stays where it is.
	ErrStopped = errors.New("changelog: follower stopped")

	// ErrPanicked means that the log or the view has a fault.
	ErrPanicked = errors.New("changelog: panicked")

	// ErrAhead means that the view has applied more than the log holds: it
	// belongs to another log, or the log was restored from a backup. The
	// view must be built anew.
	ErrAhead = errors.New("changelog: view is ahead of its log")
)

// UnfitError is a view's answer to changes that it can never hold, such as a
// template of another dimension: the call's other changes can be applied
// without them.
type UnfitError struct {
	// Seqs are the changes' positions.
	Seqs []uint64
	Err  error
}

// Error names the first of the changes.
func (e *UnfitError) Error() string {
	return fmt.Sprintf("change %d, one of %d: %v", e.Seqs[0], len(e.Seqs), e.Err)
}

// Unwrap is what is wrong with them.
func (e *UnfitError) Unwrap() error { return e.Err }
