package store

import "errors"

// These errors are what every store answers for the same cause.
var (
	// ErrNotFound means that no such row is visible in the asked scope; it
	// is also the answer for another tenant's row.
	ErrNotFound = errors.New("store: not found")

	// ErrExists means that the id or name is taken.
	ErrExists = errors.New("store: already exists")

	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store: closed")

	// ErrUnavailable means that the database cannot be reached or written
	// now; nothing was changed.
	ErrUnavailable = errors.New("store: unavailable")
)
