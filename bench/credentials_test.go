package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
)

// Both tests are those of SciPy 1: mannwhitneyu(method="asymptotic",
// use_continuity=False), and ks_2samp(method="exact"), which the series comes near.
func TestTellingSamplesApart(t *testing.T) {
	u, p := mannWhitney([]float64{1.5, 2, 2, 3.25, 5, 8, 8, 8, 13, 21, 1, 4}, []float64{2, 3, 3.25, 6, 7, 8, 9, 10, 14, 30, 31, 32, 33})
	require.InDelta(t, 43, u, 1e-9)
	require.InDelta(t, 0.0562279811468118, p, 1e-12)

	const many, modulus, shift = 2000, 2003, 70
	var a, b, sortedA, sortedB []float64
	for i := range many {
		a = append(a, float64(i*7919%modulus))
		b = append(b, float64(i*7919%modulus+shift))
	}
	_, p = mannWhitney(a, b)
	require.InDelta(t, 0.00016938289727547081, p, 1e-12)
	for i := range modulus {
		sortedA, sortedB = append(sortedA, float64(i)), append(sortedB, float64(i+shift))
	}
	d := stat.KolmogorovSmirnov(sortedA, nil, sortedB, nil)
	require.InDelta(t, 0.1724962716243393, kolmogorov(d, many, many), 0.01)

	same := tell(a, a)
	require.Zero(t, same.Advantage)
	require.InDelta(t, 1, same.MannWhitney, 1e-9)
	require.InDelta(t, 1, same.KolmogorovSmirnov, 1e-9)
	require.InDelta(t, float64(shift)/modulus, -tell(a, b).Advantage, 0.01)
	// Halves of as many values each differ by chance alone; twenty is a hundredth of
	// their spread, and no delay below is told.
	told := leastTold(a)
	require.Greater(t, told, 20.0)
	require.Less(t, told, 200.0)
}
