package embed_test

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/photo"
)

// The crop of a face gives its template, whichever way its photo stands.
func TestCropGivesTheTemplate(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	obama, brow := decoded(t, "obama.jpg"), image.Rect(324, 162, 654, 452)
	for name, shown := range map[string]image.Image{
		"upright": obama, "upside down": turned(obama, 180),
		"cut at the brow": cut(obama, brow, brow.Dx(), brow.Dy()),
	} {
		content := encodeJPEG(t, shown, 0)
		r, err := e.Embed(t.Context(), "default", content)
		require.NoError(t, err)
		require.NotEmpty(t, r.Faces)
		f := r.Faces[0]
		crop, err := e.Crop(t.Context(), "default", content, f)
		require.NoError(t, err)
		again, err := e.EmbedAligned(t.Context(), "default", crop)
		require.NoError(t, err)
		cosine, err := f.Template.Cosine(again.Template)
		require.NoError(t, err)
		require.Greater(t, cosine, 0.999, name)
		require.InDelta(t, f.Quality.Score, again.Quality.Score, 0.01)
	}
	_, err := e.Crop(t.Context(), "default", []byte("no photo"), photo.Face{})
	require.ErrorIs(t, err, photo.ErrUnsupported)
	_, err = e.Crop(t.Context(), "none", nil, photo.Face{})
	require.ErrorIs(t, err, photo.ErrPack)
}
