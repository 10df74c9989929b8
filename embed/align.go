package embed

import (
	"math"

	"oneton/face"
	"oneton/picture"
)

// cropSide is the side of an aligned crop in pixels.
const cropSide = 112

// beyond is the grey of an aligned crop beyond the photo's edge.
const beyond = 127

// arcFace112 is where ArcFace's training put the five landmarks in a crop of
// 112×112 pixels (Deng et al., "ArcFace", 2019; InsightFace, face_align.py).
var arcFace112 = face.Landmarks{
	{X: 38.2946, Y: 51.6963},
	{X: 73.5318, Y: 51.5014},
	{X: 56.0252, Y: 71.7366},
	{X: 41.5493, Y: 92.3655},
	{X: 70.7299, Y: 92.2041},
}

// align is the map from the crop to the photo that brings the template onto
// the landmarks: the inverse of the similarity transform with the least
// squared error (Umeyama, 1991, which in two dimensions is a linear regression
// of complex numbers). It is false when the landmarks lie on one point.
func align(from face.Landmarks) (cropToPhoto picture.Affine, ok bool) {
	fx, fy := centre(from)
	tx, ty := centre(arcFace112)
	var re, im, spread float64
	for i := range from {
		x, y := float64(from[i].X)-fx, float64(from[i].Y)-fy
		u, v := float64(arcFace112[i].X)-tx, float64(arcFace112[i].Y)-ty
		re += float64(x*u) + float64(y*v)
		im += float64(x*v) - float64(y*u)
		spread += float64(x*x) + float64(y*y)
	}
	if spread == 0 || (re == 0 && im == 0) {
		return picture.Affine{}, false
	}
	a, b := re/spread, im/spread
	toCrop := picture.Affine{
		A: a, B: -b, C: tx - float64(a*fx) + float64(b*fy),
		D: b, E: a, F: ty - float64(b*fx) - float64(a*fy),
	}
	return toCrop.Inverse(), true
}

// size is how many pixels of the photo one of the crop is wide.
func size(cropToPhoto picture.Affine) float64 {
	return length(complex(cropToPhoto.A, cropToPhoto.D))
}

// inBox is the map from the crop of an upright face to the photo, by its box alone:
// in crops by the landmarks a box of YuNet's lies around (55, 65) and has the area
// of a square of 85 pixels, by the median of the demo photos' faces.
func inBox(b face.Box) picture.Affine {
	const x, y, side = 55, 65, 85
	k := math.Sqrt(float64(b.Area())) / side
	return picture.Affine{
		A: k, C: float64(b.X) + float64(float64(b.Width)/2) - float64(k*x),
		E: k, F: float64(b.Y) + float64(float64(b.Height)/2) - float64(k*y),
	}
}

func centre(l face.Landmarks) (x, y float64) {
	for _, p := range l {
		x += float64(p.X) / float64(len(l))
		y += float64(p.Y) / float64(len(l))
	}
	return x, y
}
