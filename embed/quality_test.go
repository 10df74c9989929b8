package embed_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/photo"
)

// degrade is a demo portrait, spoilt by a function of one channel's value and
// its position.
func degrade(t *testing.T, spoil func(img *image.RGBA)) []byte {
	t.Helper()
	obama, err := jpeg.Decode(bytes.NewReader(embedtest.Photo(t, "obama.jpg")))
	require.NoError(t, err)
	img := image.NewRGBA(obama.Bounds())
	draw.Draw(img, img.Rect, obama, obama.Bounds().Min, draw.Src)
	spoil(img)
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}))
	return b.Bytes()
}

// scaled shrinks and enlarges again, which blurs.
func scaled(by int) func(*image.RGBA) {
	return func(img *image.RGBA) {
		small := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx()/by, img.Rect.Dy()/by))
		draw.ApproxBiLinear.Scale(small, small.Rect, img, img.Rect, draw.Src, nil)
		draw.BiLinear.Scale(img, img.Rect, small, small.Rect, draw.Src, nil)
	}
}

func each(f func(v float64) float64) func(*image.RGBA) {
	return func(img *image.RGBA) {
		for i := range img.Pix {
			if i%4 != 3 {
				img.Pix[i] = uint8(math.Max(0, math.Min(255, f(float64(img.Pix[i])))))
			}
		}
	}
}

func TestQualityFallsWithThePhoto(t *testing.T) {
	e := embedtest.New(t, embed.Config{}, embedtest.Pack(t, "default"))
	plain := faces(t, e, degrade(t, func(*image.RGBA) {}))[0].Quality
	require.Greater(t, plain.Score, float32(0.9))
	require.Empty(t, plain.Reasons)

	rng := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		spoil  func(*image.RGBA)
		reason string
	}{
		"blurred":      {scaled(26), photo.ReasonBlurred},
		"dark":         {each(func(v float64) float64 { return v * 0.15 }), photo.ReasonDark},
		"bright":       {each(func(v float64) float64 { return 190 + v*0.4 }), photo.ReasonBright},
		"low contrast": {each(func(v float64) float64 { return 120 + v*0.08 }), photo.ReasonLowContrast},
		"noise":        {each(func(v float64) float64 { return v + 180*rng.NormFloat64() }), photo.ReasonUnclear},
	} {
		t.Run(name, func(t *testing.T) {
			found := faces(t, e, degrade(t, c.spoil))
			require.NotEmpty(t, found, "the detector still sees the face")
			q := found[0].Quality
			require.Contains(t, q.Reasons, c.reason, "%+v", q)
			require.Less(t, q.Score, plain.Score)
		})
	}
}

func TestQualityNamesSmallFaces(t *testing.T) {
	e := embedtest.New(t, embed.Config{}, embedtest.Pack(t, "default"))
	obama, err := jpeg.Decode(bytes.NewReader(embedtest.Photo(t, "obama.jpg")))
	require.NoError(t, err)
	small := image.NewRGBA(image.Rect(0, 0, 200, 200))
	draw.Draw(small, small.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	// 910 pixels wide with about 105 between the eyes.
	draw.CatmullRom.Scale(small, image.Rect(60, 60, 60+60, 60+75), obama, obama.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, small, &jpeg.Options{Quality: 95}))
	found := faces(t, e, b.Bytes())
	require.NotEmpty(t, found)
	require.Less(t, found[0].Quality.InterEye, float32(photo.MinInterEye))
	require.Contains(t, found[0].Quality.Reasons, photo.ReasonSmall)
}
