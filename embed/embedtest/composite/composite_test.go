package composite_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest/composite"
	"oneton/face"
)

// dotted is a grey head with a red dot at each of its landmarks.
func dotted() composite.Head {
	photo := image.NewRGBA(image.Rect(0, 0, 400, 500))
	for i := range photo.Pix {
		photo.Pix[i] = 128 | uint8(i%4/3*255)
	}
	box := face.Box{X: 120, Y: 130, Width: 160, Height: 210}
	landmarks := face.Landmarks{{X: 165, Y: 215}, {X: 235, Y: 218}, {X: 198, Y: 255}, {X: 170, Y: 292}, {X: 230, Y: 295}}
	for _, l := range landmarks {
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				photo.SetRGBA(int(l.X)+dx, int(l.Y)+dy, color.RGBA{255, 0, 0, 255})
			}
		}
	}
	return composite.Cut(photo, "dotted", box, landmarks)
}

func TestPasteSaysWhereTheLandmarksAre(t *testing.T) {
	for _, tilt := range []float64{0, 30, -45, 90, 135, 180, 270} {
		for _, head := range []composite.Head{dotted(), dotted().Print(color.White), dotted().Card(), dotted().Blurred(0.005)} {
			photo := composite.Ground("wall", 640, 480, 1)
			truth := composite.Paste(photo, composite.Placement{Head: head, X: 300, Y: 250, Width: 120, Tilt: tilt})[0]
			for i, l := range truth.Landmarks {
				c := photo.RGBAAt(int(l.X), int(l.Y))
				require.Greater(t, int(c.R), 180, "tilt %v landmark %d", tilt, i)
				require.Less(t, int(c.G), 90, "tilt %v landmark %d", tilt, i)
			}
			eyes := math.Atan2(float64(truth.Landmarks[1].Y-truth.Landmarks[0].Y), float64(truth.Landmarks[1].X-truth.Landmarks[0].X))
			require.InDelta(t, 0, math.Remainder(eyes*180/math.Pi-tilt-2.4, 360), 0.2)
			require.True(t, truth.Shows(face.Box{X: 240, Y: 170, Width: 120, Height: 157}))
			require.False(t, truth.Shows(face.Box{X: 340, Y: 170, Width: 120, Height: 157}))
		}
	}
}

func TestAlignedBringsTheLandmarksHome(t *testing.T) {
	photo := composite.Ground("room", 640, 480, 1)
	truth := composite.Paste(photo, composite.Placement{Head: dotted(), X: 300, Y: 250, Width: 150, Tilt: 100})[0]
	crop := truth.Aligned(photo)
	require.Len(t, crop, 3*composite.AlignedSide*composite.AlignedSide)
	eye := 3 * (52*composite.AlignedSide + 38)
	require.Greater(t, int(crop[eye]), 180)
	require.Less(t, int(crop[eye+1]), 90)
}

func TestTurnedTurnsClockwise(t *testing.T) {
	photo := image.NewRGBA(image.Rect(0, 0, 3, 2))
	photo.SetRGBA(0, 0, color.RGBA{255, 0, 0, 255})
	right := composite.Turned(photo, 1)
	require.Equal(t, image.Rect(0, 0, 2, 3), right.Rect)
	require.Equal(t, uint8(255), right.RGBAAt(1, 0).R)
	require.Equal(t, photo.Pix, composite.Turned(right, 3).Pix)
}

func TestGroundIsTheSameAgain(t *testing.T) {
	for _, kind := range composite.Backgrounds() {
		a, b := composite.Ground(kind, 800, 90, 3), composite.Ground(kind, 800, 90, 3)
		require.Equal(t, a.Pix, b.Pix, kind)
		require.NotEqual(t, a.Pix, composite.Ground(kind, 800, 90, 4).Pix, kind)
		require.True(t, a.Opaque(), kind)
	}
}
