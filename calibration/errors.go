package calibration

import "errors"

// ErrTable means that a table breaks its own rules, so no rate can be read
// from it.
var ErrTable = errors.New("calibration: invalid table")
