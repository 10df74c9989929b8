package embed

import (
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
)

// Whatever a model says of a face's place, what is taken for one has a crop of
// numbers alone in a photo of any size.
func TestBrokenDetections(t *testing.T) {
	good := detection{box: face.Box{X: 10, Y: 20, Width: 30, Height: 40}, landmarks: arcFace112}
	require.False(t, broken(good))
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30, -1e30, 3e38, 1 << 20, -1 << 20} {
		for i := range 4 + 2*len(good.landmarks) {
			d := good
			fields := []*float32{&d.box.X, &d.box.Y, &d.box.Width, &d.box.Height}
			for j := range d.landmarks {
				fields = append(fields, &d.landmarks[j].X, &d.landmarks[j].Y)
			}
			*fields[i] = float32(v)
			if broken(d) {
				continue
			}
			frame{at: image.Rect(0, 0, 100, 100)}.toPhoto(&d, 12_000, 12_000)
			landmarks, ok := align(d.landmarks)
			require.True(t, ok)
			for _, crop := range []float64{size(landmarks), size(inBox(d.box)), landmarks.C, landmarks.F, inBox(d.box).C, inBox(d.box).F} {
				require.False(t, math.IsNaN(crop) || math.IsInf(crop, 0), "%v in field %d", v, i)
			}
		}
	}
	for _, v := range []float32{float32(math.NaN()), 0, -1, 1e30} {
		d := good
		d.box.Width = v
		require.True(t, broken(d), "width %v", v)
	}
	d := good
	d.landmarks[2].Y = 3e38
	require.True(t, broken(d))
}
