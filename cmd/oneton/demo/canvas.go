package demo

import (
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// canvas is a picture that is drawn on, with its fonts.
type canvas struct {
	*image.RGBA
	title, bold, plain, small font.Face
}

func newCanvas(width, height int, background color.Color) (*canvas, error) {
	c := &canvas{RGBA: image.NewRGBA(image.Rect(0, 0, width, height))}
	for _, f := range []struct {
		face *font.Face
		ttf  []byte
		size float64
	}{
		{&c.title, gobold.TTF, 40},
		{&c.bold, gobold.TTF, 18},
		{&c.plain, goregular.TTF, 16},
		{&c.small, gobold.TTF, 14},
	} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("parse font: %w", err)
		}
		// At 72 dots an inch a point is a pixel.
		*f.face, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return nil, fmt.Errorf("make font of size %g: %w", f.size, err)
		}
	}
	c.fill(c.Bounds(), background)
	return c, nil
}

func (c *canvas) fill(r image.Rectangle, ink color.Color) {
	draw.Draw(c, r, image.NewUniform(ink), image.Point{}, draw.Src)
}

// frame draws a line of the given width just within r.
func (c *canvas) frame(r image.Rectangle, width int, ink color.Color) {
	inner := r.Inset(width)
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, inner.Min.Y), ink)
	c.fill(image.Rect(r.Min.X, inner.Max.Y, r.Max.X, r.Max.Y), ink)
	c.fill(image.Rect(r.Min.X, r.Min.Y, inner.Min.X, r.Max.Y), ink)
	c.fill(image.Rect(inner.Max.X, r.Min.Y, r.Max.X, r.Max.Y), ink)
}

// text writes on the baseline y.
func (c *canvas) text(x, y int, text string, face font.Face, ink color.Color) {
	d := font.Drawer{Dst: c, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}

// tag writes on a filled background whose lower left corner is at (x, y), and
// moves it to stay within the bounds.
func (c *canvas) tag(x, y int, text string, ink color.Color, bounds image.Rectangle) {
	const height, padding = 22, 5
	width := font.MeasureString(c.small, text).Ceil() + 2*padding
	x = max(bounds.Min.X, min(x, bounds.Max.X-width))
	y = max(bounds.Min.Y+height, min(y, bounds.Max.Y))
	c.fill(image.Rect(x, y-height, x+width, y), ink)
	c.text(x+padding, y-padding-1, text, c.small, color.White)
}

// picture draws the part of m within window onto r.
func (c *canvas) picture(r image.Rectangle, m image.Image, window image.Rectangle) {
	draw.CatmullRom.Scale(c, r, m, window, draw.Over, nil)
}
