package embed_test

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/photo"
	"oneton/picture"
)

// TestCutPhotoComparesNoPartOfAFace cuts photos above, in and below the face,
// whichever way up the file has it.
func TestCutPhotoComparesNoPartOfAFace(t *testing.T) {
	limits := picture.DefaultLimits()
	limits.Time = 0 // other tests may run beside this one
	e := embedtest.New(t, embed.Config{Limits: limits})
	img := decoded(t, "obama.jpg")
	want, err := e.Embed(t.Context(), "default", encodeJPEG(t, img, 0))
	require.NoError(t, err)
	require.Len(t, want.Faces, 1)
	for name, data := range map[string][]byte{
		"upright":             encodeJPEG(t, img, 0),
		"upside down":         encodeJPEG(t, turned(img, 180), 3),
		"on its side":         encodeJPEG(t, turned(img, 270), 6),
		"turned without EXIF": encodeJPEG(t, turned(img, 180), 0),
	} {
		t.Run(name, func(t *testing.T) {
			refused, found := 0, 0
			for share := 22; share < 100; share += 11 {
				got, err := e.Embed(t.Context(), "default", data[:len(data)*share/100])
				if err != nil {
					require.ErrorIs(t, err, photo.ErrCorrupt)
					refused++
					require.ErrorContains(t, err, "after row")
					continue
				}
				for _, f := range got.Faces {
					found++
					require.Greater(t, cosine(t, f.Template, want.Faces[0].Template), 0.9, "of %d %%", share)
				}
			}
			require.Positive(t, refused)
			require.Positive(t, found)
		})
	}
}

// TestFacesThatAreCutAreToldApart cuts a photo of two people in the face of the
// nearer one.
func TestFacesThatAreCutAreToldApart(t *testing.T) {
	limits := picture.DefaultLimits()
	limits.Time = 0 // other tests may run beside this one
	e := embedtest.New(t, embed.Config{Limits: limits})
	near, far := decoded(t, "obama.jpg"), decoded(t, "biden.jpg")
	canvas := image.NewRGBA(image.Rect(0, 0, near.Bounds().Dx()+400, near.Bounds().Dy()+300))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.Gray{Y: 128}), image.Point{}, draw.Src)
	draw.Draw(canvas, near.Bounds().Add(image.Pt(400, 300)), near, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(canvas, image.Rect(0, 0, 400, 400*far.Bounds().Dy()/far.Bounds().Dx()), far, far.Bounds(), draw.Src, nil)
	data := encodeJPEG(t, canvas, 0)
	whole, err := e.Embed(t.Context(), "default", data)
	require.NoError(t, err)
	require.Len(t, whole.Faces, 2)
	require.Empty(t, whole.Cut)
	require.NoError(t, whole.Damage)
	cut := 0
	for share := 30; share < 100; share += 4 {
		got, err := e.Embed(t.Context(), "default", data[:len(data)*share/100])
		if err != nil {
			require.ErrorIs(t, err, photo.ErrCorrupt)
			continue
		}
		require.ErrorContains(t, got.Damage, "after row")
		for _, f := range got.Cut {
			cut++
			require.Greater(t, f.Box.X, float32(400), "the nearer one")
			require.Nil(t, f.Template)
			require.Nil(t, f.Probe)
			require.Len(t, got.Faces, 1)
			require.Greater(t, cosine(t, got.Faces[0].Template, whole.Faces[1].Template), 0.9)
		}
	}
	require.Positive(t, cut)
}
