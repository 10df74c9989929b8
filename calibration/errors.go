package calibration

import "errors"

var (
	// ErrTable means that a table breaks its own rules, so no rate can be
	// read from it.
	ErrTable = errors.New("calibration: invalid table")

	// ErrTrust means that a curve of doubt, or its floor, breaks its own rules.
	ErrTrust = errors.New("calibration: invalid trust")

	// ErrSample means that the faces given are too few to calibrate on.
	ErrSample = errors.New("calibration: sample too small")
)
