package changelog

import "errors"

// These errors say why a view does not come further.
var (
	// ErrStopped means that the follower's Run has ended, so that the view
	// stays where it is.
	ErrStopped = errors.New("changelog: follower stopped")

	// ErrAhead means that the view has applied more than the log holds: it
	// belongs to another log, or the log was restored from a backup. The
	// view must be built anew.
	ErrAhead = errors.New("changelog: view is ahead of its log")
)
