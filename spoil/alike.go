package spoil

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// side is that of an aligned crop in pixels.
const side = 112

type colour = [Channels]float64

// Alike are ways that hide a part of a face, light it or filter it, the very same
// for everybody.
func Alike() []Way {
	var ways []Way
	for _, of := range [][]alikeWay{hidden(), lit(), filtered()} {
		for _, way := range of {
			ways = append(ways, Way{way.name, func(c *Canvas, _ *rand.Rand) (*Canvas, error) {
				way.spoil(c)
				return c, nil
			}})
		}
	}
	return ways
}

type alikeWay struct {
	name  string
	spoil func(c *Canvas)
}

// hidden are things before a part of a face.
func hidden() []alikeWay {
	darkly := colour{25, 25, 27}
	fill := func(x0, y0, x1, y1 int, what colour) func(*Canvas) {
		return func(c *Canvas) { c.Fill(image.Rect(x0, y0, x1, y1), what) }
	}
	mask := func(of colour) func(*Canvas) { return func(c *Canvas) { c.mask(of) } }
	return []alikeWay{
		{"white mask", mask(colour{235, 235, 232})},
		{"black mask", mask(darkly)},
		{"tinted glasses", func(c *Canvas) { c.glasses(darkly, 0.8) }},
		{"mirrored glasses", func(c *Canvas) { c.glasses(colour{120, 150, 190}, 1) }},
		{"hat down to the brows", func(c *Canvas) {
			c.where(darkly, 1, func(x, y float64) bool { return y < 44-6*aside(x) })
		}},
		{"hand over an eye", func(c *Canvas) {
			c.where(colour{190, 145, 120}, 1, func(x, y float64) bool { return math.Hypot((x-38)/24, (y-54)/17) < 1 })
		}},
		{"patch over an eye", func(c *Canvas) {
			c.where(darkly, 1, func(x, y float64) bool { return math.Hypot((x-74)/15, (y-53)/13) < 1 })
		}},
		{"black bar over the eyes", fill(0, 42, side, 64, colour{})},
		{"white bar over the eyes", fill(0, 42, side, 64, colour{255, 255, 255})},
		{"pixelated eyes", func(c *Canvas) { c.mosaic(42, 64, 11) }},
	}
}

// lit are light that is bad for everybody.
func lit() []alikeWay {
	contrast := func(by float64) func(*Canvas) {
		return func(c *Canvas) { c.Each(func(v float64) float64 { return math.Round((v-128)*by + 128) }) }
	}
	exposed := func(by float64) func(*Canvas) {
		return func(c *Canvas) { c.Each(func(v float64) float64 { return min(255, by*v) }) }
	}
	return []alikeWay{
		{"half in hard shadow", func(c *Canvas) { c.shade(0.08, 1) }},
		{"half in soft shadow", func(c *Canvas) { c.shade(0.2, 20) }},
		{"red light", func(c *Canvas) { c.cast(colour{1, 0.06, 0.06}) }},
		{"blue light", func(c *Canvas) { c.cast(colour{0.1, 0.25, 1}) }},
		{"over-exposed 3 times", exposed(3)},
		{"over-exposed 5 times", exposed(5)},
		{"contrast of a tenth", contrast(0.1)},
		{"contrast of 6 times", contrast(6)},
	}
}

// filtered are what programs make of photos.
func filtered() []alikeWay {
	levels := func(count float64) func(*Canvas) {
		return func(c *Canvas) {
			c.Each(func(v float64) float64 { return math.Round(v/255*(count-1)) * 255 / (count - 1) })
		}
	}
	return []alikeWay{
		{"grey negative", func(c *Canvas) {
			c.lights(func(_ int, light float64) float64 { return 255 - light })
		}},
		{"negative in its own colours", func(c *Canvas) {
			for i := range c.Width * c.Height {
				off := 255 - 2*c.light(i)
				for k := range Channels {
					c.Pix[Channels*i+k] += off
				}
			}
		}},
		{"red and blue swapped", func(c *Canvas) {
			for i := 0; i < len(c.Pix); i += Channels {
				c.Pix[i], c.Pix[i+2] = c.Pix[i+2], c.Pix[i]
			}
		}},
		{"2 levels a colour", levels(2)},
		{"3 levels a colour", levels(3)},
		{"pencil sketch", func(c *Canvas) {
			soft := &Canvas{c.Width, c.Height, append([]float64(nil), c.Pix...)}
			soft.Blur(3)
			c.lights(func(i int, light float64) float64 { return 220 + 5*(light-soft.light(i)) })
		}},
		{"scan lines", func(c *Canvas) {
			for y := range c.Height {
				if y%4 < 2 {
					c.Fill(image.Rect(0, y, c.Width, y+1), colour{})
				}
			}
		}},
		{"squeezed to 60 %", func(c *Canvas) {
			out := c.Scaled(c.Width*6/10, c.Height, draw.BiLinear)
			for y := range c.Height {
				for x := range c.Width {
					from := min(out.Width-1, max(0, x-(c.Width-out.Width)/2))
					copy(c.Pix[Channels*(y*c.Width+x):][:Channels], out.Pix[Channels*(y*out.Width+from):])
				}
			}
		}},
	}
}

// aside is how far a place of an aligned crop is from the middle: 1 at the edges.
func aside(x float64) float64 {
	off := (2*x - side) / side
	return off * off
}

// where paints so much of a colour over the places.
func (c *Canvas) where(of colour, cover float64, hidden func(x, y float64) bool) {
	for y := range c.Height {
		for x := range c.Width {
			if !hidden(float64(x), float64(y)) {
				continue
			}
			for k := range Channels {
				at := &c.Pix[Channels*(y*c.Width+x)+k]
				*at = math.Round((1-cover)*(*at) + cover*of[k])
			}
		}
	}
}

// glasses are two lenses before an aligned crop's eyes.
func (c *Canvas) glasses(of colour, cover float64) {
	c.where(of, cover, func(x, y float64) bool {
		return y >= 42 && y < 64 && (x >= 22 && x < 54 || x >= 58 && x < 90)
	})
}

// mosaic makes rows of blocks, so many across.
func (c *Canvas) mosaic(top, bottom, across int) {
	band := &Canvas{c.Width, bottom - top, c.Pix[Channels*c.Width*top : Channels*c.Width*bottom]}
	little := band.Scaled(across, 2, draw.BiLinear)
	c.Paste(little.Scaled(c.Width, bottom-top, draw.NearestNeighbor), image.Pt(0, top))
}

// shade leaves so much of the light on the right half, with an edge so wide.
func (c *Canvas) shade(gain, edge float64) {
	for i := range c.Pix {
		x := float64(i / Channels % c.Width)
		within := max(0, min(1, 0.5+(x-float64(c.Width)/2)/edge))
		c.Pix[i] = math.Round(c.Pix[i] * (1 - within*(1-gain)))
	}
}

// cast leaves so much of each colour.
func (c *Canvas) cast(gain colour) {
	for i := range c.Pix {
		c.Pix[i] = math.Round(c.Pix[i] * gain[i%Channels])
	}
}

// lights makes the picture grey, by each pixel's number and light.
func (c *Canvas) lights(change func(i int, light float64) float64) {
	grey := make([]float64, c.Width*c.Height)
	for i := range grey {
		grey[i] = change(i, c.light(i))
	}
	c.grey(grey)
}
