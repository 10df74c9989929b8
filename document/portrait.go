package document

import (
	"slices"

	"oneton/face"
	"oneton/photo"
)

// rival is the share of the largest face's area from which on another may be the
// portrait, too.
const rival = 0.5

// shows says whether a face is within the document, however poor its picture is.
func (p Page) shows() bool {
	return slices.ContainsFunc(p.Faces, func(f photo.Face) bool { return holds(p.Bounds, f.Box) })
}

// portrait is the holder's picture: of the faces within the document the largest; where
// another is nearly as large, the one that shows more of a face, since ghost pictures
// are paler. It is nil when there is none that can be compared.
func portrait(p Page) *photo.Face {
	var largest float32
	var inside []photo.Face
	for _, f := range p.Faces {
		if f.Comparable() && holds(p.Bounds, f.Box) {
			inside = append(inside, f)
			largest = max(largest, f.Box.Area())
		}
	}
	var best *photo.Face
	for i, f := range inside {
		if f.Box.Area() >= rival*largest && (best == nil || f.Quality.Score > best.Quality.Score) {
			best = &inside[i]
		}
	}
	return best
}

func union(a, b face.Box) face.Box {
	if a.Area() == 0 {
		return b
	}
	x, y := min(a.X, b.X), min(a.Y, b.Y)
	return face.Box{
		X: x, Y: y,
		Width: max(a.X+a.Width, b.X+b.Width) - x, Height: max(a.Y+a.Height, b.Y+b.Height) - y,
	}
}

// holds says whether a box's middle lies in another.
func holds(within, b face.Box) bool {
	x, y := b.X+b.Width/2, b.Y+b.Height/2
	return x >= within.X && y >= within.Y && x <= within.X+within.Width && y <= within.Y+within.Height
}
