package embed

import (
	"image"
	"math"

	"oneton/embed/pack"
	"oneton/picture"
)

// source is what small pictures of a face are taken from: the photo or, where
// the face is larger than they show it, the part around it, shrunk, so that they
// have all of the photo's pixels in them and not one of several.
type source struct {
	from interface {
		Warp(dst *picture.Raster, toSource picture.Affine)
	}
	// fromPhoto is the map from the photo.
	fromPhoto picture.Affine
}

const (
	// lookDetail and cropDetail are how many pixels a source has, along each
	// side, for one of a look from near and of the aligned crop.
	lookDetail = 2
	cropDetail = 1
	// sourceReach is how far it reaches from the middle, over half the side of
	// what is taken: to the corners, however that is turned, and further.
	sourceReach = 1.7
)

// sourceSize is how many values a source has at most for squares of the side.
func sourceSize(side int) int {
	return inputSize(int(math.Ceil(sourceReach * lookDetail * float64(side))))
}

// sourceOf is for squares of the side that lie about where the map says. The
// buffer has sourceSize values.
func sourceOf(p *picture.Picture, toPhoto picture.Affine, side int, detail float64, buffer []float32) source {
	whole := source{from: p, fromPhoto: picture.Affine{A: 1, E: 1}}
	// Pixels of the photo for one of the square.
	size := math.Hypot(toPhoto.A, toPhoto.D)
	if size <= detail {
		return whole
	}
	x, y := toPhoto.Apply(float64(side-1)/2, float64(side-1)/2)
	reach := float64(sourceReach * size * float64(side) / 2)
	part := image.Rect(
		int(x-reach), int(y-reach), int(x+reach), int(y+reach),
	).Intersect(image.Rect(0, 0, p.Width, p.Height))
	if part.Empty() {
		return whole
	}
	width := max(1, int(float64(part.Dx())*detail/size))
	height := max(1, int(float64(part.Dy())*detail/size))
	shrunk := raster(buffer, width, height, pack.RGB)
	p.Part(part).Resize(shrunk, image.Rect(0, 0, width, height))
	sx, sy := float64(width)/float64(part.Dx()), float64(height)/float64(part.Dy())
	return source{from: shrunk, fromPhoto: picture.Affine{
		A: sx, C: float64(sx*(0.5-float64(part.Min.X))) - 0.5,
		E: sy, F: float64(sy*(0.5-float64(part.Min.Y))) - 0.5,
	}}
}

func (s source) warp(dst *picture.Raster, toPhoto picture.Affine) {
	s.from.Warp(dst, s.fromPhoto.After(toPhoto))
}
