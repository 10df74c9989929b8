package picture

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// noise is a picture of random samples.
func noise(width, height int, ratio image.YCbCrSubsampleRatio, seed uint64) *Picture {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := image.NewYCbCr(image.Rect(0, 0, width, height), ratio)
	for _, pix := range [][]uint8{m.Y, m.Cb, m.Cr} {
		for i := range pix {
			pix[i] = uint8(rng.UintN(256))
		}
	}
	return view(m, "image/jpeg")
}

var ratios = []image.YCbCrSubsampleRatio{
	image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
	image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
}

// TestTurnMovesEverySample looks at the same place of the file before and after
// turning, also between pixels and where chroma samples are shared.
func TestTurnMovesEverySample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 23).Draw(t, "width"), rapid.IntRange(1, 23).Draw(t, "height")
		ratio := rapid.SampledFrom(ratios).Draw(t, "ratio")
		orientation := rapid.IntRange(1, 8).Draw(t, "orientation")
		x := rapid.Float64Range(-1, float64(w)).Draw(t, "x")
		y := rapid.Float64Range(-1, float64(h)).Draw(t, "y")

		file := noise(w, h, ratio, 3)
		turned := noise(w, h, ratio, 3)
		turned.turn(orientation)

		right, bottom := float64(w-1), float64(h-1)
		u, v := x, y
		switch orientation {
		case 2:
			u = right - x
		case 3:
			u, v = right-x, bottom-y
		case 4:
			v = bottom - y
		case 5:
			u, v = y, x
		case 6:
			u, v = bottom-y, x
		case 7:
			u, v = bottom-y, right-x
		case 8:
			u, v = y, right-x
		}
		want, got := NewRaster(1, 1), NewRaster(1, 1)
		file.Warp(want, Affine{C: x, F: y})
		turned.Warp(got, Affine{C: u, F: v})
		require.InDelta(t, want.R[0], got.R[0], 1e-2)
		require.InDelta(t, want.G[0], got.G[0], 1e-2)
		require.InDelta(t, want.B[0], got.B[0], 1e-2)
	})
}

// TestTurnedAndTurnedBack takes a picture through all four turns.
func TestTurnedAndTurnedBack(t *testing.T) {
	for _, ratio := range ratios {
		p := noise(13, 8, ratio, 11)
		p.turn(7)
		require.Equal(t, p, p.Turned(0))
		require.Equal(t, p, p.Turned(90).Turned(270))
		require.Equal(t, p, p.Turned(180).Turned(180))
		require.Equal(t, p.Turned(270), p.Turned(90).Turned(90).Turned(90))
		// The pixel at the lower left comes to the upper left.
		turned := p.Turned(90)
		require.Equal(t, []int{p.Height, p.Width}, []int{turned.Width, turned.Height})
		require.Equal(t, replicated(p, 0, p.Height-1), replicated(turned, 0, 0))
		require.Equal(t, replicated(p, 0, 0), replicated(turned, turned.Width-1, 0))
	}
}

// TestPartHasTheSameSamples compares each pixel of a part, also where it begins
// between two samples of chroma, and as it is turned further.
func TestPartHasTheSameSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height")
		p := noise(w, h, rapid.SampledFrom(ratios).Draw(t, "ratio"), 5)
		p.turn(rapid.IntRange(1, 8).Draw(t, "orientation"))
		p.colour = rgb
		r := image.Rect(0, 0, rapid.IntRange(1, p.Width).Draw(t, "columns"), rapid.IntRange(1, p.Height).Draw(t, "rows"))
		r = r.Add(image.Pt(rapid.IntRange(0, p.Width-r.Dx()).Draw(t, "x"), rapid.IntRange(0, p.Height-r.Dy()).Draw(t, "y")))
		degrees := 90 * rapid.IntRange(0, 3).Draw(t, "quarters")

		whole, part := NewRaster(p.Width, p.Height), p.Part(r)
		p.Resize(whole, image.Rect(0, 0, p.Width, p.Height))
		seen := NewRaster(r.Dx(), r.Dy())
		part.Turned(degrees).Turned((360-degrees)%360).Resize(seen, image.Rect(0, 0, r.Dx(), r.Dy()))
		for y := range r.Dy() {
			for x := range r.Dx() {
				i, j := (r.Min.Y+y)*p.Width+r.Min.X+x, y*r.Dx()+x
				require.InDelta(t, whole.R[i], seen.R[j], 1e-2)
				require.InDelta(t, whole.G[i], seen.G[j], 1e-2)
				require.InDelta(t, whole.B[i], seen.B[j], 1e-2)
				require.Equal(t, replicated(p, r.Min.X+x, r.Min.Y+y), replicated(part, x, y))
			}
		}
	})
}

// replicated is the colour of a pixel when chroma samples are repeated over the
// pixels that share them.
func replicated(p *Picture, x, y int) [3]float32 {
	var s [3]float32
	for i, pl := range p.planes {
		px := int(math.Floor(pl.across.edge(float64(x) + 0.5)))
		py := int(math.Floor(pl.down.edge(float64(y) + 0.5)))
		s[i] = float32(pl.pix[pl.origin+px*pl.dx+py*pl.dy])
	}
	return s
}

// TestResizeAveragesAreas compares with the average over all pixels, each
// weighted by how much of it a target pixel covers.
func TestResizeAveragesAreas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height")
		p := noise(w, h, rapid.SampledFrom(ratios).Draw(t, "ratio"), 5)
		p.turn(rapid.IntRange(1, 8).Draw(t, "orientation"))
		// Without the conversion, whose clipping is not linear.
		p.colour = rgb
		n := rapid.IntRange(1, p.Width).Draw(t, "columns")
		m := rapid.IntRange(1, p.Height).Draw(t, "rows")
		dst := NewRaster(n+3, m+2)
		p.Resize(dst, image.Rect(2, 1, 2+n, 1+m))

		overlap := func(pixel, target, sides, targets int) float64 {
			step := float64(sides) / float64(targets)
			from, to := float64(target)*step, float64(target+1)*step
			return max(0, min(to, float64(pixel+1))-max(from, float64(pixel))) / step
		}
		for j := range m {
			for i := range n {
				var want [3]float64
				for y := range p.Height {
					for x := range p.Width {
						share := overlap(x, i, p.Width, n) * overlap(y, j, p.Height, m)
						for c, v := range replicated(p, x, y) {
							want[c] += share * float64(v)
						}
					}
				}
				at := (j+1)*dst.Width + i + 2
				for c, plane := range [][]float32{dst.R, dst.G, dst.B} {
					require.InDelta(t, want[c], plane[at], 1e-2, "pixel %d, %d, plane %d", i, j, c)
				}
			}
		}
		require.Zero(t, dst.R[0])
		require.Zero(t, dst.B[len(dst.B)-1])
	})
}

// TestWarpInterpolates compares with the definition: the four pixels around,
// those outside the picture black, or those nearest to it.
func TestWarpInterpolates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 12).Draw(t, "width"), rapid.IntRange(1, 12).Draw(t, "height")
		p := noise(w, h, image.YCbCrSubsampleRatio444, 7)
		p.colour = rgb
		coefficient := rapid.Float64Range(-2, 2)
		m := Affine{
			A: coefficient.Draw(t, "a"), B: coefficient.Draw(t, "b"), C: 3 * coefficient.Draw(t, "c"),
			D: coefficient.Draw(t, "d"), E: coefficient.Draw(t, "e"), F: 3 * coefficient.Draw(t, "f"),
		}
		dst, repeating := NewRaster(5, 4), NewRaster(5, 4)
		p.Warp(dst, m)
		p.WarpRepeating(repeating, m)
		for y := range dst.Height {
			for x := range dst.Width {
				u, v := m.A*float64(x)+m.B*float64(y)+m.C, m.D*float64(x)+m.E*float64(y)+m.F
				left, top := math.Floor(u), math.Floor(v)
				want, nearest := 0.0, 0.0
				for _, q := range [4][2]float64{{left, top}, {left + 1, top}, {left, top + 1}, {left + 1, top + 1}} {
					share := (1 - math.Abs(u-q[0])) * (1 - math.Abs(v-q[1]))
					i, j := min(max(q[0], 0), float64(w-1)), min(max(q[1], 0), float64(h-1))
					value := float64(replicated(p, int(i), int(j))[0])
					nearest += share * value
					if i == q[0] && j == q[1] {
						want += share * value
					}
				}
				require.InDelta(t, want, dst.R[y*dst.Width+x], 1e-2)
				require.InDelta(t, nearest, repeating.R[y*dst.Width+x], 1e-2)
			}
		}
	})
}

func TestAffineInverse(t *testing.T) {
	m := Affine{A: 2, B: -1, C: 5, D: 0.5, E: 3, F: -7}
	x, y := m.Apply(11, 13)
	x, y = m.Inverse().Apply(x, y)
	require.InDelta(t, 11, x, 1e-9)
	require.InDelta(t, 13, y, 1e-9)
}

// TestRasterWarpsAsItsPicture compares with the picture whose pixels the raster
// has, also beyond its edges.
func TestRasterWarpsAsItsPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 30).Draw(t, "width"), rapid.IntRange(1, 30).Draw(t, "height")
		p := noise(w, h, ratios[0], 7)
		p.colour = rgb
		for i := range p.planes {
			p.planes[i] = p.planes[0]
		}
		whole := NewRaster(w, h)
		p.Resize(whole, image.Rect(0, 0, w, h))
		number := rapid.Float64Range(-2, 2)
		m := Affine{
			A: number.Draw(t, "a"), B: number.Draw(t, "b"), C: 10 * number.Draw(t, "c"),
			D: number.Draw(t, "d"), E: number.Draw(t, "e"), F: 10 * number.Draw(t, "f"),
		}
		want, got := NewRaster(17, 11), NewRaster(17, 11)
		p.WarpRepeating(want, m)
		whole.WarpRepeating(got, m)
		for i := range want.R {
			require.InDelta(t, want.R[i], got.R[i], 0.02)
			require.InDelta(t, want.G[i], got.G[i], 0.02)
			require.InDelta(t, want.B[i], got.B[i], 0.02)
		}
	})
}

func TestAffineAfter(t *testing.T) {
	m, n := Affine{A: 2, B: -1, C: 3, D: 0.5, E: 4, F: -2}, Affine{A: 1, B: 3, C: -5, D: -2, E: 0.25, F: 7}
	x, y := m.After(n).Apply(11, -13)
	u, v := n.Apply(11, -13)
	u, v = m.Apply(u, v)
	require.InDelta(t, u, x, 1e-12)
	require.InDelta(t, v, y, 1e-12)
}
