package picture_test

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
)

func noisePNG(t *testing.T, width, height int) []byte {
	t.Helper()
	noise := image.NewGray(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 1))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.IntN(256))
	}
	var encoded bytes.Buffer
	require.NoError(t, png.Encode(&encoded, noise))
	return encoded.Bytes()
}

// TestCutPNGEndsAtItsDamage has a byte changed in the second chunk of data of
// four, and no end.
func TestCutPNGEndsAtItsDamage(t *testing.T) {
	data := noisePNG(t, 256, 512)
	whole := decoded(t, data)
	chunks := strings.Count(string(data), "IDAT")
	require.Greater(t, chunks, 3)
	at := 20 + strings.Index(string(data[len(data)/3:]), "IDAT") + len(data)/3
	spoiled := flip(data, at)
	_, err := picture.Decode(t.Context(), spoiled, picture.DefaultLimits())
	require.ErrorIs(t, err, photo.ErrCorrupt)
	cut := decoded(t, spoiled[:len(data)*9/10])
	require.Error(t, cut.Damage())
	require.Less(t, cut.Height, 512*at/len(data))
	n := cut.Width * cut.Height
	require.Equal(t, pixels(whole).R[:n], pixels(cut).R)
}

// TestFilledFilesAreCutFiles has downloads that stopped, in files of their whole
// length: what stands for the rest is no part of the photo.
func TestFilledFilesAreCutFiles(t *testing.T) {
	files := map[string][]byte{"noise.png": noisePNG(t, 160, 120)}
	for _, name := range []string{"optimised.jpg", "progressive.jpg", "444-q15.jpg", "restarts.jpg"} {
		files[name] = file(t, filepath.Join("..", "internal", "jpeg", "testdata", name))
	}
	for name, data := range files {
		for _, fill := range []byte{0, 0x55, 0xcc, 0xff} {
			for tenths := 3; tenths < 10; tenths++ {
				const padding = 100
				cut := bytes.TrimRight(data[:len(data)*tenths/10], string([]byte{fill}))
				filled := append(bytes.Clone(cut), bytes.Repeat([]byte{fill}, len(data)-len(cut)+padding)...)
				want, wantErr := picture.Decode(t.Context(), cut, picture.DefaultLimits())
				got, err := picture.Decode(t.Context(), filled, picture.DefaultLimits())
				require.Equal(t, wantErr, err, "%s, %d tenths, then %#x", name, tenths, fill)
				if err != nil {
					continue
				}
				require.Equal(t, want.Height, got.Height, "%s, %d tenths, then %#x", name, tenths, fill)
				require.Equal(t, want.Damage(), got.Damage())
				require.Equal(t, pixels(want), pixels(got))
			}
			padded, err := picture.Decode(t.Context(), append(bytes.Clone(data), bytes.Repeat([]byte{fill}, 1000)...), picture.DefaultLimits())
			require.NoError(t, err)
			require.NoError(t, padded.Damage(), name)
		}
	}
}
