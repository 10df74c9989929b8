package gesture

import (
	"math"

	"oneton/picture"
)

type point struct{ x, y float64 }

func distance(a, b point) float64 { return math.Hypot(a.x-b.x, a.y-b.y) }

// points are the 68 of a face, in the order of the 300-W annotation (Sagonas et al.,
// "300 Faces in-the-Wild Challenge", 2013): jaw 0 to 16, brows to 26, nose to 35,
// eyes 36 to 41 and 42 to 47, each from its left corner over the upper lid to its
// right one and back, mouth 48 to 67.
type points [68]point

// Places among the points.
const (
	noseEnd                 = 33
	leftCorner, rightCorner = 36, 45
	leftEye, rightEye       = 36, 42
	eyePoints               = 6
	mouthLeft, mouthRight   = 48, 54
)

// eye are the points of the left or the right eye, as the picture shows them.
func (l *points) eye(i int) []point {
	from := [2]int{leftEye, rightEye}[i]
	return l[from : from+eyePoints]
}

// rigid are points that neither a blink nor a smile moves much: along the nose and
// at the corners of the eyes.
var rigid = [...]int{27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45}

// pose is the affine map that brings a face's rigid points onto those of another
// with the least squared error: what a flat picture of a face does when it is moved,
// turned, tilted or brought nearer, but for perspective. It is false when the points
// lie on a line.
func pose(from, onto *points) (picture.Affine, bool) {
	var normal [3][3]float64
	var right [2][3]float64
	for _, i := range rigid {
		row := [3]float64{from[i].x, from[i].y, 1}
		for r := range row {
			for c := range row {
				normal[r][c] += float64(row[r] * row[c])
			}
			right[0][r] += float64(row[r] * onto[i].x)
			right[1][r] += float64(row[r] * onto[i].y)
		}
	}
	x, ok := solve(normal, right[0])
	y, _ := solve(normal, right[1])
	return picture.Affine{A: x[0], B: x[1], C: x[2], D: y[0], E: y[1], F: y[2]}, ok
}

// solve solves a·x = b by Cramer's rule.
func solve(a [3][3]float64, b [3]float64) (x [3]float64, ok bool) {
	det := determinant(a)
	if det == 0 || math.IsNaN(det) {
		return x, false
	}
	for c := range x {
		m := a
		for r := range m {
			m[r][c] = b[r]
		}
		x[c] = determinant(m) / det
	}
	return x, true
}

func determinant(m [3][3]float64) float64 {
	minor := func(c, d int) float64 { return float64(m[1][c]*m[2][d]) - float64(m[1][d]*m[2][c]) }
	return float64(m[0][0]*minor(1, 2)) - float64(m[0][1]*minor(0, 2)) + float64(m[0][2]*minor(0, 1))
}

// through are the points through the map.
func (l *points) through(m picture.Affine) points {
	var out points
	for i, p := range l {
		out[i].x, out[i].y = m.Apply(p.x, p.y)
	}
	return out
}

// scaled are the points about the nose, with the eyes' outer corners at distance 1.
func (l *points) scaled() points {
	k := 1 / max(distance(l[leftCorner], l[rightCorner]), math.SmallestNonzeroFloat32)
	return l.through(picture.Affine{A: k, C: -float64(k * l[noseEnd].x), E: k, F: -float64(k * l[noseEnd].y)})
}

// lids is how wide an eye is open: the eye aspect ratio (Soukupová and Čech,
// "Real-Time Eye Blink Detection using Facial Landmarks", 2016).
func (l *points) lids(i int) float64 {
	e := l.eye(i)
	return (distance(e[1], e[5]) + distance(e[2], e[4])) / 2 / max(distance(e[0], e[3]), math.SmallestNonzeroFloat32)
}

// mouth is the mouth's width.
func (l *points) mouth() float64 { return distance(l[mouthLeft], l[mouthRight]) }
