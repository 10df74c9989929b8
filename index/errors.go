package index

import "errors"

// These errors are what every index answers for the same cause.
var (
	// ErrUnavailable means that the index cannot answer now; asking again
	// later may succeed.
	ErrUnavailable = errors.New("index: unavailable")

	// ErrQuery means that the query is malformed: K below 1, a probe of the
	// wrong dimension, a coordinate that is not finite.
	ErrQuery = errors.New("index: malformed query")
)
