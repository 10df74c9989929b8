package imports

import (
	"errors"

	"oneton/argument"
)

var (
	// ErrInvalid means that what an import is to do cannot be done as said.
	ErrInvalid = errors.New("the import cannot be done as said")

	// ErrSource means that a source cannot be read on: it is not what it is taken for,
	// or broken.
	ErrSource = errors.New("the source cannot be read")

	// ErrStarted means that an import has begun, and takes no more parts.
	ErrStarted = errors.New("imports: import has started")

	// ErrEmpty means that an import has no parts to begin with.
	ErrEmpty = errors.New("imports: import has no parts")

	// ErrParts means that a part of an import is missing.
	ErrParts = errors.New("imports: a part is missing")

	// ErrTooMany means that the tenant has as many imports that are not done as it may.
	ErrTooMany = errors.New("imports: too many imports")

	// ErrTooLarge means that an import has more bytes than it may.
	ErrTooLarge = errors.New("imports: import is too large")
)

// refused is an ErrInvalid about one argument.
func refusedArgument(name, reason string) error { return argument.New(ErrInvalid, name, "%s", reason) }
