package search_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// TestSkimming searches on every kernel where the first plane rules out nearly
// all rows, where they rule out none, and where they do so only once a near
// row has been found.
func TestSkimming(t *testing.T) {
	const dimension, n = 128, 40_000
	draw := func(kind data) model {
		r := rand.New(rand.NewPCG(3, 9))
		rows := make(model, n)
		for i := range rows {
			rows[i] = search.Row{ID: uint64(i), Vector: kind(r, dimension)}
		}
		return rows
	}
	spread, swarm := draw(gaussian), draw(kinds["swarm"])
	for name, c := range map[string]struct {
		rows      model
		threshold float64
		k, probes int
		// least and most are shares of the blocks.
		least, most float64
	}{
		"far rows":             {spread, 0.6, 1, 1, 0.99, 1},
		"near rows":            {swarm, 0.9, 1, 1, 0, 0.05},
		"a low threshold":      {spread, 0.2, 100, 1, 0, 0.15},
		"rising threshold":     {spread, -1, 1, 1, 0.5, 1},
		"more than one probe":  {spread, 0.6, 1, 2, 0, 0},
		"nothing near at all":  {spread, 2, 1, 1, 1, 1},
		"threshold of a swarm": {swarm, score(swarm[7].Vector, swarm[0].Vector), 1, 1, 0, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kernel := range search.Kernels() {
				s, err := search.New(search.Config{Dimension: dimension, Workers: 1, Kernel: kernel})
				require.NoError(t, err)
				require.NoError(t, s.Update(c.rows, nil))
				opt := search.Options{K: c.k, Threshold: c.threshold}
				probes := make([][]float32, c.probes)
				for i := range probes {
					probes[i] = c.rows[i].Vector
				}
				results, err := s.SearchBatch(context.Background(), probes, opt)
				require.NoError(t, err)
				for i, got := range results {
					require.Equal(t, c.rows.search(probes[i], opt), append([]search.Hit{}, got.Hits...))
					require.True(t, got.Certified)
					require.GreaterOrEqual(t, float64(got.Skimmed), c.least*n/16, kernel)
					require.LessOrEqual(t, float64(got.Skimmed), c.most*(n+16)/16+1, kernel)
				}
				s.SkimAlways()
				results, err = s.SearchBatch(context.Background(), probes, opt)
				require.NoError(t, err)
				for i, got := range results {
					require.Equal(t, c.rows.search(probes[i], opt), append([]search.Hit{}, got.Hits...))
				}
				require.NoError(t, s.Close())
			}
		})
	}
}
