package embed

import (
	"context"
	"image"
	"math"

	"oneton/picture"
)

// slants are by how many degrees a photo is turned clockwise to find heads that
// lean. Of 16 heads that the detector sees 24 pixels wide in front of different
// grounds it finds all that lean by 0°, 13 by 20°, 6 by 30° and 2 by 45°; 40 pixels
// wide all, all, 15 and 7. Turned so, a head that leans by up to 45° leans by 15°.
var slants = []float64{30, -30}

// slant is a photo as it looks turned by an angle.
type slant struct {
	*picture.Picture
	// width and height bound it, and toPhoto is the map back.
	width, height int
	toPhoto       picture.Affine
}

func newSlant(p *picture.Picture, degrees float64) slant {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w, h := float64(p.Width), float64(p.Height)
	s := slant{
		Picture: p,
		width:   int(math.Ceil(float64(w*math.Abs(cos)) + float64(h*math.Abs(sin)))),
		height:  int(math.Ceil(float64(w*math.Abs(sin)) + float64(h*math.Abs(cos)))),
		toPhoto: picture.Affine{A: cos, B: sin, D: -sin, E: cos},
	}
	x, y := s.toPhoto.Apply(float64(s.width-1)/2, float64(s.height-1)/2)
	s.toPhoto.C, s.toPhoto.F = float64((w-1)/2)-x, float64((h-1)/2)-y
	return s
}

// behind is the part of the photo that a tile of the slant shows; empty when it shows
// nothing: what bounds the slant overlaps every tile along its own sides, so that
// the photo's sides tell.
func (s slant) behind(tile image.Rectangle) image.Rectangle {
	first, last := tile.Min, tile.Max.Sub(image.Pt(1, 1))
	left, top := s.toPhoto.Apply(float64(first.X), float64(first.Y))
	right, bottom := left, top
	for _, corner := range [3]image.Point{{X: last.X, Y: first.Y}, {X: first.X, Y: last.Y}, last} {
		x, y := s.toPhoto.Apply(float64(corner.X), float64(corner.Y))
		left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
	}
	return image.Rect(
		int(math.Floor(left)), int(math.Floor(top)), int(math.Ceil(right))+1, int(math.Ceil(bottom))+1,
	).Intersect(image.Rect(0, 0, s.Width, s.Height))
}

// turn brings a detection from the slant to the photo. Its box stays upright, about
// the same middle.
func (s slant) turn(d *detection) {
	halfWidth, halfHeight := float32(d.box.Width/2), float32(d.box.Height/2)
	x, y := s.toPhoto.Apply(float64(d.box.X+halfWidth), float64(d.box.Y+halfHeight))
	d.box.X, d.box.Y = float32(x)-halfWidth, float32(y)-halfHeight
	d.landmarks = mapped(d.landmarks, s.toPhoto)
}

// detectLeaning finds faces in a tile of a slant that shows a part of the photo.
func (d *detector) detectLeaning(ctx context.Context, s slant, tile image.Rectangle, m *memory) ([]detection, error) {
	size := max(1, float64(max(tile.Dx(), tile.Dy()))/float64(d.Frame))
	w, h := int(math.Ceil(float64(tile.Dx())/size)), int(math.Ceil(float64(tile.Dy())/size))
	f := frame{width: roundUp(w, d.MaxStride()), height: roundUp(h, d.MaxStride()), at: image.Rect(0, 0, w, h)}
	if !d.AnySize {
		f.width, f.height = d.Frame, d.Frame
	}
	part := s.behind(tile)
	input := m.frame[:3*f.width*f.height]
	shown := raster(input, f.width, f.height, d.Input.Colour)
	shift := float64((size - 1) / 2)
	toPhoto := s.toPhoto.After(picture.Affine{A: size, C: float64(tile.Min.X) + shift, E: size, F: float64(tile.Min.Y) + shift})
	sourceIn(s.Picture, part, size, m.slanted(inputSize(int(float64(max(part.Dx(), part.Dy()))/size)+1))).warp(shown, toPhoto)
	shown.Frame(toPhoto, s.Width, s.Height, 0)
	found, err := d.run(ctx, input, f.width, f.height)
	if err != nil {
		return nil, err
	}
	whole := found[:0]
	for _, seen := range found {
		f.toPhoto(&seen, tile.Dx(), tile.Dy())
		seen.move(float32(tile.Min.X), float32(tile.Min.Y))
		if !seen.cut(tile, s.width, s.height) {
			s.turn(&seen)
			whole = append(whole, seen)
		}
	}
	return whole, nil
}
