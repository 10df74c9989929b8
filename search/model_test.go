package search_test

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/search"
)

// data draws vectors of one kind. Kinds are chosen to be hard on a quantised
// scan: many equal scores, coarse scales, scores at the threshold.
type data func(r *rand.Rand, dimension int) []float32

var kinds = map[string]data{
	"gaussian": gaussian,
	"outlier": func(r *rand.Rand, dimension int) []float32 {
		v := gaussian(r, dimension)
		v[r.IntN(dimension)] = float32(20 * (1 - 2*r.IntN(2)))
		return unit(v)
	},
	"denormal": func(r *rand.Rand, dimension int) []float32 {
		v := make([]float32, dimension)
		for i := range v {
			v[i] = math.Float32frombits(uint32(r.IntN(1 << 23)))
		}
		v[r.IntN(dimension)] = 1
		return v
	},
	"axis": func(r *rand.Rand, dimension int) []float32 {
		v := make([]float32, dimension)
		v[r.IntN(dimension)] = float32(1 - 2*r.IntN(2))
		return v
	},
	"signs": func(r *rand.Rand, dimension int) []float32 {
		v := make([]float32, dimension)
		for i := range v {
			v[i] = float32(1 - 2*r.IntN(2))
		}
		return unit(v)
	},
	"equal": func(_ *rand.Rand, dimension int) []float32 {
		v := make([]float32, dimension)
		for i := range v {
			v[i] = float32(i%7) + 1
		}
		return unit(v)
	},
	"few": func(r *rand.Rand, dimension int) []float32 {
		return gaussian(rand.New(rand.NewPCG(uint64(r.IntN(5)), 1)), dimension)
	},
	"decaying": decaying,
	"swarm": func(r *rand.Rand, dimension int) []float32 {
		centre := gaussian(rand.New(rand.NewPCG(7, 7)), dimension)
		v := gaussian(r, dimension)
		for i := range v {
			v[i] = centre[i] + v[i]*1e-4
		}
		return unit(v)
	},
}

func kindNames() []string {
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v
}

func gaussian(r *rand.Rand, dimension int) []float32 {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return unit(v)
}

// decaying draws vectors with most of their length in few coordinates.
func decaying(r *rand.Rand, dimension int) []float32 { return decay(8)(r, dimension) }

// decay draws vectors of which the coordinates, in some order, are smaller and
// smaller: the last by the factor exp(-rate).
func decay(rate float64) data {
	return func(r *rand.Rand, dimension int) []float32 {
		v := gaussian(r, dimension)
		for i := range v {
			v[i] *= float32(math.Exp(-rate * float64(i*5%dimension) / float64(dimension)))
		}
		return unit(v)
	}
}

// score is the documented order of summing, written another way.
func score(a, b []float32) float64 {
	var sums [4]float64
	for i := range a {
		sums[i%4] += float64(a[i]) * float64(b[i])
	}
	return (sums[0] + sums[1]) + (sums[2] + sums[3])
}

// model is a set as a list, searched by comparing with every row.
type model []search.Row

func (m model) search(probe []float32, opt search.Options) []search.Hit {
	hits := []search.Hit{}
	for _, r := range m {
		s := score(r.Vector, probe)
		if opt.Threshold > -1 && s < opt.Threshold || opt.Filter != nil && !opt.Filter.Has(r.ID) {
			continue
		}
		hits = append(hits, search.Hit{ID: r.ID, Group: r.Group, Score: s})
	}
	slices.SortFunc(hits, func(a, b search.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	if opt.Distinct {
		seen := map[uint32]bool{}
		hits = slices.DeleteFunc(hits, func(h search.Hit) bool {
			known := seen[h.Group]
			seen[h.Group] = true
			return known
		})
	}
	return hits[:min(opt.K, len(hits))]
}

// TestSetAnswersAsBruteForceDoes runs random updates, saves and searches
// against the model, on every kernel and kind of data.
func TestSetAnswersAsBruteForceDoes(t *testing.T) {
	for _, name := range search.Kernels() {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			rapid.Check(t, func(t *rapid.T) {
				dir, err := os.MkdirTemp(base, "")
				require.NoError(t, err)
				runModel(t, name, dir)
			})
		})
	}
}

func runModel(t *rapid.T, kernel, dir string) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
	cfg := search.Config{
		Dimension:   rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(1, 40), rapid.SampledFrom([]int{128, 130, 1024})).Draw(t, "dimension"),
		Workers:     rapid.IntRange(1, 4).Draw(t, "workers"),
		SegmentRows: rapid.SampledFrom([]int{1, 10, 64, 100, 1000}).Draw(t, "segment rows"),
		Kernel:      kernel,
	}
	filed := rapid.IntRange(0, 3).Draw(t, "in files") == 0
	if filed {
		cfg.Dir = filepath.Join(dir, "set")
		cfg.SegmentRows = max(cfg.SegmentRows, 64) // for fewer files to be synced
	}
	kind := kinds[rapid.SampledFrom(kindNames()).Draw(t, "kind")]
	gaps := rapid.SampledFrom([]uint64{1, 3, 1 << 31}).Draw(t, "gaps")
	s, err := search.New(cfg)
	require.NoError(t, err)
	skim := rapid.SampledFrom([]func(*search.Set){(*search.Set).SkimAlways, (*search.Set).SkimNever, func(*search.Set) {}}).Draw(t, "skim")
	learnAt := rapid.SampledFrom([]int{1, 150, math.MaxInt}).Draw(t, "learn at")
	tune := func() {
		skim(s)
		s.LearnAlways(learnAt)
	}
	tune()
	var rows model
	next := uint64(0)

	t.Repeat(map[string]func(*rapid.T){
		"update": func(t *rapid.T) {
			var insert []search.Row
			for range rapid.IntRange(0, 120).Draw(t, "insert") {
				next += 1 + r.Uint64N(gaps)
				insert = append(insert, search.Row{ID: next, Group: uint32(r.IntN(20)), Vector: kind(r, cfg.Dimension)})
			}
			var remove []uint64
			share := rapid.SampledFrom([]float64{0, 0.02, 0.3, 1}).Draw(t, "remove")
			for _, row := range rows {
				if r.Float64() < share {
					remove = append(remove, row.ID, row.ID+1)
				}
			}
			require.NoError(t, s.Update(insert, remove))
			gone := map[uint64]bool{}
			for _, id := range remove {
				gone[id] = true
			}
			rows = append(slices.DeleteFunc(rows, func(r search.Row) bool { return gone[r.ID] }), insert...)
		},
		"save": func(t *rapid.T) {
			if !filed {
				t.Skip("in memory")
			}
			require.NoError(t, s.Save([]byte{byte(len(rows))}))
			if rapid.Bool().Draw(t, "reopen") {
				require.NoError(t, s.Close())
				s, err = search.Open(cfg)
				require.NoError(t, err)
				tune()
				require.Equal(t, []byte{byte(len(rows))}, s.Note())
			}
		},
		"search": func(t *rapid.T) {
			opt := search.Options{
				K:         rapid.SampledFrom([]int{1, 2, 10, 1000}).Draw(t, "k"),
				Threshold: rapid.SampledFrom([]float64{-1, 0, 0.3, 0.9, 2}).Draw(t, "threshold"),
				Distinct:  rapid.Bool().Draw(t, "distinct"),
			}
			if share := rapid.SampledFrom([]float64{-1, 0, 0.01, 0.5, 1}).Draw(t, "filter"); share >= 0 && gaps < 100 {
				opt.Filter = search.Mask{}
				for _, row := range rows {
					if r.Float64() < share {
						opt.Filter.Add(row.ID)
					}
				}
			}
			probes := make([][]float32, rapid.SampledFrom([]int{1, 1, 1, 2, 9}).Draw(t, "probes"))
			for i := range probes {
				probes[i] = kind(r, cfg.Dimension)
				if len(rows) > 0 && r.IntN(2) == 0 {
					probes[i] = rows[r.IntN(len(rows))].Vector
				}
			}
			if len(rows) > 0 && r.IntN(2) == 0 {
				opt.Threshold = score(rows[r.IntN(len(rows))].Vector, probes[0])
			}
			results, err := s.SearchBatch(context.Background(), probes, opt)
			require.NoError(t, err)
			for i, got := range results {
				want := rows.search(probes[i], opt)
				require.Equal(t, want, append([]search.Hit{}, got.Hits...))
				require.True(t, got.Certified)
				require.GreaterOrEqual(t, got.Rescored, len(want))
				require.LessOrEqual(t, got.Rescored, len(rows))
			}
		},
		"": func(t *rapid.T) {
			require.Equal(t, len(rows), s.Len())
			require.Equal(t, len(rows), s.Stats().Rows)
		},
	})
	require.NoError(t, s.Close())
}
