package qdrant

import "errors"

// ErrNotAccepted means that a search by graph was asked for before what it
// misses was measured and accepted; see Index.MeasureRecall.
var ErrNotAccepted = errors.New("qdrant: recall is not measured and accepted")

// These errors say why Qdrant cannot be asked.
var (
	// ErrAway means that nothing answers at the address.
	ErrAway = errors.New("qdrant: the server does not answer")

	// ErrKey means that Qdrant refuses the API key, or asks for one.
	ErrKey = errors.New("qdrant: the server refuses the API key")

	// ErrTLS means that a connection by TLS cannot be had, or that the server's
	// certificate is not trusted.
	ErrTLS = errors.New("qdrant: no trusted connection by TLS")
)
