package search_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSearchesSeeAllOfAnUpdateOrNone replaces a group's rows while others
// search and save: every search must find exactly one generation.
func TestSearchesSeeAllOfAnUpdateOrNone(t *testing.T) {
	const rows, generations, dimension = 37, 150, 16
	for _, kernel := range search.Kernels() {
		t.Run(kernel, func(t *testing.T) {
			s, err := search.New(search.Config{
				Dimension: dimension, Workers: 3, SegmentRows: 100, Kernel: kernel,
				Dir: filepath.Join(t.TempDir(), "set"),
			})
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(1, 1))
			probe := gaussian(r, dimension)
			var next uint64
			var last []uint64
			renew := func(generation uint32) {
				var insert []search.Row
				var ids []uint64
				for range rows {
					next++
					ids = append(ids, next)
					insert = append(insert, search.Row{ID: next, Group: generation, Vector: gaussian(r, dimension)})
				}
				require.NoError(t, s.Update(insert, last))
				last = ids
			}
			renew(0)
			var stop atomic.Bool
			var readers sync.WaitGroup
			for range 3 {
				readers.Go(func() {
					var newest uint32
					for !stop.Load() {
						got, err := s.Search(context.Background(), probe, search.Options{K: 1000, Threshold: -1})
						if !assertGeneration(t, got, err, rows, &newest) {
							return
						}
					}
				})
			}
			for g := range uint32(generations) {
				renew(g + 1)
				if g%40 == 0 {
					require.NoError(t, s.Save(nil))
				}
			}
			stop.Store(true)
			readers.Wait()
			require.NoError(t, s.Close())
		})
	}
}

func assertGeneration(t *testing.T, got search.Result, err error, rows int, newest *uint32) bool {
	if err != nil || len(got.Hits) != rows || !got.Certified {
		t.Errorf("%d hits, certified %t, error %v", len(got.Hits), got.Certified, err)
		return false
	}
	for _, h := range got.Hits {
		if h.Group != got.Hits[0].Group || h.Group < *newest {
			t.Errorf("generation %d beside %d after %d", h.Group, got.Hits[0].Group, *newest)
			return false
		}
	}
	*newest = got.Hits[0].Group
	return true
}

// many returns a set that is large enough for searches to share scans, mostly
// coded by principal components or as its rows are.
func many(t *testing.T, rows, dimension int, components bool) (*search.Set, model) {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	kind := gaussian
	if components {
		kind = decaying
	}
	m := make(model, rows)
	for i := range m {
		m[i] = search.Row{ID: uint64(i), Group: uint32(i / 3), Vector: kind(r, dimension)}
	}
	s, err := search.New(search.Config{Dimension: dimension, Workers: 2, SegmentRows: rows / 5})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	if components {
		s.LearnAlways(rows / 5)
	}
	require.NoError(t, s.Update(m, nil))
	if components {
		require.Eventually(t, func() bool { return s.Stats().Split >= rows/5*4 }, time.Minute, time.Millisecond)
		s.SkimAlways()
	}
	return s, m
}

// ofBothLayouts runs a test on rows as they are and by principal components.
func ofBothLayouts(t *testing.T, f func(t *testing.T, components bool)) {
	t.Run("as they are", func(t *testing.T) { f(t, false) })
	t.Run("by components", func(t *testing.T) { f(t, true) })
}

// TestSearchesAtOnceAreAnsweredEachForItself sends different probes, options
// and filters at the same time, so that they share scans.
func TestSearchesAtOnceAreAnsweredEachForItself(t *testing.T) {
	ofBothLayouts(t, searchAtOnce)
}

func searchAtOnce(t *testing.T, components bool) {
	s, m := many(t, 20_000, 64, components)
	filter := search.Mask{}
	for id := uint64(0); id < 20_000; id += 7 {
		filter.Add(id)
	}
	var group sync.WaitGroup
	for g := range 12 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 5))
			for i := range 8 {
				opt := search.Options{K: 1 + r.IntN(20), Threshold: r.Float64() - 0.6, Distinct: i%2 == 0}
				if i%3 == 0 {
					opt.Filter = filter
				}
				probes := make([][]float32, 1+r.IntN(2)*r.IntN(40))
				for i := range probes {
					probes[i] = decay(8*float64(r.IntN(2)))(r, 64)
				}
				got, err := s.SearchBatch(context.Background(), probes, opt)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range probes[:min(2, len(probes))] {
					want := m.search(probes[i], opt)
					if len(want) != len(got[i].Hits) {
						t.Errorf("%d hits, want %d", len(got[i].Hits), len(want))
						continue
					}
					for j := range want {
						if want[j] != got[i].Hits[j] {
							t.Errorf("hit %d is %v, want %v", j, got[i].Hits[j], want[j])
						}
					}
				}
			}
		})
	}
	group.Wait()
}

func TestCancelledSearches(t *testing.T) { ofBothLayouts(t, cancelSearches) }

func cancelSearches(t *testing.T, components bool) {
	s, m := many(t, 50_000, 64, components)
	probe := gaussian(rand.New(rand.NewPCG(3, 3)), 64)
	opt := search.Options{K: 10, Threshold: -1}
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 9))
			for range 30 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(3000))*time.Microsecond)
				got, err := s.Search(ctx, probe, opt)
				if err == nil && len(got.Hits) != 10 || err != nil && !errors.Is(err, ctx.Err()) {
					t.Errorf("%d hits, error %v", len(got.Hits), err)
				}
				cancel()
			}
		})
	}
	group.Wait()
	got, err := s.Search(context.Background(), probe, opt)
	require.NoError(t, err, "the queue still works")
	require.Equal(t, m.search(probe, opt), got.Hits)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.Search(ctx, probe, opt)
	require.ErrorIs(t, err, context.Canceled)
}

func TestClose(t *testing.T) { ofBothLayouts(t, closeBetween) }

func closeBetween(t *testing.T, components bool) {
	s, _ := many(t, 30_000, 64, components)
	probe := gaussian(rand.New(rand.NewPCG(3, 3)), 64)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			for {
				got, err := s.Search(context.Background(), probe, search.Options{K: 10, Threshold: -1})
				if err != nil {
					if !errors.Is(err, search.ErrClosed) {
						t.Error(err)
					}
					return
				}
				if len(got.Hits) != 10 {
					t.Errorf("%d hits", len(got.Hits))
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, s.Close())
	group.Wait()
	require.ErrorIs(t, s.Close(), search.ErrClosed)
	require.ErrorIs(t, s.Update(nil, nil), search.ErrClosed)
	require.ErrorIs(t, s.Save(nil), search.ErrMemory)
	require.Zero(t, s.Len())
}
