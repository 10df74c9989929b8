package face

import "errors"

// These errors say why a vector cannot be a template.
var (
	// ErrNotFinite means that a coordinate is NaN or infinite.
	ErrNotFinite = errors.New("face: template has a coordinate that is not finite")

	// ErrZero means that the vector has no direction to normalise.
	ErrZero = errors.New("face: template has no length")

	// ErrLength means that the vector is not of length one.
	ErrLength = errors.New("face: template is not of length one")

	// ErrDimension means that two templates, or a template and its space,
	// differ in dimension.
	ErrDimension = errors.New("face: template dimensions differ")
)
