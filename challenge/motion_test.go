package challenge

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/picture"
)

// streaked is a picture of spots that are spread over so many pixels each way.
func streaked(t *testing.T, across, down int) *picture.Picture {
	t.Helper()
	const side = 160
	rng := rand.New(rand.NewPCG(8, 8))
	spots := image.NewGray(image.Rect(0, 0, side, side))
	for i := range spots.Pix {
		spots.Pix[i] = uint8(rng.IntN(256))
	}
	m := image.NewGray(spots.Rect)
	for y := range side {
		for x := range side {
			sum, n := 0, 0
			for dy := range down {
				for dx := range across {
					sum, n = sum+int(spots.GrayAt((x+dx)%side, (y+dy)%side).Y), n+1
				}
			}
			m.SetGray(x, y, color.Gray{Y: uint8(sum / n)})
		}
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}))
	p, err := picture.Decode(t.Context(), out.Bytes(), picture.DefaultLimits())
	require.NoError(t, err)
	return p
}

// What is moved has streaks, whichever way, and what is out of focus has none.
func TestMoved(t *testing.T) {
	box := face.Box{X: 10, Y: 10, Width: 130, Height: 140}
	require.True(t, moved(streaked(t, 15, 2), box))
	require.True(t, moved(streaked(t, 2, 15), box))
	require.False(t, moved(streaked(t, 8, 8), box))
	require.False(t, moved(streaked(t, 1, 1), box))
	require.False(t, moved(streaked(t, 1, 1), face.Box{X: 500, Y: 500, Width: 5, Height: 5}), "outside")
}
