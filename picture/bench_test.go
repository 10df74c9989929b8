package picture_test

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/picture"
)

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"obama.jpg", "sample1.jpg"} {
		b.Run("photo="+name, func(b *testing.B) {
			photo := embedtest.Photo(b, name)
			for b.Loop() {
				_, err := picture.Decode(b.Context(), photo, picture.DefaultLimits())
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkResize(b *testing.B) {
	for _, name := range []string{"obama.jpg", "sample1.jpg"} {
		b.Run("photo="+name, func(b *testing.B) {
			p, err := picture.Decode(b.Context(), embedtest.Photo(b, name), picture.DefaultLimits())
			require.NoError(b, err)
			dst := picture.NewRaster(640, 640)
			scale := 640 / float64(max(p.Width, p.Height))
			at := image.Rect(0, 0, int(float64(p.Width)*scale), int(float64(p.Height)*scale))
			for b.Loop() {
				p.Resize(dst, at)
			}
		})
	}
}

func BenchmarkWarp(b *testing.B) {
	p, err := picture.Decode(b.Context(), embedtest.Photo(b, "obama.jpg"), picture.DefaultLimits())
	require.NoError(b, err)
	crop := picture.NewRaster(112, 112)
	for b.Loop() {
		p.Warp(crop, picture.Affine{A: 3, B: 0.1, C: 350, D: -0.1, E: 3, F: 150})
	}
}
