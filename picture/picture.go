// Package picture decodes photos and resamples them. It never trusts a file's
// name, turns photos upright without copying them, and checks sizes before it
// allocates.
package picture

import (
	"image"
	"math"

	"oneton/picture/internal/kernel"
)

// Picture is a decoded, upright photo. It is read only.
type Picture struct {
	Width, Height int
	// MediaType is what the content is: image/jpeg, image/png, image/webp or
	// image/bmp.
	MediaType string

	planes [3]plane
	colour colour
	// damage is why the file has fewer rows than it announces, if it has, and
	// missing where they would be: beyond the right side, the left, the bottom or
	// the top, as (1, 0), (-1, 0), (0, 1) or (0, -1).
	damage  error
	missing image.Point
}

// colour says what the three planes hold.
type colour int

const (
	rgb colour = iota
	// grey has the same plane three times.
	grey
	// fullRange is Y, Cb and Cr as JFIF defines them.
	fullRange
	// studioRange is Y in 16 to 235 and Cb, Cr in 16 to 240, BT.601, which
	// WebP's lossy format (RFC 6386, section 9.2) uses.
	studioRange
)

// plane is a view of 8-bit samples. Sample (x, y) is at
// pix[origin+x*dx+y*dy], so turning and mirroring change numbers, not memory.
type plane struct {
	pix            []uint8
	origin, dx, dy int
	width, height  int
	// across and down say where the plane's samples lie in the photo.
	across, down axis
}

// axis maps positions along one side of the photo to positions along a plane
// that may have fewer samples. Both count from the outer edge, so that the
// first sample covers 0 to 1.
type axis struct {
	scale, shift float64
}

func (a axis) edge(photo float64) float64 { return float64(photo*a.scale) + a.shift }

// mirror is the axis seen from the other end, for sides of the given lengths.
func (a axis) mirror(photo, samples int) axis {
	return axis{scale: a.scale, shift: float64(samples) - a.edge(float64(photo))}
}

// mirrored is the plane with left and right exchanged; width is the photo's.
func (p plane) mirrored(width int) plane {
	p.origin += (p.width - 1) * p.dx
	p.dx = -p.dx
	p.across = p.across.mirror(width, p.width)
	return p
}

// flipped is the plane with top and bottom exchanged; height is the photo's.
func (p plane) flipped(height int) plane {
	p.origin += (p.height - 1) * p.dy
	p.dy = -p.dy
	p.down = p.down.mirror(height, p.height)
	return p
}

// transposed is the plane with rows and columns exchanged.
func (p plane) transposed() plane {
	p.dx, p.dy = p.dy, p.dx
	p.width, p.height = p.height, p.width
	p.across, p.down = p.down, p.across
	return p
}

// turn makes the picture upright, given the EXIF orientation, 1 to 8 (CIPA
// DC-008, section 4.6.4: the position of row 0 and column 0 of the file).
func (p *Picture) turn(orientation int) {
	mirrored := orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7
	flipped := orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8
	transposed := orientation >= 5
	if transposed {
		p.Width, p.Height = p.Height, p.Width
		p.missing = image.Pt(p.missing.Y, p.missing.X)
	}
	if mirrored {
		p.missing.X = -p.missing.X
	}
	if flipped {
		p.missing.Y = -p.missing.Y
	}
	for i := range p.planes {
		if transposed {
			p.planes[i] = p.planes[i].transposed()
		}
		if mirrored {
			p.planes[i] = p.planes[i].mirrored(p.Width)
		}
		if flipped {
			p.planes[i] = p.planes[i].flipped(p.Height)
		}
	}
}

// lacks notes why the file has no rows below those of the picture as it is.
func (p *Picture) lacks(damage error) { p.damage, p.missing = damage, image.Pt(0, 1) }

// Damage is why the file has fewer rows than it announces; nil when it has all.
func (p *Picture) Damage() error { return p.damage }

// Cuts says whether a box reaches the rows that the file lacks.
func (p *Picture) Cuts(left, top, right, bottom float64) bool {
	switch p.missing {
	case image.Pt(1, 0):
		return right >= float64(p.Width)
	case image.Pt(-1, 0):
		return left <= 0
	case image.Pt(0, 1):
		return bottom >= float64(p.Height)
	case image.Pt(0, -1):
		return top <= 0
	}
	return false
}

// Turned is the picture turned clockwise by 0, 90, 180 or 270 degrees. It
// shares the samples.
func (p *Picture) Turned(degrees int) *Picture {
	t := *p
	t.turn([4]int{upright, 6, 3, 8}[degrees/90])
	return &t
}

// Part is the rectangle of the picture, which must not be empty and lies in it.
// It shares the samples.
func (p *Picture) Part(r image.Rectangle) *Picture {
	q := *p
	q.Width, q.Height = r.Dx(), r.Dy()
	for i := range q.planes {
		q.planes[i] = q.planes[i].columns(r.Min.X, r.Max.X).transposed().columns(r.Min.Y, r.Max.Y).transposed()
	}
	return &q
}

// columns is the plane of the photo's columns in [from, to): the samples of
// which they have a part.
func (p plane) columns(from, to int) plane {
	first := int(math.Floor(p.across.edge(float64(from))))
	last := int(math.Ceil(p.across.edge(float64(to))))
	first, last = max(first, 0), min(last, p.width)
	p.origin += first * p.dx
	p.width = last - first
	p.across.shift = p.across.edge(float64(from)) - float64(first)
	return p
}

// Raster is a small picture as models take it: three planes of float32 in
// [0, 255], row after row.
type Raster struct {
	Width, Height int
	R, G, B       []float32
}

// NewRaster is a black raster.
func NewRaster(width, height int) *Raster {
	n := width * height
	pix := make([]float32, 3*n)
	return &Raster{Width: width, Height: height, R: pix[:n:n], G: pix[n : 2*n : 2*n], B: pix[2*n:]}
}

// matrices are those of JFIF 1.02 (page 3) and of ITU-R BT.601 in studio range.
var matrices = map[colour]*kernel.Matrix{
	fullRange: {
		Gain: 1, RedCr: 1.402, GreenCb: 0.344136, GreenCr: 0.714136, BlueCb: 1.772,
		Middle: 128, White: 255,
	},
	studioRange: {
		Black: 16, Gain: 255.0 / 219, RedCr: 1.596027, GreenCb: 0.391762, GreenCr: 0.812968, BlueCb: 2.017232,
		Middle: 128, White: 255,
	},
}
