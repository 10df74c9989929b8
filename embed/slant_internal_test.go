package embed

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/embed/pack"
	"oneton/picture"
)

// The tiles of a slant that show something of the photo show all of it, and a small
// face is whole in one of them.
func TestSlantsShowEveryFaceWhole(t *testing.T) {
	d := &detector{Detector: pack.Detector{Frame: 640}}
	rapid.Check(t, func(t *rapid.T) {
		p := &picture.Picture{Width: rapid.IntRange(20, 12_000).Draw(t, "width"), Height: rapid.IntRange(20, 12_000).Draw(t, "height")}
		s := newSlant(p, rapid.SampledFrom(slants).Draw(t, "degrees"))
		tiles := d.tiles(s.width, s.height, func(tile image.Rectangle) bool { return !s.behind(tile).Empty() })
		require.LessOrEqual(t, len(tiles), maxTiles)
		x := rapid.Float64Range(0, float64(p.Width-1)).Draw(t, "x")
		y := rapid.Float64Range(0, float64(p.Height-1)).Draw(t, "y")
		u, v := s.toPhoto.Inverse().Apply(x, y)
		require.True(t, -1 <= u && u <= float64(s.width) && -1 <= v && v <= float64(s.height), "%g, %g", u, v)
		if max(s.width, s.height) <= d.Frame {
			require.Empty(t, tiles)
			return
		}
		seen := max(s.width, s.height) * leastShown / d.Frame
		half := rapid.IntRange(0, seen/2).Draw(t, "half a face")
		around := image.Rect(int(u)-half, int(v)-half, int(u)+half, int(v)+half).Intersect(image.Rect(0, 0, s.width, s.height))
		whole := 0
		for _, tile := range tiles {
			if around.In(tile) {
				whole++
			}
		}
		require.Positive(t, whole, "of %v", tiles)
	})
}

// A detection comes back to where in the photo it is.
func TestSlantBringsDetectionsBack(t *testing.T) {
	p := &picture.Picture{Width: 640, Height: 480}
	for _, degrees := range slants {
		s := newSlant(p, degrees)
		d := detection{landmarks: mapped(arcFace112, s.toPhoto.Inverse())}
		x, y := s.toPhoto.Inverse().Apply(300, 200)
		d.box.X, d.box.Y, d.box.Width, d.box.Height = float32(x)-20, float32(y)-30, 40, 60
		s.turn(&d)
		require.InDelta(t, 280, d.box.X, 1e-3)
		require.InDelta(t, 170, d.box.Y, 1e-3)
		for i, l := range arcFace112 {
			require.InDelta(t, l.X, d.landmarks[i].X, 1e-3)
			require.InDelta(t, l.Y, d.landmarks[i].Y, 1e-3)
		}
	}
}
