package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"

	"golang.org/x/image/draw"

	"oneton/picture"
)

// canvas is a picture to be spoiled: red, green and blue in turn, row after
// row, in grey levels that may leave [0, 255] until they are read out.
type canvas struct {
	width, height int
	pix           []float64
}

const channels = 3

func newCanvas(width, height int) *canvas {
	return &canvas{width: width, height: height, pix: make([]float64, channels*width*height)}
}

// canvasOf is a picture of bytes.
func canvasOf(rgb []byte, width int) *canvas {
	c := newCanvas(width, len(rgb)/channels/width)
	for i, v := range rgb {
		c.pix[i] = float64(v)
	}
	return c
}

// readCanvas reads a photo.
func readCanvas(ctx context.Context, path string) (*canvas, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read photo: %w", err)
	}
	p, err := picture.Decode(ctx, data, picture.DefaultLimits())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := picture.NewRaster(p.Width, p.Height)
	p.Warp(r, picture.Affine{A: 1, E: 1})
	c := newCanvas(p.Width, p.Height)
	for i := range r.R {
		c.pix[channels*i], c.pix[channels*i+1], c.pix[channels*i+2] = float64(r.R[i]), float64(r.G[i]), float64(r.B[i])
	}
	return c, nil
}

// bytes are the levels as 8 bits.
func (c *canvas) bytes() []byte {
	rgb := make([]byte, len(c.pix))
	for i, v := range c.pix {
		rgb[i] = byte(math.Round(max(0, min(255, v))))
	}
	return rgb
}

func (c *canvas) image() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, c.width, c.height))
	for i, v := range c.bytes() {
		m.Pix[i/channels*4+i%channels] = v
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

func canvasFrom(m *image.RGBA) *canvas {
	c := newCanvas(m.Rect.Dx(), m.Rect.Dy())
	for i := range c.pix {
		c.pix[i] = float64(m.Pix[i/channels*4+i%channels])
	}
	return c
}

// scaled is the picture at another size; kernels wider than a pixel average
// what they leave out.
func (c *canvas) scaled(width, height int, kernel draw.Scaler) *canvas {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	kernel.Scale(m, m.Rect, c.image(), image.Rect(0, 0, c.width, c.height), draw.Src, nil)
	return canvasFrom(m)
}

// jpeg is the picture as a file.
func (c *canvas) jpeg(quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, c.image(), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode photo: %w", err)
	}
	return b.Bytes(), nil
}

// throughJPEG is what is left of the canvas in a JPEG of the quality.
func (c *canvas) throughJPEG(quality int) (*canvas, error) {
	data, err := c.jpeg(quality)
	if err != nil {
		return nil, err
	}
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode photo: %w", err)
	}
	back := image.NewRGBA(m.Bounds())
	draw.Draw(back, back.Rect, m, m.Bounds().Min, draw.Src)
	return canvasFrom(back), nil
}

// each changes every level.
func (c *canvas) each(change func(v float64) float64) {
	for i, v := range c.pix {
		c.pix[i] = change(v)
	}
}

// noise adds normal noise, the same to all colours of a pixel when grey.
func (c *canvas) noise(deviation float64, grey bool, rng *rand.Rand) {
	n := 0.0
	for i := range c.pix {
		if !grey || i%channels == 0 {
			n = rng.NormFloat64() * deviation
		}
		c.pix[i] += n
	}
}

// blur smooths with a Gaussian, repeating the edges.
func (c *canvas) blur(deviation float64) {
	radius := int(math.Ceil(3 * deviation))
	kernel := make([]tap, 0, 2*radius+1)
	for d := -radius; d <= radius; d++ {
		kernel = append(kernel, tap{d, 0, math.Exp(-float64(d*d) / (2 * deviation * deviation))})
	}
	c.filter(kernel)
	for i := range kernel {
		kernel[i].dx, kernel[i].dy = 0, kernel[i].dx
	}
	c.filter(kernel)
}

// tap is one weight of a filter.
type tap struct {
	dx, dy int
	weight float64
}

// filter replaces each pixel by the weighted mean of its neighbours.
func (c *canvas) filter(kernel []tap) {
	total := 0.0
	for _, k := range kernel {
		total += k.weight
	}
	out := make([]float64, len(c.pix))
	for y := range c.height {
		for x := range c.width {
			at := channels * (y*c.width + x)
			for _, k := range kernel {
				u, v := max(0, min(c.width-1, x+k.dx)), max(0, min(c.height-1, y+k.dy))
				from := channels * (v*c.width + u)
				w := k.weight / total
				out[at] += w * c.pix[from]
				out[at+1] += w * c.pix[from+1]
				out[at+2] += w * c.pix[from+2]
			}
		}
	}
	c.pix = out
}

// fill paints a rectangle.
func (c *canvas) fill(r image.Rectangle, colour [channels]float64) {
	r = r.Intersect(image.Rect(0, 0, c.width, c.height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			copy(c.pix[channels*(y*c.width+x):], colour[:])
		}
	}
}

// paste lays another picture on, its top left corner at the point.
func (c *canvas) paste(other *canvas, at image.Point) {
	for y := range other.height {
		from := channels * y * other.width
		to := channels * ((at.Y+y)*c.width + at.X)
		copy(c.pix[to:], other.pix[from:from+channels*other.width])
	}
}
