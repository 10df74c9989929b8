package composite

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// Backgrounds are the kinds of grounds that Ground paints.
func Backgrounds() []string { return []string{"wall", "room", "foliage", "weave", "shelves"} }

// tile is the side of what a large ground repeats, mirrored, so that it has no
// seam.
const tile = 768

// Ground paints a background without faces. The same kind, size and seed give
// the same picture.
func Ground(kind string, width, height int, seed uint64) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 0))
	var m *image.RGBA
	switch kind {
	case "room": // out of focus
		return grain(scaled(cells(5, 4, 50, 210, rng), width, height), 2, rng)
	case "foliage":
		m = octaves([]int{6, 12, 24, 48, 96, 192}, [3]float64{0.7, 1, 0.5}, rng)
	case "weave":
		m = weave(rng)
	case "shelves":
		m = shelves(rng)
	default: // wall
		return grain(scaled(cells(2, 2, 140, 210, rng), width, height), 3, rng)
	}
	return Tiled(m, width, height)
}

// Tiled repeats a picture, mirrored, over a size.
func Tiled(m *image.RGBA, width, height int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for y := range height {
		row := m.Pix[mirror(y, h)*m.Stride:]
		to := out.Pix[y*out.Stride:]
		for x := range width {
			copy(to[4*x:4*x+4], row[4*mirror(x, w):])
		}
	}
	return out
}

// mirror runs 0…n-1, n-1…0, and so on.
func mirror(i, n int) int {
	if i %= 2 * n; i >= n {
		return 2*n - 1 - i
	}
	return i
}

func scaled(m *image.RGBA, width, height int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Rect, m, m.Rect, draw.Src, nil)
	return out
}

// cells are pixels of chance colours.
func cells(width, height int, low, high float64, rng *rand.Rand) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			grey, level := low+(high-low)*rng.Float64(), func(v float64) uint8 { return uint8(max(0, min(255, v))) }
			m.SetRGBA(x, y, color.RGBA{level(grey + 12*rng.NormFloat64()), level(grey + 8*rng.NormFloat64()), level(grey + 12*rng.NormFloat64()), 255})
		}
	}
	return m
}

// grain adds a camera's noise, from a table, since a photo has many pixels.
func grain(m *image.RGBA, deviation float64, rng *rand.Rand) *image.RGBA {
	var noise [1 << 12]int
	for i := range noise {
		noise[i] = int(math.Round(deviation * rng.NormFloat64()))
	}
	at := rng.Uint32()
	for i, v := range m.Pix {
		if i%4 < 3 {
			at = at*1664525 + 1013904223
			m.Pix[i] = uint8(max(0, min(255, int(v)+noise[at>>20])))
		}
	}
	return m
}

// octaves sum noise of finer and finer cells.
func octaves(sides []int, tint [3]float64, rng *rand.Rand) *image.RGBA {
	sum := make([]float64, tile*tile)
	for i, side := range sides {
		layer := scaled(cells(side, side, 0, 255, rng), tile, tile)
		for p := range sum {
			sum[p] += (float64(layer.Pix[4*p]) - 128) * math.Pow(0.75, float64(i))
		}
	}
	m := image.NewRGBA(image.Rect(0, 0, tile, tile))
	for p, v := range sum {
		for c, t := range tint {
			m.Pix[4*p+c] = uint8(max(0, min(255, (105+0.8*v)*t)))
		}
		m.Pix[4*p+3] = 255
	}
	return m
}

// weave is cloth of crossing stripes.
func weave(rng *rand.Rand) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, tile, tile))
	a, b := 5+9*rng.Float64(), 30+50*rng.Float64()
	base := [3]float64{60 + 120*rng.Float64(), 60 + 120*rng.Float64(), 60 + 120*rng.Float64()}
	for y := range tile {
		for x := range tile {
			fx, fy := float64(x), float64(y)
			v := 18*math.Sin(2*math.Pi*(fx+fy)/a) + 30*math.Sin(2*math.Pi*fx/b)*math.Sin(2*math.Pi*fy/b)
			m.SetRGBA(x, y, color.RGBA{uint8(max(0, min(255, base[0]+v))), uint8(max(0, min(255, base[1]+v))), uint8(max(0, min(255, base[2]+0.5*v))), 255})
		}
	}
	return grain(m, 6, rng)
}

// shelves are boxes and books of chance sizes.
func shelves(rng *rand.Rand) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, tile, tile))
	draw.Draw(m, m.Rect, image.NewUniform(color.RGBA{70, 50, 38, 255}), image.Point{}, draw.Src)
	for y := 0; y < tile; y += 128 {
		for x := 6; x < tile; {
			w, h := 12+rng.IntN(34), 70+rng.IntN(46)
			c := color.RGBA{uint8(30 + rng.IntN(190)), uint8(30 + rng.IntN(170)), uint8(30 + rng.IntN(170)), 255}
			draw.Draw(m, image.Rect(x, y+122-h, x+w, y+122), image.NewUniform(c), image.Point{}, draw.Src)
			x += w + 2
		}
	}
	draw.Draw(m, m.Rect, blur(m, 1), image.Point{}, draw.Over) // opaque to the edge
	return grain(m, 4, rng)
}
