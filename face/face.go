// Package face holds the nouns that every room shares: where a face is in a
// photo, the template made of it, and what can be said of the photo's quality.
// It does no I/O.
package face

// Point is a position in pixels of the upright photo, origin at the top left.
type Point struct {
	X float32 `json:"x"`
	Y float32 `json:"y"`
}

// Box is an axis-aligned rectangle in pixels of the upright photo. It may
// reach beyond the photo's edge when the face does.
type Box struct {
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
	Width  float32 `json:"width"`
	Height float32 `json:"height"`
}

// Area is the box's area in square pixels.
func (b Box) Area() float32 { return float32(b.Width * b.Height) }

// Intersection is the area that two boxes share, in square pixels.
func (b Box) Intersection(o Box) float32 {
	w := min(b.X+b.Width, o.X+o.Width) - max(b.X, o.X)
	h := min(b.Y+b.Height, o.Y+o.Height) - max(b.Y, o.Y)
	return float32(max(w, 0) * max(h, 0))
}

// IoU is the intersection of two boxes over their union, in [0, 1].
func (b Box) IoU(o Box) float32 {
	inter := b.Intersection(o)
	if inter == 0 {
		return 0
	}
	return inter / (b.Area() + o.Area() - inter)
}

// Landmarks are the five points alignment uses, from left to right as the
// photo shows them: eye, eye, nose tip, mouth corner, mouth corner.
type Landmarks [5]Point
