package embed

import (
	"math"

	"oneton/face"
)

// point3 is a position in space: x to the photo's right, y down, z away from
// the camera.
type point3 [3]float64

// headModel is where the five landmarks lie on an average adult head that
// looks into the camera, in millimetres from the point between the eyes.
var headModel = [5]point3{
	{-32, 0, 0}, {32, 0, 0}, {0, 38, -28}, {-25, 70, -4}, {25, 70, -4},
}

// pose estimates how the head is turned, in degrees: yaw is positive when the
// face turns to the photo's right, pitch when it looks up, roll when it leans
// clockwise. It fits the head model by a scaled orthographic projection
// (Dementhon and Davis, "Model-based object pose in 25 lines of code", 1995,
// first step).
func pose(l face.Landmarks) (yaw, pitch, roll float64) {
	right, ok := project3(func(i int) float64 { return float64(l[i].X) })
	down, _ := project3(func(i int) float64 { return float64(l[i].Y) })
	if !ok {
		return 0, 0, 0
	}
	i, j := unit3(right), unit3(down)
	k := unit3(cross(i, j))
	j = cross(k, i)
	// The rows i, j, k of the rotation say where the head's axes point; its
	// forward direction, -z of the model, is minus the third column.
	yaw = math.Atan2(-i[2], k[2])
	pitch = math.Asin(max(-1, min(1, j[2])))
	roll = math.Atan2(j[0], i[0])
	return degrees(yaw), degrees(pitch), degrees(roll)
}

// project3 is the least-squares projection of the head model onto one
// coordinate of the photo, up to its offset.
func project3(coordinate func(int) float64) (point3, bool) {
	var centre point3
	mean := 0.0
	for i, p := range headModel {
		for c := range centre {
			centre[c] += p[c] / float64(len(headModel))
		}
		mean += coordinate(i) / float64(len(headModel))
	}
	var normal [3]point3
	var rhs point3
	for i, p := range headModel {
		for r := range 3 {
			for c := range 3 {
				normal[r][c] += float64((p[r] - centre[r]) * (p[c] - centre[c]))
			}
			rhs[r] += float64((p[r] - centre[r]) * (coordinate(i) - mean))
		}
	}
	return solve3(normal, rhs)
}

// solve3 solves a·x = b by Cramer's rule.
func solve3(a [3]point3, b point3) (point3, bool) {
	det := dot(a[0], cross(a[1], a[2]))
	if det == 0 {
		return point3{}, false
	}
	// The matrix is symmetric, so its rows are its columns.
	return point3{
		dot(b, cross(a[1], a[2])) / det,
		dot(a[0], cross(b, a[2])) / det,
		dot(a[0], cross(a[1], b)) / det,
	}, true
}

func dot(a, b point3) float64 { return float64(a[0]*b[0]) + float64(a[1]*b[1]) + float64(a[2]*b[2]) }

func cross(a, b point3) point3 {
	return point3{
		float64(a[1]*b[2]) - float64(a[2]*b[1]),
		float64(a[2]*b[0]) - float64(a[0]*b[2]),
		float64(a[0]*b[1]) - float64(a[1]*b[0]),
	}
}

func unit3(a point3) point3 {
	n := math.Sqrt(dot(a, a))
	return point3{a[0] / n, a[1] / n, a[2] / n}
}

func degrees(radians float64) float64 { return radians * 180 / math.Pi }
