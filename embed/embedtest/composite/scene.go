package composite

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/cmplx"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"oneton/face"
)

// Placement says where a head comes to lie.
type Placement struct {
	Head Head
	// X and Y are where the centre of its face's box is, in pixels.
	X, Y float64
	// Width is that of its face's box before it is tilted, in pixels.
	Width float64
	// Tilt is how far it leans clockwise, in degrees.
	Tilt float64
}

// Truth is where a face is in a photo.
type Truth struct {
	Placement
	// Landmarks are in the order of the upright face, whatever its tilt.
	Landmarks face.Landmarks
}

// Paste blends heads into a photo, the first farthest behind.
func Paste(photo *image.RGBA, heads ...Placement) []Truth {
	truth := make([]Truth, len(heads))
	for i, p := range heads {
		m := p.toPhoto()
		draw.BiLinear.Transform(photo, m, p.Head.Patch, p.Head.Patch.Rect, draw.Over, nil)
		truth[i].Placement = p
		for k, l := range p.Head.Landmarks {
			x, y := float64(l.X), float64(l.Y)
			truth[i].Landmarks[k] = face.Point{X: float32(m[0]*x + m[1]*y + m[2]), Y: float32(m[3]*x + m[4]*y + m[5])}
		}
	}
	return truth
}

// toPhoto maps the patch to the photo.
func (p Placement) toPhoto() f64.Aff3 {
	scale := p.Width / float64(p.Head.Box.Width)
	sin, cos := math.Sincos(p.Tilt * math.Pi / 180)
	cx, cy := float64(p.Head.Box.X+p.Head.Box.Width/2), float64(p.Head.Box.Y+p.Head.Box.Height/2)
	a, b := scale*cos, -scale*sin
	return f64.Aff3{a, b, p.X - a*cx - b*cy, -b, a, p.Y + b*cx - a*cy}
}

// Shows says whether a box that was found is of this face: its centre lies in
// the face's middle, and it is at most twice as wide or narrow.
func (t Truth) Shows(b face.Box) bool {
	dx, dy := float64(b.X+b.Width/2)-t.X, float64(b.Y+b.Height/2)-t.Y
	size := math.Sqrt(float64(b.Area())) / (t.Width * math.Sqrt(float64(t.Head.Box.Height/t.Head.Box.Width)))
	return math.Hypot(dx, dy) < t.Width/2 && size > 0.5 && size < 2
}

// Around is the square around a face that a caller would cut, with a margin on
// each side given as a share of the face's width.
func (t Truth) Around(margin float64) image.Rectangle {
	half := t.Width * (float64(t.Head.Box.Height/t.Head.Box.Width)/2 + margin)
	return image.Rect(int(t.X-half), int(t.Y-half), int(t.X+half), int(t.Y+half))
}

// Crop is a part of a photo at a size.
func Crop(photo *image.RGBA, part image.Rectangle, width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	if part.Dx() == width && part.Dy() == height {
		draw.Draw(m, m.Rect, photo, part.Min, draw.Src)
		return m
	}
	draw.BiLinear.Scale(m, m.Rect, photo, part, draw.Src, nil)
	return m
}

// Turned is the photo a number of quarter turns clockwise.
func Turned(photo *image.RGBA, quarters int) *image.RGBA {
	for range quarters % 4 {
		w, h := photo.Rect.Dx(), photo.Rect.Dy()
		m := image.NewRGBA(image.Rect(0, 0, h, w))
		for y := range h {
			for x := range w {
				copy(m.Pix[m.PixOffset(h-1-y, x):][:4], photo.Pix[photo.PixOffset(x, y):])
			}
		}
		photo = m
	}
	return photo
}

// JPEG is the photo as a camera writes it.
func JPEG(photo image.Image) ([]byte, error) {
	const cameraQuality = 95
	var b bytes.Buffer
	if err := jpeg.Encode(&b, photo, &jpeg.Options{Quality: cameraQuality}); err != nil {
		return nil, fmt.Errorf("encode composite: %w", err)
	}
	return b.Bytes(), nil
}

// Aligned is the crop that an exact detector would give the recogniser:
// AlignedSide pixels square, red, green and blue in turn, with the true
// landmarks where FromAligned has them, by the least squared error.
func (t Truth) Aligned(photo *image.RGBA) []byte {
	to := aligned
	var from, into complex128
	for i := range to {
		from += complex(float64(t.Landmarks[i].X), float64(t.Landmarks[i].Y)) / 5
		into += complex(float64(to[i].X), float64(to[i].Y)) / 5
	}
	var turn complex128
	spread := 0.0
	for i := range to {
		f := complex(float64(t.Landmarks[i].X), float64(t.Landmarks[i].Y)) - from
		turn += (complex(float64(to[i].X), float64(to[i].Y)) - into) * cmplx.Conj(f)
		spread += real(f * cmplx.Conj(f))
	}
	turn /= complex(spread, 0)
	shift := into - turn*from
	crop := image.NewRGBA(image.Rect(0, 0, AlignedSide, AlignedSide))
	draw.BiLinear.Transform(crop, f64.Aff3{real(turn), -imag(turn), real(shift), imag(turn), real(turn), imag(shift)}, photo, photo.Rect, draw.Src, nil)
	rgb := make([]byte, 0, 3*AlignedSide*AlignedSide)
	for i := 0; i < len(crop.Pix); i += 4 {
		rgb = append(rgb, crop.Pix[i:i+3]...)
	}
	return rgb
}
