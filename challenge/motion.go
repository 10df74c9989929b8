package challenge

import (
	"image"
	"math"

	"oneton/face"
	"oneton/picture"
)

// streaks is how many times more a blurred face's light changes across its streaks than
// along them, from which on it was moved and is not out of focus.
const streaks = 4

// moved says whether a blurred face has streaks in one direction: whether the structure
// tensor of its light (Förstner and Gülch, "A fast operator for detection and precise
// location of distinct points", 1987) has one axis far longer than the other.
func moved(p *picture.Picture, box face.Box) bool {
	const side = 96
	part := image.Rect(int(box.X), int(box.Y), int(box.X+box.Width), int(box.Y+box.Height)).Intersect(image.Rect(0, 0, p.Width, p.Height))
	if part.Empty() {
		return false
	}
	r := picture.NewRaster(side, side)
	p.Part(part).Resize(r, image.Rect(0, 0, side, side))
	var xx, xy, yy float64
	for y := 1; y < side-1; y++ {
		for x := 1; x < side-1; x++ {
			i := y*side + x
			dx, dy := float64(r.G[i+1]-r.G[i-1]), float64(r.G[i+side]-r.G[i-side])
			xx += float64(dx * dx)
			xy += float64(dx * dy)
			yy += float64(dy * dy)
		}
	}
	half := (xx + yy) / 2
	spread := math.Hypot((xx-yy)/2, xy)
	return half+spread > float64(streaks*(half-spread))
}
