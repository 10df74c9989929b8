package search

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"oneton/search/internal/kernel"
)

// drawn is a vector of about unit length, its coordinates of many sizes.
func drawn(r *rand.Rand, dimension int) []float32 {
	v := make([]float32, dimension)
	var square float64
	for i := range v {
		v[i] = float32(r.NormFloat64() * math.Pow(10, -float64(r.IntN(6))))
		square += float64(v[i]) * float64(v[i])
	}
	length := math.Sqrt(square) / (1 + (r.Float64()*2-1)*kernel.LengthTolerance)
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
	return v
}

// blurred is the largest change of a product by a basis that it comes upon.
func blurred(r *rand.Rand, b *basis) float64 {
	n := b.layout.Dimension
	worst := 0.0
	for range 200 {
		x := drawn(r, n)
		y := x
		if r.IntN(2) == 0 {
			y = drawn(r, n)
		}
		turnedX, turnedY := make([]float32, n), make([]float32, n)
		b.turn(turnedX, x)
		b.turn(turnedY, y)
		worst = max(worst, math.Abs(dot(turnedX, turnedY)-dot(x, y)))
	}
	return worst
}

// TestBlurIsNotExceeded measures what bases change, learned ones and ones that
// are far from orthonormal.
func TestBlurIsNotExceeded(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 12))
	dimensions := []int{32, 33, 100, 128, 512, 640}
	if testing.Short() {
		dimensions = dimensions[:4]
	}
	for _, dimension := range dimensions {
		moments := mat.NewSymDense(dimension, nil)
		x := mat.NewVecDense(dimension, nil)
		for range 2 * dimension {
			for i, c := range drawn(r, dimension) {
				x.SetVec(i, float64(c)*math.Exp(-8*float64(i)/float64(dimension)))
			}
			moments.SymRankOne(moments, 1, x)
		}
		b := newBasis(moments, defaultBasis)
		require.NotNil(t, b)
		require.LessOrEqual(t, blurred(r, b), b.blur)
		require.Less(t, b.blur, 0.003)

		for i := range b.vectors {
			b.vectors[i] += float32(r.NormFloat64() * 1e-3)
		}
		worst, before := blurred(r, b), b.blur
		b.blur = measureBlur(dimension, b.vectors)
		require.Greater(t, worst, before, "a basis that is not orthonormal")
		require.LessOrEqual(t, worst, b.blur)
	}
}

// TestSplitLeavesLittle compares the first coordinates' share of the moments
// with the rule.
func TestSplitLeavesLittle(t *testing.T) {
	for name, c := range map[string]struct {
		eigenvalues func(i int) float64
		want        int
	}{
		"all in one":          {func(i int) float64 { return float64(i / 63) }, 16},
		"spread":              {func(int) float64 { return 1 }, 0},
		"just enough in half": {func(i int) float64 { return []float64{0.08, 0.92}[i/32] }, 32},
		"too little in half":  {func(i int) float64 { return []float64{0.0801, 0.9199}[i/32] }, 0},
		"in twenty":           {func(i int) float64 { return []float64{0.001, 1}[i/44] }, 32},
	} {
		t.Run(name, func(t *testing.T) {
			values := make([]float64, 64)
			for i := range values {
				values[i] = c.eigenvalues(i)
			}
			require.Equal(t, c.want, splitOf(values, 0.08))
		})
	}
	for most, want := range map[int]int{80: 80, 81: 0} {
		values := make([]float64, 128)
		for i := range most {
			values[127-i] = 1
		}
		require.Equal(t, want, splitOf(values, 0), "five eighths")
	}
}

// TestBasisIsSavedWhole decodes what was encoded, and nothing else.
func TestBasisIsSavedWhole(t *testing.T) {
	b := &basis{layout: kernel.Layout{Dimension: 24, Split: 16}, blur: 0.25, vectors: make([]float32, 24*24)}
	for i := range b.vectors {
		b.vectors[i] = float32(i)
	}
	whole := b.encode()
	got, err := decodeBasis(whole, 24)
	require.NoError(t, err)
	require.Equal(t, b.layout, got.layout)
	require.Equal(t, b.vectors, got.vectors)
	require.Equal(t, b.blur, got.blur)
	for _, wrong := range [][]byte{nil, whole[:8], whole[:len(whole)-1], append(whole, 0)} {
		_, err := decodeBasis(wrong, 24)
		require.ErrorIs(t, err, ErrDamaged)
	}
	for _, split := range []byte{0, 4, 8, 24, 32} {
		wrong := append([]byte(nil), whole...)
		wrong[0] = split
		_, err := decodeBasis(wrong, 24)
		require.ErrorIs(t, err, ErrDamaged)
	}
}
