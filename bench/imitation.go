package main

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// imitation makes of a photo what a camera would see of an attack with it, as
// far as a program can: nothing was printed, shown or photographed. Its name is
// that of the presentation attack instrument's species.
type imitation struct {
	name string
	make func(photo *canvas, rng *rand.Rand) *canvas
}

func imitations() []imitation {
	return []imitation{
		{"screen", screen},
		{"screen with its bezel in a scene", func(photo *canvas, rng *rand.Rand) *canvas {
			return inScene(screen(photo, rng), 15, rng)
		}},
		{"print", paper},
		{"print with a margin in a scene", func(photo *canvas, rng *rand.Rand) *canvas {
			return inScene(paper(photo, rng), 240, rng)
		}},
	}
}

// screen has a screen's gamma, blue light, reflection and moiré, the beat of
// its pixels with the camera's.
func screen(photo *canvas, rng *rand.Rand) *canvas {
	c := newCanvas(photo.width, photo.height)
	angle, period := 0.3*rng.Float64(), 2.2+2.8*rng.Float64()
	glareX, glareY := rng.Float64()*float64(c.width), rng.Float64()*float64(c.height)
	radius := 0.3 * float64(c.width)
	glare := make([]float64, c.width*c.height)
	for y := range c.height {
		for x := range c.width {
			fx, fy := float64(x), float64(y)
			moire := 1 + 0.12*math.Sin(2*math.Pi*(fx*math.Cos(angle)+fy*math.Sin(angle))/period)*math.Sin(2*math.Pi*fy/(1.03*period))
			i := y*c.width + x
			for ch, tint := range [channels]float64{1, 1, 1.12} {
				c.pix[channels*i+ch] = 255 * math.Pow(photo.pix[channels*i+ch]/255, 0.85) * moire * tint
			}
			glare[i] = 60 * max(0, 1-((fx-glareX)*(fx-glareX)+(fy-glareY)*(fy-glareY))/(radius*radius))
		}
	}
	c.blur(0.8)
	c.noise(2, false, rng)
	for i := range c.pix {
		c.pix[i] += glare[i/channels]
	}
	return c
}

// paper has a print's grey black, dull white, softness and grain.
func paper(photo *canvas, rng *rand.Rand) *canvas {
	c := newCanvas(photo.width, photo.height)
	copy(c.pix, photo.pix)
	c.each(func(v float64) float64 { return 20 + 0.8*v })
	c.blur(1)
	c.noise(4, true, rng)
	return c
}

// inScene shows a picture smaller, with a border of a grey level, before a
// blurred room.
func inScene(shown *canvas, border float64, rng *rand.Rand) *canvas {
	const cells, share = 6, 0.6
	room := newCanvas(cells, cells)
	room.each(func(float64) float64 { return 60 + 140*rng.Float64() })
	scene := room.scaled(shown.width, shown.height, draw.CatmullRom)
	small := shown.scaled(int(share*float64(shown.width)), int(share*float64(shown.height)), draw.BiLinear)
	at := image.Pt((scene.width-small.width)/2, (scene.height-small.height)/2)
	edge := max(6, scene.width/40)
	frame := image.Rectangle{Min: at, Max: at.Add(image.Pt(small.width, small.height))}.Inset(-edge)
	scene.fill(frame, [channels]float64{border, border, border})
	scene.paste(small, at)
	return scene
}
