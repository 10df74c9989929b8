package gesture

import (
	"image"
	"math"

	"oneton/face"
	"oneton/picture"
)

// around is the map from a square raster of the side to the square that has the
// box's middle and its longer side.
func around(box face.Box, side int) picture.Affine {
	x := float64(box.X) + float64(box.Width)/2
	y := float64(box.Y) + float64(box.Height)/2
	return square(x, y, float64(max(box.Width, box.Height)), side)
}

// square is the map from a square raster of the side to the square of a size around
// a place, both as pixel centres count.
func square(x, y, size float64, side int) picture.Affine {
	k := size / float64(side)
	middle := float64(side-1) / 2
	return picture.Affine{A: k, C: x - float64(k*middle), E: k, F: y - float64(k*middle)}
}

// show is what the map says of the picture, with the picture's edge repeated
// beyond it. Where it shrinks the picture, all of the pixels count.
func show(p *picture.Picture, view picture.Affine, side int) *picture.Raster {
	dst := picture.NewRaster(side, side)
	k := math.Hypot(view.A, view.D)
	if !(k > 0 && k <= maxSide) {
		return dst // no view of anything
	}
	if k <= 1 {
		p.WarpRepeating(dst, view)
		return dst
	}
	part := reach(view, side).Intersect(image.Rect(0, 0, p.Width, p.Height))
	width, height := int(float64(part.Dx())/k), int(float64(part.Dy())/k)
	if width < 1 || height < 1 {
		p.WarpRepeating(dst, view)
		return dst
	}
	shrunk := picture.NewRaster(width, height)
	p.Part(part).Resize(shrunk, image.Rect(0, 0, width, height))
	sx, sy := float64(width)/float64(part.Dx()), float64(height)/float64(part.Dy())
	shrunk.WarpRepeating(dst, picture.Affine{
		A: sx, C: float64(sx*(0.5-float64(part.Min.X))) - 0.5,
		E: sy, F: float64(sy*(0.5-float64(part.Min.Y))) - 0.5,
	}.After(view))
	return dst
}

// maxSide is more than any picture has.
const maxSide = 1 << 16

// reach bounds what of the picture the map shows in a raster of the side, with a
// pixel of the raster's around it.
func reach(view picture.Affine, side int) image.Rectangle {
	left, top := view.Apply(-1, -1)
	right, bottom := left, top
	for _, corner := range [3][2]float64{{float64(side), -1}, {-1, float64(side)}, {float64(side), float64(side)}} {
		x, y := view.Apply(corner[0], corner[1])
		left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
	}
	return image.Rect(int(math.Floor(left)), int(math.Floor(top)), int(math.Ceil(right)), int(math.Ceil(bottom)))
}

// grey is the raster's luma (ITU-R BT.601) over what white is.
func grey(r *picture.Raster, white float32) []float32 {
	const red, green, blue = 0.299, 0.587, 0.114
	out := make([]float32, len(r.R))
	for i, v := range r.R {
		luma := float32(v*red) + float32(r.G[i]*green) + float32(r.B[i]*blue)
		out[i] = luma / white
	}
	return out
}
