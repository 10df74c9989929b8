package exact_test

import (
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
	x, err := exact.New(exact.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x
}

func TestConformance(t *testing.T) {
	indextest.Run(t, func(t *testing.T) indextest.Index { return create(t) }, indextest.Options{})
}

func TestConformanceInDirectory(t *testing.T) {
	rows := 20_000
	indextest.Run(t, func(t *testing.T) indextest.Index { return open(t, t.TempDir()) }, indextest.Options{Rows: rows})
}
