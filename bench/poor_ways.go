package main

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// poorWay is one way, at one strength, in which a photo is poor.
type poorWay struct {
	name  string
	spoil func(c *canvas, rng *rand.Rand) (*canvas, error)
}

// poorWays are eight kinds at three strengths each, and of some kinds one.
func poorWays() []poorWay {
	var ways []poorWay
	add := func(name string, spoil func(c *canvas, rng *rand.Rand)) {
		ways = append(ways, poorWay{name, func(c *canvas, rng *rand.Rand) (*canvas, error) {
			spoil(c, rng)
			return c, nil
		}})
	}
	for _, quarters := range []int{1, 2, 3} {
		add(fmt.Sprintf("turned by %d degrees", 90*quarters), func(c *canvas, _ *rand.Rand) { c.turn(quarters) })
	}
	for _, deviation := range []float64{3, 6, 10} {
		add(fmt.Sprintf("blur of %.0f pixels", deviation), func(c *canvas, _ *rand.Rand) { c.blur(deviation) })
	}
	add("dithered to 4 levels", func(c *canvas, _ *rand.Rand) { c.diffuse(4) })
	add("dithered to black and white", func(c *canvas, _ *rand.Rand) { c.diffuse(2) })
	add("dithered at random", func(c *canvas, rng *rand.Rand) { c.scatter(rng) })
	for _, deviation := range []float64{25, 45, 90} {
		add(fmt.Sprintf("noise of %.0f levels", deviation), func(c *canvas, rng *rand.Rand) { c.noise(deviation, false, rng) })
	}
	for _, quality := range []int{8, 4, 2} {
		ways = append(ways, poorWay{fmt.Sprintf("JPEG of quality %d", quality), func(c *canvas, _ *rand.Rand) (*canvas, error) {
			return c.throughJPEG(quality)
		}})
	}
	for _, width := range []int{16, 12, 8} {
		ways = append(ways, poorWay{fmt.Sprintf("%d pixels wide", width), func(c *canvas, _ *rand.Rand) (*canvas, error) {
			return c.scaled(width, width, draw.BiLinear).scaled(c.width, c.height, draw.BiLinear), nil
		}})
	}
	for _, percent := range []float64{10, 4, 2} {
		add(fmt.Sprintf("darkened to %.0f %%", percent), func(c *canvas, _ *rand.Rand) {
			c.each(func(v float64) float64 { return math.Round(v * percent / 100) })
		})
	}
	black := [channels]float64{}
	add("lower third black", func(c *canvas, _ *rand.Rand) { c.fill(image.Rect(0, 75, c.width, c.height), black) })
	add("lower half black", func(c *canvas, _ *rand.Rand) { c.fill(image.Rect(0, 56, c.width, c.height), black) })
	add("upper half black", func(c *canvas, _ *rand.Rand) { c.fill(image.Rect(0, 0, c.width, 66), black) })
	add("left half black", func(c *canvas, _ *rand.Rand) { c.fill(image.Rect(0, 0, 56, c.height), black) })
	add("blue mask", func(c *canvas, _ *rand.Rand) { c.mask([channels]float64{130, 175, 205}) })
	add("dark glasses", func(c *canvas, _ *rand.Rand) {
		for _, eye := range []int{38, 74} {
			c.fill(image.Rect(eye-16, 42, eye+16, 64), [channels]float64{25, 25, 27})
		}
	})
	add("motion of 16 pixels", func(c *canvas, rng *rand.Rand) { c.move(16, math.Pi*rng.Float64()) })
	add("negative", func(c *canvas, _ *rand.Rand) { c.each(func(v float64) float64 { return 255 - v }) })
	return ways
}

// mask hides an aligned crop's nose, mouth and chin, with an edge that falls to
// the sides and a light from above.
func (c *canvas) mask(colour [channels]float64) {
	for y := range c.height {
		for x := range c.width {
			off := float64(2*x-c.width) / float64(c.width)
			if float64(y) < 58+float64(12*off*off) {
				continue
			}
			light := 1 - 0.25*off*off - 0.15*float64(y)/float64(c.height)
			for k := range channels {
				c.pix[channels*(y*c.width+x)+k] = math.Round(light * colour[k])
			}
		}
	}
}

// turn turns a square picture by quarters.
func (c *canvas) turn(quarters int) {
	for range quarters {
		out := make([]float64, len(c.pix))
		for y := range c.height {
			for x := range c.width {
				copy(out[channels*(x*c.width+c.width-1-y):][:channels], c.pix[channels*(y*c.width+x):])
			}
		}
		c.pix = out
	}
}

// light is the luma of BT.601 at a pixel.
func (c *canvas) light(i int) float64 {
	return 0.299*c.pix[channels*i] + 0.587*c.pix[channels*i+1] + 0.114*c.pix[channels*i+2]
}

// diffuse makes the picture grey of so many levels, by Floyd and Steinberg's
// error diffusion.
func (c *canvas) diffuse(count int) {
	step := 255 / float64(count-1)
	grey := make([]float64, c.width*c.height)
	for i := range grey {
		grey[i] = c.light(i)
	}
	for y := range c.height {
		for x := range c.width {
			i := y*c.width + x
			now := max(0, min(255, math.Round(grey[i]/step)*step))
			off := grey[i] - now
			grey[i] = now
			for _, to := range []struct {
				dx, dy int
				share  float64
			}{{1, 0, 7}, {-1, 1, 3}, {0, 1, 5}, {1, 1, 1}} {
				if u, v := x+to.dx, y+to.dy; u >= 0 && u < c.width && v < c.height {
					grey[v*c.width+u] += off * to.share / 16
				}
			}
		}
	}
	c.grey(grey)
}

// scatter makes each pixel black or white, white the likelier the lighter.
func (c *canvas) scatter(rng *rand.Rand) {
	grey := make([]float64, c.width*c.height)
	for i := range grey {
		if c.light(i) > 255*rng.Float64() {
			grey[i] = 255
		}
	}
	c.grey(grey)
}

func (c *canvas) grey(levels []float64) {
	for i, v := range levels {
		for k := range channels {
			c.pix[channels*i+k] = v
		}
	}
}
