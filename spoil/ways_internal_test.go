package spoil

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// side is an aligned crop's, in pixels.
const side = 112

func TestWays(t *testing.T) {
	require.Len(t, Ways(), 29)
	names := map[string]bool{}
	for _, way := range Ways() {
		names[way.Name] = true
		c := New(side, side)
		for i := range c.Pix {
			c.Pix[i] = float64(i % 251)
		}
		spoiled, err := way.Spoil(c, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		require.Len(t, spoiled.Bytes(), Channels*side*side)
	}
	require.Len(t, names, 29)

	c := Of([]byte{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}, 2)
	c.turn(1)
	require.Equal(t, []byte{3, 3, 3, 1, 1, 1, 4, 4, 4, 2, 2, 2}, c.Bytes(), "clockwise")

	grey := New(40, 40)
	grey.Each(func(float64) float64 { return 100 })
	grey.diffuse(2)
	white := 0
	for _, v := range grey.Pix {
		require.True(t, v == 0 || v == 255)
		if v == 255 {
			white++
		}
	}
	require.InDelta(t, 100.0/255, float64(white)/float64(len(grey.Pix)), 0.02, "as light as before")
}
