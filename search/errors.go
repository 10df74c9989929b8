package search

import "errors"

// These errors are what a set answers; dimension, finiteness and zero length
// are told by the face package's ErrDimension, ErrNotFinite and ErrZero.
var (
	// ErrConfig means that a set cannot be made as configured.
	ErrConfig = errors.New("search: invalid configuration")

	// ErrNotUnit means that a vector's length is not one, so that its dot
	// products are not cosines.
	ErrNotUnit = errors.New("search: vector is not of length one")

	// ErrOrder means that a row's id is not above every id inserted before.
	ErrOrder = errors.New("search: row id does not ascend")

	// ErrOptions means that a search asks for fewer than one hit, or has a
	// threshold that is not a number.
	ErrOptions = errors.New("search: invalid options")

	// ErrClosed means that the set was closed.
	ErrClosed = errors.New("search: set is closed")

	// ErrMemory means that Save was called on a set that has no directory.
	ErrMemory = errors.New("search: set has no directory")

	// ErrPanicked means that the program has a fault, by which this search or
	// piece of background work failed; others are not touched by it.
	ErrPanicked = errors.New("search: panicked")

	// ErrNotSaved means that the directory holds no saved set.
	ErrNotSaved = errors.New("search: no set is saved here")

	// ErrDamaged means that a saved file does not match its checksum, or is
	// of another dimension: the set must be built anew.
	ErrDamaged = errors.New("search: saved set is damaged")

	// ErrVersion means that a saved set is whole and of another version of the
	// program: it must be built anew.
	ErrVersion = errors.New("search: saved set is of another version")
)
