package main

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"

	"oneton/spoil"
)

// degradation spoils an aligned crop with a strength from 0 to 1.
type degradation struct {
	name  string
	apply func(c *spoil.Canvas, strength float64, rng *rand.Rand) (*spoil.Canvas, error)
}

// inPlace is a degradation that cannot fail.
func inPlace(name string, apply func(c *spoil.Canvas, strength float64, rng *rand.Rand)) degradation {
	return degradation{name, func(c *spoil.Canvas, strength float64, rng *rand.Rand) (*spoil.Canvas, error) {
		apply(c, strength, rng)
		return c, nil
	}}
}

// degradations are what photos suffer, from hardly visible to hopeless.
func degradations() []degradation {
	return []degradation{
		inPlace("blur", func(c *spoil.Canvas, s float64, _ *rand.Rand) { c.Blur(0.5 + 3.5*s) }),
		inPlace("motion", func(c *spoil.Canvas, s float64, rng *rand.Rand) { c.Move(3+int(16*s), math.Pi*rng.Float64()) }),
		inPlace("noise", func(c *spoil.Canvas, s float64, rng *rand.Rand) { c.Noise(5+55*s, false, rng) }),
		inPlace("dark", func(c *spoil.Canvas, s float64, rng *rand.Rand) {
			gain := 0.5*(1-s) + 0.03
			// Photons come by chance: a count's variance is its mean.
			c.Each(func(v float64) float64 { return math.Round(max(0, gain*v+rng.NormFloat64()*math.Sqrt(gain*v))) })
			c.Noise(2, false, rng)
		}),
		inPlace("bright", func(c *spoil.Canvas, s float64, _ *rand.Rand) {
			c.Each(func(v float64) float64 { return v*(1.3+2.7*s) + 30*s })
		}),
		inPlace("contrast", func(c *spoil.Canvas, s float64, rng *rand.Rand) {
			c.Each(func(v float64) float64 { return math.Round((v-128)*(0.6*(1-s)+0.04) + 128) })
			c.Noise(1, false, rng)
		}),
		{"small", func(c *spoil.Canvas, s float64, _ *rand.Rand) (*spoil.Canvas, error) {
			side := int(math.Round(64 - 54*s))
			return c.Scaled(side, side, draw.BiLinear).Scaled(c.Width, c.Height, draw.BiLinear), nil
		}},
		{"jpeg", func(c *spoil.Canvas, s float64, _ *rand.Rand) (*spoil.Canvas, error) {
			return c.ThroughJPEG(int(math.Round(30 - 28*s)))
		}},
		inPlace("occluded", occlude),
		inPlace("none", func(*spoil.Canvas, float64, *rand.Rand) {}),
	}
}

// occlude hides the eyes, the mouth or a side of an aligned crop.
func occlude(c *spoil.Canvas, strength float64, rng *rand.Rand) {
	const eyes = 52
	share := 0.4 + 0.6*strength
	colour := [spoil.Channels]float64{255 * rng.Float64(), 255 * rng.Float64(), 255 * rng.Float64()}
	side := image.Rect(0, 0, c.Width, c.Height)
	switch rng.IntN(4) {
	case 0:
		half := int(18 * share)
		side = image.Rect(15, eyes-half, 97, eyes+half)
	case 1:
		side.Min.Y = c.Height - int(48*share)
	case 2:
		side.Max.X = int(60 * share)
	default:
		side.Min.X = c.Width - int(60*share)
	}
	c.Fill(side, colour)
}
