package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search/internal/kernel"
)

// strain is the share of its error bound that the comparison of x and y uses,
// of all codes or of what the first plane tells: above one the bound would be
// broken.
func strain(layout kernel.Layout, x, y []float32, coarse bool) float64 {
	planes := fill(layout, [][]float32{x})
	var p kernel.Probe
	p.Quantise(y, layout, 0)
	lower, upper := p.Bounds(int32(codesDot(planes.Code, 0, y)), &planes, 0)
	if coarse {
		lower, upper = p.CoarseBounds(p.CoarseDot(codesDot(planes.CoarseCode, 0, y)), &planes, 0)
	}
	middle, far := (lower+upper)/2, (upper-lower)/2
	return math.Abs(exact(x, y)-middle) / far
}

// TestBoundCannotBeBroken climbs towards the pairs that use most of their
// bound: coordinates half a step off, all in the direction of the other
// vector. It must come near the bound, to be a test at all, and not pass it.
func TestBoundCannotBeBroken(t *testing.T) {
	for dimension, near := range map[int]float64{1: 0.9, 2: 0.9, 3: 0.9, 8: 0.9, 32: 0.9, 128: 0.7} {
		worst := climb(kernel.Layout{Dimension: dimension}, false)
		t.Logf("dimension %d: %.4f of the bound", dimension, worst)
		require.LessOrEqual(t, worst, 1.0)
		require.GreaterOrEqual(t, worst, near)
	}
}

// TestCoarseBoundCannotBeBroken is the same for the first plane alone.
func TestCoarseBoundCannotBeBroken(t *testing.T) {
	for dimension, near := range map[int]float64{1: 0, 2: 0.5, 3: 0.7, 8: 0.7, 32: 0.7, 128: 0.5} {
		worst := climb(kernel.Layout{Dimension: dimension}, true)
		t.Logf("dimension %d: %.4f of the bound", dimension, worst)
		require.LessOrEqual(t, worst, 1.0)
		require.GreaterOrEqual(t, worst, near)
	}
}

// TestSplitBoundCannotBeBroken is the same for rows that are split.
func TestSplitBoundCannotBeBroken(t *testing.T) {
	for dimension, near := range map[int]float64{17: 0.9, 24: 0.9, 32: 0.8, 128: 0.7} {
		for _, layout := range layouts(dimension)[1:] {
			for _, coarse := range []bool{false, true} {
				worst := climb(layout, coarse)
				t.Logf("%+v, coarse %v: %.4f of the bound", layout, coarse, worst)
				require.LessOrEqual(t, worst, 1.0)
				require.GreaterOrEqual(t, worst, near)
			}
		}
	}
}

// climb returns the largest strain it comes upon.
func climb(layout kernel.Layout, coarse bool) float64 {
	dimension := layout.Dimension
	r := rand.New(rand.NewPCG(uint64(dimension), 6))
	worst := 0.0
	for range 20 {
		x, y := random(r, dimension), random(r, dimension)
		if r.IntN(2) == 0 {
			copy(y, x)
		}
		align(x, y)
		best := strain(layout, x, y, coarse)
		for range 1500 {
			a, b := append([]float32(nil), x...), append([]float32(nil), y...)
			v := a
			if r.IntN(2) == 0 {
				v = b
			}
			v[r.IntN(dimension)] += float32(r.NormFloat64() * math.Pow(10, -1-5*r.Float64()))
			unit(a)
			unit(b)
			if s := strain(layout, a, b, coarse); s > best {
				best, x, y = s, a, b
			}
		}
		worst = max(worst, best)
	}
	return worst
}

// align moves x's coordinates to where rounding errs by half a step, away
// from zero where y is positive.
func align(x, y []float32) {
	var top float64
	for _, v := range x {
		top = max(top, math.Abs(float64(v)))
	}
	step := top / 127
	for i := range x {
		off := math.Copysign(0.49, float64(y[i]))
		if c := math.Floor(float64(x[i]) / step); math.Abs(c) < 126 {
			x[i] = float32(step * (c + 0.5 + off - math.Copysign(0.5, off) + 0.5*math.Copysign(1, off)))
		}
	}
	unit(x)
}

// TestBoundsOfExtremeVectors checks the bound on vectors whose coordinates
// differ by many orders of magnitude.
func TestBoundsOfExtremeVectors(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 20_000 {
		dimension := 1 + r.IntN(40)
		vector := func() []float32 {
			v := make([]float32, dimension)
			for i := range v {
				v[i] = float32(r.NormFloat64() * math.Pow(10, -float64(r.IntN(45))))
			}
			v[r.IntN(dimension)] = 1
			unit(v)
			for i := range v {
				v[i] *= 1 + float32(r.Float64()-0.5)*1.9e-3
			}
			return v
		}
		x, y := vector(), vector()
		for _, layout := range layouts(dimension) {
			require.LessOrEqual(t, strain(layout, x, y, false), 1.0)
			require.LessOrEqual(t, strain(layout, x, y, true), 1.0)
		}
	}
}
