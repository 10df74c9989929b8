package embed

import (
	"image"

	"oneton/embed/pack"
	"oneton/picture"
)

// source is what crops of a face are taken from: the photo or, where the face is
// larger than they show it, the part around it, shrunk, so that they have all of
// the photo's pixels in them and not one of several.
type source struct {
	from interface {
		WarpRepeating(dst *picture.Raster, toSource picture.Affine)
	}
	// fromPhoto is the map from the photo.
	fromPhoto picture.Affine
}

const (
	// sourceReach is how far a source reaches from the crop's middle, over half of
	// its side: to the corners, however the crop is turned, and further.
	sourceReach = 1.75
	// sourceSide is the side of the largest source in pixels, and sourceSize how
	// many values it has.
	sourceSide = cropSide*sourceReach + 1
	sourceSize = 3 * sourceSide * sourceSide
)

// cropMiddle is the crop's middle, across and down.
const cropMiddle = float64(cropSide-1) / 2

// sourceOf is for crops that lie about where the map says. The buffer has
// sourceSize values.
func sourceOf(p *picture.Picture, cropToPhoto picture.Affine, buffer []float32) source {
	whole := source{from: p, fromPhoto: picture.Affine{A: 1, E: 1}}
	size := size(cropToPhoto)
	if size <= 1 {
		return whole
	}
	x, y := cropToPhoto.Apply(cropMiddle, cropMiddle)
	reach := float64(sourceReach * size * cropSide / 2)
	part := image.Rect(
		int(x-reach), int(y-reach), int(x+reach), int(y+reach),
	).Intersect(image.Rect(0, 0, p.Width, p.Height))
	if part.Empty() {
		return whole
	}
	return sourceIn(p, part, size, buffer)
}

// sourceIn is a part of the photo, shrunk so that a pixel of it is as wide as size of
// the photo's, at least 1. The buffer has three values for each of its pixels.
func sourceIn(p *picture.Picture, part image.Rectangle, size float64, buffer []float32) source {
	width := max(1, int(float64(part.Dx())/size))
	height := max(1, int(float64(part.Dy())/size))
	shrunk := raster(buffer, width, height, pack.RGB)
	p.Part(part).Resize(shrunk, image.Rect(0, 0, width, height))
	sx, sy := float64(width)/float64(part.Dx()), float64(height)/float64(part.Dy())
	return source{from: shrunk, fromPhoto: picture.Affine{
		A: sx, C: float64(sx*(0.5-float64(part.Min.X))) - 0.5,
		E: sy, F: float64(sy*(0.5-float64(part.Min.Y))) - 0.5,
	}}
}

// warp shows what the map says, repeating the edge of the photo beyond it.
func (s source) warp(dst *picture.Raster, toPhoto picture.Affine) {
	s.from.WarpRepeating(dst, s.fromPhoto.After(toPhoto))
}
