package search_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// TestUpdatesDoNotWaitForASave changes a set in the midst of its save: what is
// saved is the set at the save's moment.
func TestUpdatesDoNotWaitForASave(t *testing.T) {
	cfg := search.Config{Dimension: 128, SegmentRows: 300, Dir: filepath.Join(t.TempDir(), "set")}
	s, err := search.New(cfg)
	require.NoError(t, err)
	require.NoDirExists(t, cfg.Dir, "nothing is written yet")
	r := rand.New(rand.NewPCG(8, 9))
	var m model
	for i := range 900 {
		m = append(m, search.Row{ID: uint64(i), Vector: gaussian(r, cfg.Dimension)})
	}
	require.NoError(t, s.Update(m[:500], nil))
	require.NoError(t, s.SaveBeside(context.Background(), search.Saving{
		Moment: func() { require.Equal(t, 500, s.Len()) },
		Note: func(*search.Pace) ([]byte, error) {
			require.NoError(t, s.Update(m[500:], []uint64{1, 2, 450}))
			got, err := s.Search(t.Context(), m[600].Vector, search.Options{K: 1, Threshold: -1})
			require.NoError(t, err)
			require.EqualValues(t, 600, got.Hits[0].ID)
			return []byte("500 rows"), nil
		},
	}))
	require.Equal(t, 897, s.Len())

	copied := cfg
	copied.Dir = filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(copied.Dir, os.DirFS(cfg.Dir)))
	require.NoError(t, s.Close())
	saved, err := search.Open(copied)
	require.NoError(t, err)
	defer saved.Close()
	require.Equal(t, "500 rows", string(saved.Note()))
	var rows model
	p, err := saved.Snapshot()
	require.NoError(t, err)
	defer p.Release()
	require.NoError(t, p.Each(func(id uint64, vector []float32) error {
		rows = append(rows, search.Row{ID: id, Vector: append([]float32(nil), vector...)})
		return nil
	}))
	require.Equal(t, m[:500], rows)
}
