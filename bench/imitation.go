package main

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"

	"oneton/spoil"
)

// imitation makes of a photo what a camera would see of an attack with it, as
// far as a program can: nothing was printed, shown or photographed. Its name is
// that of the presentation attack instrument's species.
type imitation struct {
	name string
	make func(photo *spoil.Canvas, rng *rand.Rand) *spoil.Canvas
}

func imitations() []imitation {
	return []imitation{
		{"screen", screen},
		{"screen with its bezel in a scene", func(photo *spoil.Canvas, rng *rand.Rand) *spoil.Canvas {
			return inScene(screen(photo, rng), 15, rng)
		}},
		{"print", paper},
		{"print with a margin in a scene", func(photo *spoil.Canvas, rng *rand.Rand) *spoil.Canvas {
			return inScene(paper(photo, rng), 240, rng)
		}},
	}
}

// screen has a screen's gamma, blue light, reflection and moiré, the beat of
// its pixels with the camera's.
func screen(photo *spoil.Canvas, rng *rand.Rand) *spoil.Canvas {
	c := spoil.New(photo.Width, photo.Height)
	angle, period := 0.3*rng.Float64(), 2.2+2.8*rng.Float64()
	glareX, glareY := rng.Float64()*float64(c.Width), rng.Float64()*float64(c.Height)
	radius := 0.3 * float64(c.Width)
	glare := make([]float64, c.Width*c.Height)
	for y := range c.Height {
		for x := range c.Width {
			fx, fy := float64(x), float64(y)
			moire := 1 + 0.12*math.Sin(2*math.Pi*(fx*math.Cos(angle)+fy*math.Sin(angle))/period)*math.Sin(2*math.Pi*fy/(1.03*period))
			i := y*c.Width + x
			for ch, tint := range [spoil.Channels]float64{1, 1, 1.12} {
				c.Pix[spoil.Channels*i+ch] = 255 * math.Pow(photo.Pix[spoil.Channels*i+ch]/255, 0.85) * moire * tint
			}
			glare[i] = 60 * max(0, 1-((fx-glareX)*(fx-glareX)+(fy-glareY)*(fy-glareY))/(radius*radius))
		}
	}
	c.Blur(0.8)
	c.Noise(2, false, rng)
	for i := range c.Pix {
		c.Pix[i] += glare[i/spoil.Channels]
	}
	return c
}

// paper has a print's grey black, dull white, softness and grain.
func paper(photo *spoil.Canvas, rng *rand.Rand) *spoil.Canvas {
	c := spoil.New(photo.Width, photo.Height)
	copy(c.Pix, photo.Pix)
	c.Each(func(v float64) float64 { return 20 + 0.8*v })
	c.Blur(1)
	c.Noise(4, true, rng)
	return c
}

// inScene shows a picture smaller, with a border of a grey level, before a
// blurred room.
func inScene(shown *spoil.Canvas, border float64, rng *rand.Rand) *spoil.Canvas {
	const cells, share = 6, 0.6
	room := spoil.New(cells, cells)
	room.Each(func(float64) float64 { return 60 + 140*rng.Float64() })
	scene := room.Scaled(shown.Width, shown.Height, draw.CatmullRom)
	small := shown.Scaled(int(share*float64(shown.Width)), int(share*float64(shown.Height)), draw.BiLinear)
	at := image.Pt((scene.Width-small.Width)/2, (scene.Height-small.Height)/2)
	edge := max(6, scene.Width/40)
	frame := image.Rectangle{Min: at, Max: at.Add(image.Pt(small.Width, small.Height))}.Inset(-edge)
	scene.Fill(frame, [spoil.Channels]float64{border, border, border})
	scene.Paste(small, at)
	return scene
}
