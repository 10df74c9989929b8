package store

import "errors"

// These errors are what every store answers for the same cause.
var (
	// ErrNotFound means that no such row is visible in the asked scope; it
	// is also the answer for another tenant's row.
	ErrNotFound = errors.New("store: not found")

	// ErrExists means that the id or name is taken.
	ErrExists = errors.New("store: already exists")

	// ErrInvalid means that what was to be written breaks a rule that views
	// of the store rely on; nothing was changed.
	ErrInvalid = errors.New("store: invalid")

	// ErrNewerSchema means that a newer version of the program has made or
	// migrated the database; this version leaves it untouched.
	ErrNewerSchema = errors.New("store: database has a newer schema")

	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store: closed")

	// ErrUnavailable means that the database cannot be reached or written
	// now; nothing was changed.
	ErrUnavailable = errors.New("store: unavailable")
)
