// Package embedtest finds the library, models and photos that tests need. They
// lie where ONETON_ONNXRUNTIME, ONETON_MODELS and ONETON_PHOTOS say, else in
// the cache folder that the set-up fills. A test that needs one and cannot find
// it fails.
package embedtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/pack"
	"oneton/onnx"
	"oneton/pool"
)

// Library is the path of ONNX Runtime's library.
func Library(t testing.TB) string {
	return find(t, "ONETON_ONNXRUNTIME", filepath.Join("lib", "libonnxruntime.so"))
}

// Models is the folder of the packs' model files.
func Models(t testing.TB) string { return find(t, "ONETON_MODELS", "models") }

// Photos is the folder of the demo photos.
func Photos(t testing.TB) string { return find(t, "ONETON_PHOTOS", "photos") }

// Photo is the content of a demo photo, such as obama.jpg.
func Photo(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Photos(t), name))
	require.NoError(t, err, "run `make setup` to fetch the photos")
	return data
}

// Pack loads a built-in pack.
func Pack(t testing.TB, name string) *pack.Pack {
	t.Helper()
	p, err := pack.Open(name, Models(t))
	require.NoError(t, err, "run `make setup` to fetch the models")
	return p
}

// Runtime is ONNX Runtime, closed with the test.
func Runtime(t testing.TB) *onnx.Runtime {
	t.Helper()
	rt, err := onnx.Open(onnx.Config{Library: Library(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rt.Close()) })
	return rt
}

// New is an embedder with the packs, the default pack when none is given, and a
// worker for each core, closed with the test. It is for tests that compute in one
// goroutine, which -short leaves out: it is for the race detector, under which
// they would take minutes and find nothing.
func New(t testing.TB, cfg embed.Config, packs ...*pack.Pack) *embed.Embedder {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short: it computes in one goroutine")
	}
	return NewIn(t, pool.New(pool.Config{}), cfg, packs...)
}

// NewIn is New with the pool's workers, and for goroutines that share them.
func NewIn(t testing.TB, workers *pool.Pool, cfg embed.Config, packs ...*pack.Pack) *embed.Embedder {
	t.Helper()
	if len(packs) == 0 {
		packs = []*pack.Pack{Pack(t, "default")}
	}
	e, err := embed.New(cfg, Runtime(t), workers, packs...)
	require.NoError(t, err)
	t.Cleanup(func() {
		workers.Close()
		require.NoError(t, e.Close())
	})
	return e
}

func find(t testing.TB, variable, inCache string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path = filepath.Join(cache(t), inCache)
	}
	_, err := os.Stat(path)
	require.NoError(t, err, "run `make setup` first, or set %s", variable)
	return path
}

func cache(t testing.TB) string {
	t.Helper()
	if folder := os.Getenv("ONETON_CACHE"); folder != "" {
		return folder
	}
	folder, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(folder, "oneton")
}
