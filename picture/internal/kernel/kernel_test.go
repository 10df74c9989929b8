package kernel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/picture/internal/kernel"
)

// guard stands around every target, and must stay.
const guard = 0xa5

func TestTransformIsTheSameInAssembly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int32{0, 1, 255, 2047, 1 << 15, 1 << 30}).Draw(t, "limit")
		coefficient := rapid.Int32Range(-limit, limit)
		count := rapid.IntRange(0, 64).Draw(t, "count")
		var block [64]int32
		low := rapid.Bool().Draw(t, "low")
		side := 8
		if low {
			side = 4
		}
		for range count {
			column, row := rapid.IntRange(0, side-1).Draw(t, "column"), rapid.IntRange(0, side-1).Draw(t, "row")
			block[8*column+row] = coefficient.Draw(t, "coefficient")
		}
		stride := rapid.IntRange(8, 20).Draw(t, "stride")
		run := func() []byte {
			dst := make([]byte, 8*stride+8)
			for i := range dst {
				dst[i] = guard
			}
			b := block
			kernel.Transform(dst[:7*stride+8], stride, &b, low)
			require.Zero(t, b)
			return dst
		}
		native := run()
		kernel.InGo(func() { require.Equal(t, run(), native) })
		for i, v := range native {
			if i%stride >= 8 || i >= 8*stride {
				require.EqualValues(t, guard, v, "byte %d", i)
			}
		}
	})
}

func TestBlendIsTheSameInAssembly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "n")
		rows := rapid.IntRange(1, 9).Draw(t, "rows")
		stride := n + rapid.IntRange(0, 5).Draw(t, "gap")
		weights := rapid.SliceOfN(rapid.Float32Range(0, 1), rows, rows).Draw(t, "weights")
		src := rapid.SliceOfN(rapid.Byte(), (rows-1)*stride+n, (rows-1)*stride+n).Draw(t, "src")
		run := func() []float32 {
			dst := make([]float32, n+1)
			dst[n] = guard
			kernel.Blend(dst[:n:n], src, stride, weights)
			return dst
		}
		native := run()
		kernel.InGo(func() { require.Equal(t, run(), native) })
		require.EqualValues(t, guard, native[n])
		for x := range n {
			var want float64
			for k, w := range weights {
				want += float64(w) * float64(src[k*stride+x])
			}
			require.InDelta(t, want, native[x], 1e-3)
		}
	})
}

func TestCombineIsTheSameInAssembly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		groups := rapid.IntRange(1, 3).Draw(t, "groups")
		length := 4*groups + rapid.IntRange(0, 50).Draw(t, "length")
		row := rapid.SliceOfN(rapid.Float32Range(0, 255), length, length).Draw(t, "row")
		weights := rapid.SliceOfN(rapid.Float32Range(0, 1), 4*groups*n, 4*groups*n).Draw(t, "weights")
		first := rapid.SliceOfN(rapid.Int32Range(0, int32(length-4*groups)), n, n).Draw(t, "first")
		slices.Sort(first)
		run := func() []float32 {
			dst := make([]float32, n+1)
			dst[n] = guard
			kernel.Combine(dst[:n:n], row, first, weights, groups)
			return dst
		}
		native := run()
		kernel.InGo(func() { require.Equal(t, run(), native) })
		require.EqualValues(t, guard, native[n])
		for x := range n {
			var want float64
			for k := range 4 * groups {
				want += float64(row[int(first[x])+k]) * float64(weights[4*groups*x+k])
			}
			require.InDelta(t, want, native[x], 1e-2)
		}
	})
}

func TestConvertIsTheSameInAssembly(t *testing.T) {
	matrix := kernel.Matrix{
		Black: 16, Gain: 1.164, RedCr: 1.596, GreenCb: 0.392, GreenCr: 0.813, BlueCb: 2.017, Middle: 128, White: 255,
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		draw := func(name string) []float32 {
			return append(rapid.SliceOfN(rapid.Float32Range(0, 255), n, n).Draw(t, name), guard)
		}
		y, cb, cr := draw("y"), draw("cb"), draw("cr")
		run := func() [3][]float32 {
			a, b, c := append([]float32{}, y...), append([]float32{}, cb...), append([]float32{}, cr...)
			kernel.Convert(a[:n:n], b[:n:n], c[:n:n], &matrix)
			return [3][]float32{a, b, c}
		}
		native := run()
		kernel.InGo(func() { require.Equal(t, run(), native) })
		for i, plane := range native {
			require.EqualValues(t, guard, plane[n], "plane %d", i)
			for _, v := range plane[:n] {
				require.True(t, v >= 0 && v <= 255)
			}
		}
	})
}

func TestKernelsCheckLengths(t *testing.T) {
	var block [64]int32
	require.Panics(t, func() { kernel.Transform(make([]byte, 7*10+7), 10, &block, false) })
	require.Panics(t, func() { kernel.Blend(make([]float32, 16), make([]byte, 31), 16, make([]float32, 2)) })
	require.Panics(t, func() { kernel.Blend(make([]float32, 16), make([]byte, 31), 16, nil) })
	require.Panics(t, func() {
		kernel.Combine(make([]float32, 8), make([]float32, 10), []int32{0, 1, 2, 3, 4, 5, 6, 7}, make([]float32, 32), 1)
	})
	require.Panics(t, func() { kernel.Convert(make([]float32, 8), make([]float32, 7), make([]float32, 8), &kernel.Matrix{}) })
}

func BenchmarkTransform(b *testing.B) {
	var block [64]int32
	dst := make([]byte, 64)
	for _, native := range []bool{true, false} {
		b.Run(fmt.Sprintf("native=%t", native), func(b *testing.B) {
			loop := func() {
				for b.Loop() {
					for i := range 12 {
						block[5*i] = int32(100 - 9*i)
					}
					kernel.Transform(dst, 8, &block, false)
				}
			}
			if native {
				loop()
			} else {
				kernel.InGo(loop)
			}
		})
	}
}
