package search_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// savedSet saves a set of two segments whose vectors stay in files and
// returns its configuration.
func savedSet(t *testing.T) (search.Config, model) {
	t.Helper()
	cfg := search.Config{Dimension: 128, SegmentRows: 300, Dir: filepath.Join(t.TempDir(), "set")}
	s, err := search.New(cfg)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(4, 4))
	var m model
	for i := range 550 {
		m = append(m, search.Row{ID: uint64(i), Vector: gaussian(r, cfg.Dimension)})
	}
	s.LearnAlways(1)
	require.NoError(t, s.Update(m, nil))
	require.Eventually(t, func() bool { return s.Stats().Split > 0 }, time.Minute, time.Millisecond)
	require.NoError(t, s.Update(nil, []uint64{0}))
	require.NoError(t, s.Save([]byte("note")))
	require.NoError(t, s.Close())
	return cfg, m[1:]
}

// TestDamageIsFound flips bytes all over the saved files: the set must refuse
// to open, or answer right, or refuse to answer.
func TestDamageIsFound(t *testing.T) {
	cfg, m := savedSet(t)
	paths, err := filepath.Glob(filepath.Join(cfg.Dir, "*"))
	require.NoError(t, err)
	require.Len(t, paths, 3)
	probe := m[100].Vector
	opt := search.Options{K: 600, Threshold: -1}
	want := m.search(probe, opt)
	r := rand.New(rand.NewPCG(5, 5))
	for _, path := range paths {
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		offsets := []int{0, 9, 17, 25, 30, 32, 33, len(whole) - 1, len(whole) - 5, len(whole) / 2}
		for range 30 {
			offsets = append(offsets, r.IntN(len(whole)))
		}
		for _, at := range offsets {
			b := append([]byte(nil), whole...)
			b[at] ^= 1 << r.IntN(8)
			require.NoError(t, os.WriteFile(path, b, 0o600))
			s, err := search.Open(cfg)
			if err != nil {
				require.ErrorIs(t, err, search.ErrDamaged)
				continue
			}
			_, err = s.Search(context.Background(), probe, opt)
			require.ErrorIs(t, err, search.ErrDamaged, "byte %d of %s", at, filepath.Base(path))
			require.NoError(t, s.Close())
		}
		for _, size := range []int{0, 1, len(whole) - 1} {
			require.NoError(t, os.WriteFile(path, whole[:size], 0o600))
			_, err := search.Open(cfg)
			require.ErrorIs(t, err, search.ErrDamaged)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o600))
	}
	s, err := search.Open(cfg)
	require.NoError(t, err)
	got, err := s.Search(context.Background(), probe, opt)
	require.NoError(t, err)
	require.Equal(t, want, got.Hits)
	require.NoError(t, s.Close())
}

func TestOpenRefusesAnotherDimension(t *testing.T) {
	cfg, _ := savedSet(t)
	cfg.Dimension = 64
	_, err := search.Open(cfg)
	require.ErrorIs(t, err, search.ErrDamaged)
}

// TestInterruptedSaveLeavesTheOneBefore leaves what a crash in the middle of a
// save would: files that no manifest names, and half a manifest.
func TestInterruptedSaveLeavesTheOneBefore(t *testing.T) {
	cfg, m := savedSet(t)
	stray := filepath.Join(cfg.Dir, "00000099.segment")
	require.NoError(t, os.WriteFile(stray, []byte("half"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "set.new"), []byte("half"), 0o600))
	s, err := search.Open(cfg)
	require.NoError(t, err)
	require.Equal(t, len(m), s.Len())
	require.Equal(t, "note", string(s.Note()))
	require.NoFileExists(t, stray)
	require.NoError(t, s.Save(nil))
	require.NoError(t, s.Close())
}

func TestNewRemovesTheSetBefore(t *testing.T) {
	cfg, _ := savedSet(t)
	other := filepath.Join(cfg.Dir, "owner's file")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	s, err := search.New(cfg)
	require.NoError(t, err)
	require.Zero(t, s.Len())
	require.NoError(t, s.Close())
	_, err = search.Open(cfg)
	require.ErrorIs(t, err, search.ErrNotSaved)
	require.FileExists(t, other)
}
