package calibration

import "errors"

var (
	// ErrTable means that a table breaks its own rules, so no rate can be
	// read from it.
	ErrTable = errors.New("calibration: invalid table")

	// ErrSample means that the faces given are too few to calibrate on.
	ErrSample = errors.New("calibration: sample too small")
)
