package demo

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"
)

func pattern() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			m.Set(x, y, color.RGBA{uint8(6 * x), uint8(12 * y), 100, 255})
		}
	}
	return m
}

func TestEdits(t *testing.T) {
	m := pattern()
	require.Equal(t, m.At(39, 7), mirrored(m).At(0, 7))
	require.Equal(t, image.Image(m), mirrored(mirrored(m)))
	require.Equal(t, halved(mirrored(m)), edits(mirrored, halved)(m))
	require.Equal(t, image.Rect(0, 0, 20, 10), halved(m).Bounds())
	r, g, b, a := dimmed(m).At(30, 10).RGBA()
	require.InDelta(t, 180*145.0/255, float64(r>>8), 2)
	require.InDelta(t, 120*145.0/255, float64(g>>8), 2)
	require.InDelta(t, 100*145.0/255, float64(b>>8), 2)
	require.Equal(t, uint32(0xffff), a)
}

func TestCutStaysInThePhoto(t *testing.T) {
	for name, tc := range map[string]struct {
		box           box
		width, height int
	}{
		"inside":       {box{X: 15, Y: 5, Width: 10, Height: 10}, 18, 18},
		"at an edge":   {box{X: -2, Y: -2, Width: 10, Height: 10}, 12, 12},
		"fills it all": {box{X: -5, Y: -5, Width: 60, Height: 40}, 40, 20},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := photo{image: pattern()}.cut(tc.box)
			require.NoError(t, err)
			require.Equal(t, image.Rect(0, 0, tc.width, tc.height), p.image.Bounds())
			require.NotEmpty(t, p.encoded)
		})
	}
}

func TestWindowShowsTheFaces(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 1000, 2000))
	for name, tc := range map[string]struct {
		marks []mark
		inner image.Rectangle
	}{
		"no face":        {nil, image.Rect(490, 990, 510, 1010)},
		"face in a wide": {[]mark{{box: box{X: 400, Y: 300, Width: 100, Height: 130}}}, image.Rect(400, 300, 500, 430)},
		"in a corner":    {[]mark{{box: box{X: 0, Y: 0, Width: 100, Height: 130}}}, image.Rect(0, 0, 100, 130)},
		"several": {[]mark{
			{box: box{X: 100, Y: 1300, Width: 100, Height: 130}}, {box: box{X: 800, Y: 1500, Width: 100, Height: 130}},
		}, image.Rect(100, 1300, 900, 1630)},
	} {
		t.Run(name, func(t *testing.T) {
			window := card{photo: photo{image: m}, marks: tc.marks}.window(226, 280)
			require.True(t, tc.inner.In(window), "%v in %v", tc.inner, window)
			require.True(t, window.In(m.Bounds()), "%v", window)
			require.InDelta(t, 226.0/280, float64(window.Dx())/float64(window.Dy()), 0.02)
		})
	}
}
