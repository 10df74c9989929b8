package search

import (
	"cmp"
	"slices"
)

func (v *view) scan(probe []float32, opt Options) Result {
	var hits []Hit
	best := map[uint32]int{}
	rescored := 0
	for _, r := range v.rows {
		if v.dead.Has(r.ID) || opt.Filter != nil && !opt.Filter.Has(r.ID) {
			continue
		}
		score := dot(r.Vector, probe)
		rescored++
		if opt.Threshold > -1 && score < opt.Threshold {
			continue
		}
		hit := Hit{ID: r.ID, Group: r.Group, Score: score}
		if i, ok := best[r.Group]; opt.Distinct && ok {
			if score > hits[i].Score {
				hits[i] = hit
			}
			continue
		}
		best[r.Group] = len(hits)
		hits = append(hits, hit)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return Result{Hits: hits[:min(opt.K, len(hits))], Certified: true, Rescored: rescored}
}
