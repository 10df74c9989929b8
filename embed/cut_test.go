package embed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/picture"
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
					require.ErrorIs(t, err, embed.ErrCorrupt)
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
