// Package spoil makes photos poor in known ways, to learn what poor photos do.
package spoil

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// Canvas is a picture to be spoiled: red, green and blue in turn, row after
// row, in grey levels that may leave [0, 255] until they are read out.
type Canvas struct {
	Width, Height int
	Pix           []float64
}

// Channels are red, green and blue.
const Channels = 3

// New is a black picture.
func New(width, height int) *Canvas {
	return &Canvas{Width: width, Height: height, Pix: make([]float64, Channels*width*height)}
}

// Of is a picture of bytes.
func Of(rgb []byte, width int) *Canvas {
	c := New(width, len(rgb)/Channels/width)
	for i, v := range rgb {
		c.Pix[i] = float64(v)
	}
	return c
}

// Bytes are the levels as 8 bits.
func (c *Canvas) Bytes() []byte {
	rgb := make([]byte, len(c.Pix))
	for i, v := range c.Pix {
		rgb[i] = byte(math.Round(max(0, min(255, v))))
	}
	return rgb
}

// Image is the picture with its levels as 8 bits.
func (c *Canvas) Image() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	for i, v := range c.Bytes() {
		m.Pix[i/Channels*4+i%Channels] = v
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

// From is the picture of an image.
func From(m *image.RGBA) *Canvas {
	c := New(m.Rect.Dx(), m.Rect.Dy())
	for i := range c.Pix {
		c.Pix[i] = float64(m.Pix[i/Channels*4+i%Channels])
	}
	return c
}

// Scaled is the picture at another size; kernels wider than a pixel average
// what they leave out.
func (c *Canvas) Scaled(width, height int, kernel draw.Scaler) *Canvas {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	kernel.Scale(m, m.Rect, c.Image(), image.Rect(0, 0, c.Width, c.Height), draw.Src, nil)
	return From(m)
}

// JPEG is the picture as a file.
func (c *Canvas) JPEG(quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, c.Image(), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode photo: %w", err)
	}
	return b.Bytes(), nil
}

// ThroughJPEG is what is left of the canvas in a JPEG of the quality.
func (c *Canvas) ThroughJPEG(quality int) (*Canvas, error) {
	data, err := c.JPEG(quality)
	if err != nil {
		return nil, err
	}
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode photo: %w", err)
	}
	back := image.NewRGBA(m.Bounds())
	draw.Draw(back, back.Rect, m, m.Bounds().Min, draw.Src)
	return From(back), nil
}

// Each changes every level.
func (c *Canvas) Each(change func(v float64) float64) {
	for i, v := range c.Pix {
		c.Pix[i] = change(v)
	}
}

// Noise adds normal noise, the same to all colours of a pixel when grey.
func (c *Canvas) Noise(deviation float64, grey bool, rng *rand.Rand) {
	n := 0.0
	for i := range c.Pix {
		if !grey || i%Channels == 0 {
			n = rng.NormFloat64() * deviation
		}
		c.Pix[i] += n
	}
}

// Blur smooths with a Gaussian, repeating the edges.
func (c *Canvas) Blur(deviation float64) {
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

// Move blurs along a line, as a hand that shakes does.
func (c *Canvas) Move(length int, angle float64) {
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

// tap is one weight of a filter.
type tap struct {
	dx, dy int
	weight float64
}

// filter replaces each pixel by the weighted mean of its neighbours.
func (c *Canvas) filter(kernel []tap) {
	total := 0.0
	for _, k := range kernel {
		total += k.weight
	}
	out := make([]float64, len(c.Pix))
	for y := range c.Height {
		for x := range c.Width {
			at := Channels * (y*c.Width + x)
			for _, k := range kernel {
				u, v := max(0, min(c.Width-1, x+k.dx)), max(0, min(c.Height-1, y+k.dy))
				from := Channels * (v*c.Width + u)
				w := k.weight / total
				out[at] += w * c.Pix[from]
				out[at+1] += w * c.Pix[from+1]
				out[at+2] += w * c.Pix[from+2]
			}
		}
	}
	c.Pix = out
}

// Fill paints a rectangle.
func (c *Canvas) Fill(r image.Rectangle, colour [Channels]float64) {
	r = r.Intersect(image.Rect(0, 0, c.Width, c.Height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			copy(c.Pix[Channels*(y*c.Width+x):], colour[:])
		}
	}
}

// Paste lays another picture on, its top left corner at the point.
func (c *Canvas) Paste(other *Canvas, at image.Point) {
	for y := range other.Height {
		from := Channels * y * other.Width
		to := Channels * ((at.Y+y)*c.Width + at.X)
		copy(c.Pix[to:], other.Pix[from:from+Channels*other.Width])
	}
}
