// Package indextest is the conformance suite of search: every index passes it
// unchanged, and its answers are compared with brute force in float64.
package indextest

import (
	"context"
	"testing"

	"oneton/changelog"
	"oneton/index"
)

// Index is a view that answers searches.
type Index interface {
	changelog.View
	Search(ctx context.Context, q index.Query) (index.Result, error)
	Faces(ctx context.Context, scope index.Scope) (int, error)
}

// Options fit the suite to an engine.
type Options struct {
	// Tolerance is how far a cosine may be from the float64 one. Subjects
	// whose true cosines differ by less may change places. 0 means
	// exactTolerance, the rounding of sums in another order.
	Tolerance float64
	// Rows of the large test; 0 means 100,000, and in short mode 5,000.
	Rows int
	// Changes of the tests that search meanwhile; 0 means 500, which takes an
	// engine that is asked over a network a while.
	Changes int
}

const (
	exactTolerance = 1e-12
	largeRows      = 100_000
	shortRows      = 5_000
	allChanges     = 500
)

// Run runs the suite. Each call of create makes an empty index at position 0,
// and closes it at the end of the test.
func Run(t *testing.T, create func(t *testing.T) Index, o Options) {
	if o.Tolerance == 0 {
		o.Tolerance = exactTolerance
	}
	if o.Rows == 0 {
		o.Rows = largeRows
		if testing.Short() {
			o.Rows = shortRows
		}
	}
	if o.Changes == 0 {
		o.Changes = allChanges
	}
	tests := map[string]func(t *testing.T, f *feed){
		"empty":                  testEmpty,
		"upsert":                 testUpsert,
		"replace":                testReplace,
		"delete":                 testDelete,
		"drop":                   testDrop,
		"move to another pack":   testMovePack,
		"move to a version":      testMoveVersion,
		"grouping":               testGrouping,
		"ties":                   testTies,
		"ties of one subject":    testTiesOfOneSubject,
		"thresholds":             testThresholds,
		"threshold of the count": testThresholdOfCount,
		"filters":                testFilters,
		"changing metadata":      testChangingMetadata,
		"isolation":              testIsolation,
		"positions":              testPositions,
		"replays":                testReplays,
		"unfit":                  testUnfit,
		"bad queries":            testBadQueries,
		"cancellation":           testCancellation,
		"model":                  testModel,
		"batches are atomic":     testAtomicBatches,
		"count while changing":   testCountWhileChanging,
		"searches with changes":  testSearchesWithChanges,
		"large":                  testLarge,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, newFeed(create(t), o)) })
	}
}
