package pool

import "errors"

// These errors speak of the service, not of the work. Their texts name the
// settings' section.
var (
	// ErrBusy means that the queue is full; try again later.
	ErrBusy = errors.New("embed: queue full")

	// ErrClosed means that the pool was closed.
	ErrClosed = errors.New("embed: closed")
)
