package qdrant

import "errors"

// ErrNotAccepted means that a search by graph was asked for before what it
// misses was measured and accepted; see Index.MeasureRecall.
var ErrNotAccepted = errors.New("qdrant: recall is not measured and accepted")
