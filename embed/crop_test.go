package embed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/photo"
)

// The crop of a face gives its template, whichever way its photo stands.
func TestCropGivesTheTemplate(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	for _, degrees := range []int{0, 180} {
		content := encodeJPEG(t, turned(decoded(t, "obama.jpg"), degrees), 0)
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
		require.Greater(t, cosine, 0.999)
		require.InDelta(t, f.Quality.Score, again.Quality.Score, 0.01)
	}
	_, err := e.Crop(t.Context(), "default", []byte("no photo"), photo.Face{})
	require.ErrorIs(t, err, photo.ErrUnsupported)
	_, err = e.Crop(t.Context(), "none", nil, photo.Face{})
	require.ErrorIs(t, err, photo.ErrPack)
}
