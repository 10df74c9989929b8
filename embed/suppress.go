package embed

import (
	"cmp"
	"slices"
)

// suppress is greedy non-maximum suppression: of boxes whose intersection over
// union is above the limit it keeps the most confident one. It returns the
// survivors, most confident first, and reorders what it is given.
func suppress(found []detection, limit float32) []detection {
	slices.SortStableFunc(found, func(a, b detection) int {
		return cmp.Compare(b.confidence, a.confidence)
	})
	kept := found[:0]
	for _, d := range found {
		covered := slices.ContainsFunc(kept, func(k detection) bool { return k.box.IoU(d.box) > limit })
		if !covered {
			kept = append(kept, d)
		}
	}
	return kept
}
