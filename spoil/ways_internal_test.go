package spoil

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWays(t *testing.T) {
	const count = 29 + 10 + 8 + 8
	ways := slices.Concat(Ways(), Alike())
	require.Len(t, ways, count)
	names := map[string]bool{}
	for _, way := range ways {
		names[way.Name] = true
		c := New(side, side)
		for i := range c.Pix {
			c.Pix[i] = float64(i % 251)
		}
		spoiled, err := way.Spoil(c, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		require.Len(t, spoiled.Bytes(), Channels*side*side)
	}
	require.Len(t, names, count)

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

// What is spoiled alike hides, lights or filters what its name says, and nothing
// else.
func TestAlike(t *testing.T) {
	const left, right, nose, mouth, brow = 38, 74, 56, 56, 20
	at := func(c *Canvas, x, y int) colour { return colour(c.Pix[Channels*(y*c.Width+x):][:Channels]) }
	grown := func() *Canvas {
		c := New(side, side)
		for i := range c.Pix {
			c.Pix[i] = float64(40 + i/Channels%side + 20*(i%Channels))
		}
		return c
	}
	spoiled := map[string]*Canvas{}
	for _, way := range slices.Concat(Ways(), Alike()) {
		c, err := way.Spoil(grown(), rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		spoiled[way.Name] = c
	}
	whole := grown()
	for _, of := range []struct {
		way     string
		x, y    int
		want    colour
		visible [][2]int
	}{
		{"lower half black", mouth, 92, colour{}, [][2]int{{left, 52}, {right, 52}}},
		{"upper half black", left, 52, colour{}, [][2]int{{mouth, 92}}},
		{"white mask", mouth, 110, colour{200, 200, 198}, [][2]int{{left, 52}, {right, 52}, {mouth, 57}}},
		{"dark glasses", left, 52, colour{25, 25, 27}, [][2]int{{nose, 52}, {mouth, 92}, {nose, brow}}},
		{"tinted glasses", right, 52, colour{43, 47, 52}, [][2]int{{nose, 52}, {mouth, 92}}},
		{"hat down to the brows", nose, brow, colour{25, 25, 27}, [][2]int{{left, 52}, {mouth, 92}}},
		{"hand over an eye", left, 52, colour{190, 145, 120}, [][2]int{{right, 52}, {mouth, 92}}},
		{"patch over an eye", right, 52, colour{25, 25, 27}, [][2]int{{left, 52}, {mouth, 92}}},
		{"white bar over the eyes", nose, 52, colour{255, 255, 255}, [][2]int{{nose, brow}, {mouth, 92}}},
		{"half in hard shadow", right, 52, colour{9, 11, 12}, [][2]int{{left, 52}}},
		{"red light", right, 52, colour{114, 8, 9}, nil},
		{"negative", right, 52, colour{141, 121, 101}, nil},
		{"red and blue swapped", right, 52, colour{154, 134, 114}, nil},
		{"2 levels a colour", right, 52, colour{0, 255, 255}, nil},
		{"scan lines", right, 52, colour{}, [][2]int{{right, 51}}},
		{"squeezed to 60 %", nose, 52, colour{96, 116, 136}, nil},
	} {
		c := spoiled[of.way]
		got := at(c, of.x, of.y)
		require.InDeltaSlice(t, of.want[:], got[:], 1, of.way)
		for _, v := range of.visible {
			require.Equal(t, at(whole, v[0], v[1]), at(c, v[0], v[1]), "%s at %v", of.way, v)
		}
	}
	light := func(c *Canvas) float64 { return c.light(52*side + right) }
	require.InDelta(t, 255-light(whole), light(spoiled["grey negative"]), 1e-9)
	require.InDelta(t, 255-light(whole), light(spoiled["negative in its own colours"]), 1e-9)
	require.Equal(t, at(spoiled["pixelated eyes"], left, 44), at(spoiled["pixelated eyes"], left+2, 46))
}
