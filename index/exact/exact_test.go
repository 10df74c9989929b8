package exact_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/index/exact"
	"oneton/index/indextest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func create(t *testing.T) *exact.Index { return open(t, "") }

func open(t *testing.T, dir string) *exact.Index {
	t.Helper()
	x, _ := openReporting(t, dir)
	return x
}

// openReporting is open, and returns what the index reports as well.
func openReporting(t *testing.T, dir string) (*exact.Index, *reports) {
	t.Helper()
	var told reports
	x, err := exact.New(exact.Config{Dir: dir, Report: told.add})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x, &told
}

type reports struct {
	mu   sync.Mutex
	errs []error
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
}

func (r *reports) all() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.errs)
}

// layouts are ways of lying in files.
var layouts = map[string]func(*exact.Index){
	"in bundles":       func(*exact.Index) {},
	"in small bundles": func(x *exact.Index) { x.SaveInBundles(1<<20, 1<<10) },
	"in directories":   func(x *exact.Index) { x.SaveInBundles(-1, 0) },
	"mixed":            func(x *exact.Index) { x.SaveInBundles(3<<10, 4<<10) },
}

func TestConformance(t *testing.T) {
	indextest.Run(t, func(t *testing.T) indextest.Index { return create(t) }, indextest.Options{})
}

func TestConformanceInDirectory(t *testing.T) {
	rows := 20_000
	indextest.Run(t, func(t *testing.T) indextest.Index { return open(t, t.TempDir()) }, indextest.Options{Rows: rows})
}
