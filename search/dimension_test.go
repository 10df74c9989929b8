package search_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// TestEveryKindOfDimension compares with brute force at dimensions around
// what kernels take at a time, on all kernels and kinds of data.
func TestEveryKindOfDimension(t *testing.T) {
	everyDimension(t, 0)
}

// TestEveryKindOfDimensionInABasis is the same for rows that are mostly coded
// by their principal components.
func TestEveryKindOfDimensionInABasis(t *testing.T) {
	everyDimension(t, 300)
}

// everyDimension searches sets of which so many rows at least are coded in a
// basis, where the dimension allows it.
func everyDimension(t *testing.T, split int) {
	const rows = 330
	dimensions := []int{1, 2, 3, 4, 5, 17, 31, 33, 64, 127, 128, 320, 512, 1023, search.MaxDimension}
	if testing.Short() {
		dimensions = []int{1, 5, 33, 128}
	}
	for _, kernel := range search.Kernels() {
		for _, dimension := range dimensions {
			t.Run(fmt.Sprintf("%s/%d", kernel, dimension), func(t *testing.T) {
				for _, name := range kindNames() {
					r := rand.New(rand.NewPCG(uint64(dimension), 4))
					m := make(model, rows)
					for i := range m {
						m[i] = search.Row{ID: uint64(i), Group: uint32(i / 2), Vector: kinds[name](r, dimension)}
					}
					s, err := search.New(search.Config{Dimension: dimension, Kernel: kernel, SegmentRows: 100})
					require.NoError(t, err)
					if split > 0 {
						s.LearnAlways(100)
					}
					require.NoError(t, s.Update(m, nil))
					if split > 0 && dimension >= 32 && dimension <= 640 {
						require.Eventually(t, func() bool { return s.Stats().Split >= split }, time.Minute, time.Millisecond)
					}
					probes := [][]float32{m[7].Vector, kinds[name](r, dimension), gaussian(r, dimension)}
					for len(probes) < 9 {
						probes = append(probes, gaussian(r, dimension))
					}
					for _, threshold := range []float64{-1, score(m[200].Vector, probes[0])} {
						opt := search.Options{K: 10, Threshold: threshold}
						got, err := s.SearchBatch(t.Context(), probes, opt)
						require.NoError(t, err)
						for i, probe := range probes {
							require.Equal(t, m.search(probe, opt), append([]search.Hit{}, got[i].Hits...), name)
							require.True(t, got[i].Certified, name)
						}
						for range 2 {
							one, err := s.Search(t.Context(), probes[0], opt)
							require.NoError(t, err)
							require.Equal(t, got[0].Hits, one.Hits, name)
							s.SkimAlways()
						}
					}
					require.NoError(t, s.Close())
				}
			})
		}
	}
}
