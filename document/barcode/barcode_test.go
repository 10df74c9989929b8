package barcode_test

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/stretchr/testify/require"

	"oneton/document/barcode"
	"oneton/document/documenttest"
	"oneton/picture"
)

// bars are a code's, by their widths in modules.
func bars(t testing.TB, w gozxing.Writer, format gozxing.BarcodeFormat, text string) (widths []int) {
	t.Helper()
	code, err := w.Encode(text, format, 0, 1, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0})
	require.NoError(t, err)
	dark := false
	for x := range code.GetWidth() {
		if code.Get(x, 0) != dark {
			dark = !dark
			widths = append(widths, 0)
		}
		if len(widths) > 0 {
			widths[len(widths)-1]++
		}
	}
	return widths
}

func seen(t testing.TB, content []byte) *picture.Picture {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(content))
	require.NoError(t, err)
	return picture.Of(img, "image/jpeg")
}

// Codes are read however the card lies, soft and noisy, and nothing else is.
func TestRead(t *testing.T) {
	number := documenttest.Digits(documenttest.CheckedNumber("0011234567"))
	codes := map[string][]int{
		"Code 39":  bars(t, oned.NewCode39Writer(), gozxing.BarcodeFormat_CODE_39, number),
		"Code 128": bars(t, oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128, number),
	}
	for name, scene := range map[string]documenttest.Scene{
		"flat":         {},
		"on its side":  {Turn: 1},
		"on its head":  {Turn: 2, Degrees: 3},
		"other side":   {Turn: 3, Degrees: -3},
		"turned":       {Degrees: 12},
		"perspective":  {Perspective: 0.2, Direction: 70},
		"soft":         {Blur: 1.5},
		"noisy":        {Noise: 15, Quality: 50},
		"in a shadow":  {Shadow: 0.5},
		"a large one":  {Width: 4000},
		"smaller":      {Width: 1200},
		"all together": {Turn: 3, Degrees: 5, Perspective: 0.1, Blur: 1, Noise: 6, Shadow: 0.3, Quality: 60},
	} {
		for kind, code := range codes {
			t.Run(name+", "+kind, func(t *testing.T) {
				if scene.Width == 0 {
					scene.Width = 1632
				}
				p := seen(t, documenttest.Shoot(documenttest.CedulaBack(code, 1), scene).JPEG)
				found, err := barcode.Read(t.Context(), p, scene.Degrees*math.Pi/180)
				require.NoError(t, err)
				require.Contains(t, found, number)
			})
		}
	}
	for name, page := range map[string]*documenttest.Page{
		"a back without a code": documenttest.CedulaBack(nil, 1),
		"a front":               documenttest.CedulaFront(documenttest.Random(rand.New(rand.NewPCG(1, 1))), nil, 1),
	} {
		found, err := barcode.Read(t.Context(), seen(t, documenttest.Shoot(page, documenttest.Scene{Width: 1632}).JPEG), 0)
		require.NoError(t, err)
		require.Empty(t, found, name)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := barcode.Read(ctx, picture.Of(image.NewGray(image.Rect(0, 0, 40, 40)), "image/png"), 0)
	require.ErrorIs(t, err, context.Canceled)
}

// Whatever a picture shows, reading it ends, and says little.
func FuzzRead(f *testing.F) {
	f.Add([]byte{1, 2, 1, 1, 4}, uint8(64), 0.0)
	for _, n := range []int{1, 3, 200} {
		f.Add(bytes.Repeat([]byte{0, 255}, n), uint8(n), 0.3)
	}
	f.Fuzz(func(t *testing.T, runs []byte, width uint8, direction float64) {
		if math.IsNaN(direction) || math.Abs(direction) > 10 {
			return
		}
		grey := image.NewGray(image.Rect(0, 0, int(width)+1, 40))
		at, dark := 0, false
		for _, n := range runs { // bars, which go on from row to row
			for range int(n)%9 + 1 {
				if at < len(grey.Pix) && !dark {
					grey.Pix[at] = 255
				}
				at++
			}
			dark = !dark
		}
		for i := at; i < len(grey.Pix) && at > 0; i++ {
			grey.Pix[i] = grey.Pix[i%at]
		}
		found, err := barcode.Read(t.Context(), picture.Of(grey, "image/png"), direction)
		require.NoError(t, err)
		for _, text := range found {
			require.LessOrEqual(t, len(text), 80)
		}
	})
}
