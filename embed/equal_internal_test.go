package embed

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/picture"
)

// What is computed between the models is the same on every processor, bit for
// bit: a product that is fused with a sum on some would round differently.
func TestArithmeticIsEqualEverywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	floats := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = rng.Float32()*2 - 1
		}
		return out
	}
	sum := sha256.New()
	note := func(values ...any) {
		for _, v := range values {
			require.NoError(t, binary.Write(sum, binary.LittleEndian, v))
		}
	}
	for range 100 {
		yu, sc := yuNetCell(floats(4), floats(10), 7, 5, 16, 0.9), scrfdBox(floats(4), floats(10), 96, 64, 16, 0.9)
		for _, d := range []detection{yu, sc} {
			crop, _ := align(d.landmarks)
			by := (&aligner{Aligner: pack.Aligner{Centre: d.landmarks[0]}}).corrected(correction{by: complex(crop.A, crop.D), move: complex(crop.C, crop.F)})
			note(size(crop), by, moved(d.landmarks, crop, by), straight(d.landmarks))
			note(d.landmarks, d.box, crop, d.box.IoU(face.Box{X: 90, Y: 70, Width: 40, Height: 40}))
			var x, y point3
			x, _ = project3(func(i int) float64 { return float64(d.landmarks[i].X) })
			y, _ = project3(func(i int) float64 { return float64(d.landmarks[i].Y) })
			note(x, y, cross(x, y), dot(x, y), distance(d.landmarks[0], d.landmarks[4]))
		}
		r := picture.NewRaster(16, 16)
		copy(r.R, floats(256))
		copy(r.G, floats(256))
		copy(r.B, floats(256))
		light := luminance(r)
		mean, deviation := moments(light)
		note(light, mean, deviation, sharpness(light, 16, 16))
		template, err := face.NewTemplate(pack.Matrix{floats(32), floats(32), floats(32)}.Times(floats(32)))
		require.NoError(t, err)
		note([]float32(template))
	}
	require.Equal(t, "0b98e9c65d7a1de1", hex.EncodeToString(sum.Sum(nil)[:8]))
}
