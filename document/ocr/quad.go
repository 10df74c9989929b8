package ocr

import (
	"math"

	"oneton/picture"
)

// Point is a place in a picture, whose pixels' centres are whole numbers.
type Point struct{ X, Y float64 }

func (p Point) plus(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }

func (p Point) minus(q Point) Point { return Point{p.X - q.X, p.Y - q.Y} }

func (p Point) times(s float64) Point { return Point{p.X * s, p.Y * s} }

func (p Point) dot(q Point) float64 { return float64(p.X*q.X) + float64(p.Y*q.Y) }

func (p Point) cross(q Point) float64 { return float64(p.X*q.Y) - float64(p.Y*q.X) }

func (p Point) length() float64 { return math.Sqrt(p.dot(p)) }

// Quad has the corners of a line of text as its reader sees them: top left, top
// right, bottom right and bottom left.
type Quad [4]Point

// Width is how long the line is, from its middle left to its middle right.
func (q Quad) Width() float64 {
	return q[1].plus(q[2]).minus(q[0].plus(q[3])).times(0.5).length()
}

// Height is how high the line is, from its middle top to its middle bottom.
func (q Quad) Height() float64 {
	return q[2].plus(q[3]).minus(q[0].plus(q[1])).times(0.5).length()
}

// Centre is the middle.
func (q Quad) Centre() Point {
	return q[0].plus(q[1]).plus(q[2]).plus(q[3]).times(0.25)
}

// Angle is the direction that the line is read in, in radians clockwise from
// the right, in (-π, π].
func (q Quad) Angle() float64 {
	d := q[1].plus(q[2]).minus(q[0].plus(q[3]))
	return math.Atan2(d.Y, d.X)
}

// Turned is the same place, read in the direction that is so many quarter turns
// clockwise from that of q.
func (q Quad) Turned(quarters int) Quad {
	var t Quad
	for i := range q {
		t[i] = q[(i+quarters%4+4)%4]
	}
	return t
}

// toPicture maps a strip of the size to the picture: the quad's corners are those
// of the strip's outer pixels' outer corners.
func (q Quad) toPicture(width, height int) picture.Affine {
	across, down := q[1].minus(q[0]).times(1/float64(width)), q[3].minus(q[0]).times(1/float64(height))
	origin := q[0].plus(across.times(0.5)).plus(down.times(0.5))
	return picture.Affine{A: across.X, B: down.X, C: origin.X, D: across.Y, E: down.Y, F: origin.Y}
}
