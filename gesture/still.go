package gesture

import (
	"math"

	"oneton/picture"
)

// patchSide is the side of a patch, and margin what of its edge does not count.
const patchSide, margin = 48, 4

// Where the outer corners of the eyes and the end of the nose lie in a patch.
var patchLeft, patchRight, patchNose = point{10, 14}, point{38, 14}, point{24, 29}

// patch is a small grey picture of a face, set straight by three points.
type patch []float32

// newPatch is the patch of a face with the points.
func newPatch(p *picture.Picture, l *points) patch {
	return grey(show(p, straight(l), patchSide), white)
}

// straight is the similarity transform from the patch to the picture with the least
// squared error at the three points.
func straight(l *points) picture.Affine {
	from := [3]point{patchLeft, patchRight, patchNose}
	onto := [3]point{l[leftCorner], l[rightCorner], l[noseEnd]}
	var f, t point
	for i := range from {
		f.x, f.y = f.x+from[i].x/3, f.y+from[i].y/3
		t.x, t.y = t.x+onto[i].x/3, t.y+onto[i].y/3
	}
	var re, im, spread float64
	for i := range from {
		x, y := from[i].x-f.x, from[i].y-f.y
		u, v := onto[i].x-t.x, onto[i].y-t.y
		re += float64(x*u) + float64(y*v)
		im += float64(x*v) - float64(y*u)
		spread += float64(x*x) + float64(y*y)
	}
	a, b := re/spread, im/spread
	return picture.Affine{
		A: a, B: -b, C: t.x - float64(a*f.x) + float64(b*f.y),
		D: b, E: a, F: t.y - float64(b*f.x) - float64(a*f.y),
	}
}

// counts says whether a pixel of a patch does: those of the eyes and of the edge do
// not.
func counts(x, y int) bool {
	inside := x >= margin && x < patchSide-margin && y >= 2 && y < patchSide-margin
	eyes := y >= 9 && y < 19 && x >= 6 && x < 42
	return inside && !eyes
}

// likeness is the correlation of two patches beside the eyes, which brighter or
// dimmer light does not change; 1 is the same.
func (p patch) likeness(q patch) float64 {
	var n, a, b, aa, bb, ab float64
	for y := range patchSide {
		for x := range patchSide {
			if !counts(x, y) {
				continue
			}
			u, v := float64(p[y*patchSide+x]), float64(q[y*patchSide+x])
			n, a, b = n+1, a+u, b+v
			aa += float64(u * u)
			bb += float64(v * v)
			ab += float64(u * v)
		}
	}
	spread := float64((aa - float64(a*a)/n) * (bb - float64(b*b)/n))
	if !(spread > 0) {
		return 0
	}
	return (ab - float64(a*b)/n) / math.Sqrt(spread)
}
