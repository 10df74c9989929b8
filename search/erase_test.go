package search_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// TestSaveLeavesNothingOfDeletedRows looks for vectors in every byte of the
// set's files, across saves and reopening.
func TestSaveLeavesNothingOfDeletedRows(t *testing.T) {
	cfg := search.Config{Dimension: 128, SegmentRows: 300, Dir: filepath.Join(t.TempDir(), "set")}
	s, err := search.New(cfg)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(8, 8))
	var m model
	for i := range 550 {
		m = append(m, search.Row{ID: uint64(i), Vector: gaussian(r, cfg.Dimension)})
	}
	require.NoError(t, s.Update(m, nil))
	require.NoError(t, s.Save(nil))
	require.True(t, onDisk(t, cfg.Dir, m[7].Vector), "the test finds what is there")

	require.NoError(t, s.Update(nil, []uint64{7}))
	require.NoError(t, s.Save(nil))
	require.False(t, onDisk(t, cfg.Dir, m[7].Vector))
	require.NoError(t, s.Close())

	s, err = search.Open(cfg)
	require.NoError(t, err)
	require.NoError(t, s.Update(nil, []uint64{8, 400}))
	require.NoError(t, s.Save(nil))
	require.False(t, onDisk(t, cfg.Dir, m[8].Vector))
	require.False(t, onDisk(t, cfg.Dir, m[400].Vector))
	require.True(t, onDisk(t, cfg.Dir, m[9].Vector))
	require.Equal(t, 547, s.Len())
	require.NoError(t, s.Close())
}

func onDisk(t *testing.T, dir string, vector []float32) bool {
	t.Helper()
	pattern, err := binary.Append(nil, binary.NativeEndian, vector[:16])
	require.NoError(t, err)
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if bytes.Contains(b, pattern) {
			return true
		}
	}
	return false
}
