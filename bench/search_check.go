package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"

	core "oneton/search"
)

// check compares an answer with the one of comparing the probe with every row
// in float64.
func (b *ourBench) check(probe []float32, got core.Result) error {
	workers := runtime.GOMAXPROCS(0)
	parts := make([][]core.Hit, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			var best []core.Hit
			for id := w; id < len(b.rows); id += workers {
				best = append(best, core.Hit{ID: uint64(id), Score: product(b.rows[id], probe)})
				if len(best) >= 1000 {
					best = firstHits(best)
				}
			}
			parts[w] = best
		})
	}
	group.Wait()
	want := firstHits(slices.Concat(parts...))
	if !slices.Equal(want, got.Hits) || !got.Certified {
		return fmt.Errorf("the answer %v (certified %t) is not brute force's %v", got.Hits, got.Certified, want)
	}
	return nil
}

func firstHits(hits []core.Hit) []core.Hit {
	slices.SortFunc(hits, func(a, b core.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return hits[:min(hitsWanted, len(hits))]
}

// product sums in the order that search.Hit documents.
func product(a, b []float32) float64 {
	var sums [4]float64
	for i, x := range a {
		sums[i%4] += float64(x) * float64(b[i])
	}
	return (sums[0] + sums[1]) + (sums[2] + sums[3])
}
