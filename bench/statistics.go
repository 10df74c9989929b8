package main

import "slices"

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile is the value below which a share q of v lies; v is not changed.
func quantile(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}
