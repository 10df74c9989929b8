package picture_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/picture"
)

// What the models are shown is the same on every processor, bit for bit, and
// was when the templates that are stored were made.
func TestPixelsAreEqualEverywhere(t *testing.T) {
	for name, want := range map[string]string{
		"grey.jpg":          "3d93a56dc5cf4197",
		"cmyk.jpg":          "b7e29680de8e8698",
		"alpha.png":         "c5b1fca79af51bda",
		"progressive.jpg":   "d7afd82a7c0fe072",
		"orientation-6.jpg": "1600ceb3c13eb016",
		"alpha-lossy.webp":  "5d824b557d61bf7b",
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		p, err := picture.Decode(context.Background(), data, picture.DefaultLimits())
		require.NoError(t, err)
		sum := sha256.New()
		shrunk, turned := picture.NewRaster(61, 43), picture.NewRaster(112, 112)
		p.Resize(shrunk, image.Rect(0, 0, 61, 43))
		p.Warp(turned, picture.Affine{A: 0.31, B: -0.11, C: 3.7, D: 0.11, E: 0.31, F: -1.3}.Inverse())
		for _, r := range []*picture.Raster{shrunk, turned} {
			for _, plane := range [][]float32{r.R, r.G, r.B} {
				require.NoError(t, binary.Write(sum, binary.LittleEndian, plane))
			}
		}
		require.Equal(t, want, hex.EncodeToString(sum.Sum(nil)[:8]), name)
	}
}
