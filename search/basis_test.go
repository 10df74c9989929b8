package search_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// componentRows draws rows for a set that learns a basis without being told to.
func componentRows(dimension int, kind data) model {
	const n = 40_000
	r := rand.New(rand.NewPCG(uint64(dimension), 11))
	rows := make(model, n)
	for i := range rows {
		rows[i] = search.Row{ID: uint64(i), Vector: kind(r, dimension)}
	}
	return rows
}

// TestComponentsAreLearned fills sets until they learn a basis where it is of
// use: searches then need less than half of most blocks, and answer as before,
// also after the set was saved and opened.
func TestComponentsAreLearned(t *testing.T) {
	t.Run("few", func(t *testing.T) { learnComponents(t, 64, decaying) })
	t.Run("as many as there may be", func(t *testing.T) { learnComponents(t, 128, decay(2.5)) })
}

func learnComponents(t *testing.T, dimension int, kind data) {
	const segmentRows = 8192
	cfg := search.Config{Dimension: dimension, Workers: 1, SegmentRows: segmentRows, Dir: filepath.Join(t.TempDir(), "set")}
	rows := componentRows(dimension, kind)
	s, err := search.New(cfg)
	require.NoError(t, err)
	require.NoError(t, s.Update(rows[:3*segmentRows], nil))
	require.Eventually(t, func() bool { return s.Stats().Split >= 2*segmentRows }, time.Minute, time.Millisecond)
	require.NoError(t, s.Update(rows[3*segmentRows:], []uint64{5, 7}))
	require.NoError(t, s.Save(nil))
	left := append(model{}, rows[:5]...)
	left = append(append(left, rows[6]), rows[8:]...)
	opt := search.Options{K: 10, Threshold: 0.9}
	for range 2 {
		require.Equal(t, len(left), s.Stats().Split)
		for _, probe := range []int{3, 20_000, 39_999} {
			got, err := s.Search(context.Background(), rows[probe].Vector, opt)
			require.NoError(t, err)
			require.True(t, got.Certified)
			require.Equal(t, left.search(rows[probe].Vector, opt), got.Hits)
			require.Greater(t, got.Skimmed, len(rows)/16/2)
		}
		require.NoError(t, s.Close())
		s, err = search.Open(cfg)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
}

// TestNoComponentsAreLearned of rows whose length is spread over all
// coordinates.
func TestNoComponentsAreLearned(t *testing.T) {
	const dimension, segmentRows = 64, 8192
	s, err := search.New(search.Config{Dimension: dimension, SegmentRows: segmentRows})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Update(componentRows(dimension, gaussian), nil))
	require.Eventually(t, s.HasTriedToLearn, time.Minute, time.Millisecond)
	require.Zero(t, s.Stats().Split)
}
