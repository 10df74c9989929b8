package store

import "errors"

// These errors are what every store answers for the same cause.
var (
	// ErrNotFound means that no such row is visible in the asked scope; it
	// is also the answer for another tenant's row.
	ErrNotFound = errors.New("store: not found")

	// ErrExists means that the id or name is taken.
	ErrExists = errors.New("store: already exists")

	// ErrConflict means that what a write was decided on has changed since;
	// nothing was changed, and who looks again may succeed.
	ErrConflict = errors.New("store: conflict")

	// ErrEnding means that the subject is to be deleted soon: nothing is added to it
	// that would go with it, and nothing taken from it that would stay.
	ErrEnding = errors.New("store: subject is to be deleted")

	// ErrInvalid means that what was to be written breaks a rule that views
	// of the store rely on; nothing was changed.
	ErrInvalid = errors.New("store: invalid")

	// ErrSpace means that the pack's faces are, or are being, brought to another
	// template space than that of the faces to enrol; nothing was changed.
	ErrSpace = errors.New("store: faces are of another template space")

	// ErrDamaged means that what is stored is not what was written, as after a
	// flipped bit. Other rows are not concerned.
	ErrDamaged = errors.New("store: stored data are damaged")

	// ErrNewerSchema means that a newer version of the program has made or
	// migrated the database; this version leaves it untouched.
	ErrNewerSchema = errors.New("store: database has a newer schema")

	// ErrOlderSchema means that an older version of the program has left the
	// database, which this one brings to its own schema when it opens it and was only
	// to look at.
	ErrOlderSchema = errors.New("store: database has an older schema")

	// ErrReadOnly means that the database is only looked at.
	ErrReadOnly = errors.New("store: read only")

	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store: closed")

	// ErrUnavailable means that the database cannot be reached or written
	// now; nothing was changed, unless the error is ErrUncertain too.
	ErrUnavailable = errors.New("store: unavailable")

	// ErrFull means that the disk has no room for what was to be added; nothing
	// was changed, and removals are still taken. It comes together with
	// ErrUnavailable.
	ErrFull = errors.New("store: disk is full")

	// ErrPanicked means that the program has a fault, which was met in the middle
	// of a write; nothing was changed.
	ErrPanicked = errors.New("store: panicked")

	// ErrUncertain means that the database was lost between a commit and its
	// answer and did not come back in time: whether the write was made is not
	// known. It comes together with ErrUnavailable.
	ErrUncertain = errors.New("store: outcome of the commit is unknown")
)
