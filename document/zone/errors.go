package zone

import "errors"

// These errors tell why no zone was read.
var (
	// ErrNone means that the picture shows no machine-readable zone.
	ErrNone = errors.New("no machine-readable zone")
	// ErrSmall means that there is one, but with lines too small to be read surely.
	ErrSmall = errors.New("machine-readable zone too small")
)
