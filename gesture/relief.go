package gesture

import "math"

// Points of the nose, the eyes and the mouth: those that the relief is of.
const reliefFrom, reliefTo = 27, 60

// heights are how far those points stand out of the plane of the eyes' corners, the
// eyes' outer corners at distance 1: the mean of frontal faces of three people as
// MediaPipe's face mesh (Kartynnik et al., "Real-time Facial Surface Geometry from
// Monocular Video on Mobile GPUs", 2019) sees them, made symmetric.
var heights = [reliefTo - reliefFrom]float64{
	0.161, 0.287, 0.434, 0.472, 0.257, 0.292, 0.308, 0.292, 0.257,
	-0.069, 0.002, 0.021, -0.011, 0.016, -0.003,
	-0.011, 0.021, 0.002, -0.069, -0.003, 0.016,
	0.144, 0.287, 0.324, 0.335, 0.324, 0.287, 0.144, 0.283, 0.313, 0.319, 0.313, 0.283,
}

// unknowns are those of the fit: what maps of second degree do, and the height.
const unknowns = 7

// relief is how far the points of a face have moved sideways, beside those of the same
// face that is seen from the front, by how far they stand out of it: positive towards
// the picture's right. What a picture does that is moved, turned, squeezed, slanted,
// tilted near the camera or bent evenly is a map of its places of the second degree,
// about, and is taken off. It is 0 for shapes that tell nothing.
func relief(front, now *points) float64 {
	var normal [unknowns][unknowns + 1]float64
	for i, h := range heights {
		p := front[reliefFrom+i]
		row := [unknowns]float64{1, p.x, p.y, p.x * p.x, p.x * p.y, p.y * p.y, h}
		for r := range row {
			for c := range row {
				normal[r][c] += float64(row[r] * row[c])
			}
			normal[r][unknowns] += float64(row[r] * now[reliefFrom+i].x)
		}
	}
	return lastUnknown(&normal)
}

// lastUnknown solves the equations, given with their right side, by elimination, and
// returns the last of the unknowns; 0 when they do not tell it.
func lastUnknown(a *[unknowns][unknowns + 1]float64) float64 {
	for c := range unknowns {
		pivot := c
		for r := c + 1; r < unknowns; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		a[c], a[pivot] = a[pivot], a[c]
		if !(math.Abs(a[c][c]) > 1e-12) {
			return 0
		}
		for r := c + 1; r < unknowns; r++ {
			k := a[r][c] / a[c][c]
			for j := c; j <= unknowns; j++ {
				a[r][j] -= float64(k * a[c][j])
			}
		}
	}
	return a[unknowns-1][unknowns] / a[unknowns-1][unknowns-1]
}
