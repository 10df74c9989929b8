package spoil

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// Way is one way, at one strength, in which a photo is poor.
type Way struct {
	Name string
	// Spoil spoils an aligned crop of 112 by 112 pixels, which it may change.
	Spoil func(c *Canvas, rng *rand.Rand) (*Canvas, error)
}

// Ways are eight kinds at three strengths each, and of some kinds one.
func Ways() []Way {
	var ways []Way
	add := func(name string, spoil func(c *Canvas, rng *rand.Rand)) {
		ways = append(ways, Way{name, func(c *Canvas, rng *rand.Rand) (*Canvas, error) {
			spoil(c, rng)
			return c, nil
		}})
	}
	for _, quarters := range []int{1, 2, 3} {
		add(fmt.Sprintf("turned by %d degrees", 90*quarters), func(c *Canvas, _ *rand.Rand) { c.turn(quarters) })
	}
	for _, deviation := range []float64{3, 6, 10} {
		add(fmt.Sprintf("blur of %.0f pixels", deviation), func(c *Canvas, _ *rand.Rand) { c.Blur(deviation) })
	}
	add("dithered to 4 levels", func(c *Canvas, _ *rand.Rand) { c.diffuse(4) })
	add("dithered to black and white", func(c *Canvas, _ *rand.Rand) { c.diffuse(2) })
	add("dithered at random", func(c *Canvas, rng *rand.Rand) { c.scatter(rng) })
	for _, deviation := range []float64{25, 45, 90} {
		add(fmt.Sprintf("noise of %.0f levels", deviation), func(c *Canvas, rng *rand.Rand) { c.Noise(deviation, false, rng) })
	}
	for _, quality := range []int{8, 4, 2} {
		ways = append(ways, Way{fmt.Sprintf("JPEG of quality %d", quality), func(c *Canvas, _ *rand.Rand) (*Canvas, error) {
			return c.ThroughJPEG(quality)
		}})
	}
	for _, width := range []int{16, 12, 8} {
		ways = append(ways, Way{fmt.Sprintf("%d pixels wide", width), func(c *Canvas, _ *rand.Rand) (*Canvas, error) {
			return c.Scaled(width, width, draw.BiLinear).Scaled(c.Width, c.Height, draw.BiLinear), nil
		}})
	}
	for _, percent := range []float64{10, 4, 2} {
		add(fmt.Sprintf("darkened to %.0f %%", percent), func(c *Canvas, _ *rand.Rand) {
			c.Each(func(v float64) float64 { return math.Round(v * percent / 100) })
		})
	}
	black := [Channels]float64{}
	add("lower third black", func(c *Canvas, _ *rand.Rand) { c.Fill(image.Rect(0, 75, c.Width, c.Height), black) })
	add("lower half black", func(c *Canvas, _ *rand.Rand) { c.Fill(image.Rect(0, 56, c.Width, c.Height), black) })
	add("upper half black", func(c *Canvas, _ *rand.Rand) { c.Fill(image.Rect(0, 0, c.Width, 66), black) })
	add("left half black", func(c *Canvas, _ *rand.Rand) { c.Fill(image.Rect(0, 0, 56, c.Height), black) })
	add("blue mask", func(c *Canvas, _ *rand.Rand) { c.mask([Channels]float64{130, 175, 205}) })
	add("dark glasses", func(c *Canvas, _ *rand.Rand) {
		for _, eye := range []int{38, 74} {
			c.Fill(image.Rect(eye-16, 42, eye+16, 64), [Channels]float64{25, 25, 27})
		}
	})
	add("motion of 16 pixels", func(c *Canvas, rng *rand.Rand) { c.Move(16, math.Pi*rng.Float64()) })
	add("negative", func(c *Canvas, _ *rand.Rand) { c.Each(func(v float64) float64 { return 255 - v }) })
	return ways
}

// mask hides an aligned crop's nose, mouth and chin, with an edge that falls to
// the sides and a light from above.
func (c *Canvas) mask(colour [Channels]float64) {
	for y := range c.Height {
		for x := range c.Width {
			off := float64(2*x-c.Width) / float64(c.Width)
			if float64(y) < 58+float64(12*off*off) {
				continue
			}
			light := 1 - 0.25*off*off - 0.15*float64(y)/float64(c.Height)
			for k := range Channels {
				c.Pix[Channels*(y*c.Width+x)+k] = math.Round(light * colour[k])
			}
		}
	}
}

// turn turns a square picture by quarters.
func (c *Canvas) turn(quarters int) {
	for range quarters {
		out := make([]float64, len(c.Pix))
		for y := range c.Height {
			for x := range c.Width {
				copy(out[Channels*(x*c.Width+c.Width-1-y):][:Channels], c.Pix[Channels*(y*c.Width+x):])
			}
		}
		c.Pix = out
	}
}

// light is the luma of BT.601 at a pixel.
func (c *Canvas) light(i int) float64 {
	return 0.299*c.Pix[Channels*i] + 0.587*c.Pix[Channels*i+1] + 0.114*c.Pix[Channels*i+2]
}

// diffuse makes the picture grey of so many levels, by Floyd and Steinberg's
// error diffusion.
func (c *Canvas) diffuse(count int) {
	step := 255 / float64(count-1)
	grey := make([]float64, c.Width*c.Height)
	for i := range grey {
		grey[i] = c.light(i)
	}
	for y := range c.Height {
		for x := range c.Width {
			i := y*c.Width + x
			now := max(0, min(255, math.Round(grey[i]/step)*step))
			off := grey[i] - now
			grey[i] = now
			for _, to := range []struct {
				dx, dy int
				share  float64
			}{{1, 0, 7}, {-1, 1, 3}, {0, 1, 5}, {1, 1, 1}} {
				if u, v := x+to.dx, y+to.dy; u >= 0 && u < c.Width && v < c.Height {
					grey[v*c.Width+u] += off * to.share / 16
				}
			}
		}
	}
	c.grey(grey)
}

// scatter makes each pixel black or white, white the likelier the lighter.
func (c *Canvas) scatter(rng *rand.Rand) {
	grey := make([]float64, c.Width*c.Height)
	for i := range grey {
		if c.light(i) > 255*rng.Float64() {
			grey[i] = 255
		}
	}
	c.grey(grey)
}

func (c *Canvas) grey(levels []float64) {
	for i, v := range levels {
		for k := range Channels {
			c.Pix[Channels*i+k] = v
		}
	}
}
