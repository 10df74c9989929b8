package face

import "errors"

// These errors say why a vector cannot be a template.
var (
	// ErrNotFinite means that a coordinate is NaN or infinite.
	ErrNotFinite = errors.New("face: template has a coordinate that is not finite")

	// ErrZero means that the vector has no direction to normalise.
	ErrZero = errors.New("face: template has no length")

	// ErrDimension means that two templates, or a template and its space,
	// differ in dimension.
	ErrDimension = errors.New("face: template dimensions differ")
)
