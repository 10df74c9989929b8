package main

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// degradation spoils an aligned crop with a strength from 0 to 1.
type degradation struct {
	name  string
	spoil func(c *canvas, strength float64, rng *rand.Rand) (*canvas, error)
}

// inPlace is a degradation that cannot fail.
func inPlace(name string, spoil func(c *canvas, strength float64, rng *rand.Rand)) degradation {
	return degradation{name, func(c *canvas, strength float64, rng *rand.Rand) (*canvas, error) {
		spoil(c, strength, rng)
		return c, nil
	}}
}

// degradations are what photos suffer, from hardly visible to hopeless.
func degradations() []degradation {
	return []degradation{
		inPlace("blur", func(c *canvas, s float64, _ *rand.Rand) { c.blur(0.5 + 3.5*s) }),
		inPlace("motion", func(c *canvas, s float64, rng *rand.Rand) { c.move(3+int(16*s), math.Pi*rng.Float64()) }),
		inPlace("noise", func(c *canvas, s float64, rng *rand.Rand) { c.noise(5+55*s, false, rng) }),
		inPlace("dark", func(c *canvas, s float64, rng *rand.Rand) {
			gain := 0.5*(1-s) + 0.03
			// Photons come by chance: a count's variance is its mean.
			c.each(func(v float64) float64 { return math.Round(max(0, gain*v+rng.NormFloat64()*math.Sqrt(gain*v))) })
			c.noise(2, false, rng)
		}),
		inPlace("bright", func(c *canvas, s float64, _ *rand.Rand) {
			c.each(func(v float64) float64 { return v*(1.3+2.7*s) + 30*s })
		}),
		inPlace("contrast", func(c *canvas, s float64, rng *rand.Rand) {
			c.each(func(v float64) float64 { return math.Round((v-128)*(0.6*(1-s)+0.04) + 128) })
			c.noise(1, false, rng)
		}),
		{"small", func(c *canvas, s float64, _ *rand.Rand) (*canvas, error) {
			side := int(math.Round(64 - 54*s))
			return c.scaled(side, side, draw.BiLinear).scaled(c.width, c.height, draw.BiLinear), nil
		}},
		{"jpeg", func(c *canvas, s float64, _ *rand.Rand) (*canvas, error) {
			return c.throughJPEG(int(math.Round(30 - 28*s)))
		}},
		inPlace("occluded", (*canvas).occlude),
		inPlace("none", func(*canvas, float64, *rand.Rand) {}),
	}
}

// move blurs along a line, as a hand that shakes does.
func (c *canvas) move(length int, angle float64) {
	weight := map[[2]int]float64{}
	for i := range 4 * length {
		at := float64(length-1) * (float64(i)/float64(4*length-1) - 0.5)
		weight[[2]int{int(math.Round(at * math.Cos(angle))), int(math.Round(at * math.Sin(angle)))}] = 1
	}
	var kernel []tap
	for y := -length; y <= length; y++ {
		for x := -length; x <= length; x++ {
			if w := weight[[2]int{x, y}]; w > 0 {
				kernel = append(kernel, tap{x, y, w})
			}
		}
	}
	c.filter(kernel)
}

// occlude hides the eyes, the mouth or a side of an aligned crop.
func (c *canvas) occlude(strength float64, rng *rand.Rand) {
	const eyes = 52
	share := 0.4 + 0.6*strength
	colour := [channels]float64{255 * rng.Float64(), 255 * rng.Float64(), 255 * rng.Float64()}
	side := image.Rect(0, 0, c.width, c.height)
	switch rng.IntN(4) {
	case 0:
		half := int(18 * share)
		side = image.Rect(15, eyes-half, 97, eyes+half)
	case 1:
		side.Min.Y = c.height - int(48*share)
	case 2:
		side.Max.X = int(60 * share)
	default:
		side.Min.X = c.width - int(60*share)
	}
	c.fill(side, colour)
}
