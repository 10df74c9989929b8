package exact

import "errors"

// ErrLocked means that another process uses the index's directory.
var ErrLocked = errors.New("exact: directory is in use by another process")

// ErrVersion means that what was saved is whole and of another version of the
// program, and is built anew.
var ErrVersion = errors.New("exact: saved index is of another version")

// errDamaged means that what was saved cannot be trusted.
var errDamaged = errors.New("exact: saved index is damaged")

// errEmptied means that changes must be read anew, from position 0 on.
var errEmptied = errors.New("exact: something was taken out of the index meanwhile")

// errPanicked means that the program has a fault.
var errPanicked = errors.New("exact: panicked")
