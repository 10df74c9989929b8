package embed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
)

func TestEmbedTellsPeopleApart(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	template := func(photo string) embed.Face {
		r, err := e.Embed(t.Context(), "default", embedtest.Photo(t, photo))
		require.NoError(t, err)
		require.Len(t, r.Faces, 1)
		return r.Faces[0]
	}
	obama := template("obama.jpg")

	for _, other := range []string{"obama2.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg", "32bit.png"} {
		c, err := obama.Template.Cosine(template(other).Template)
		require.NoError(t, err)
		require.Greater(t, c, 0.6, other)
	}
	c, err := obama.Template.Cosine(template("biden.jpg").Template)
	require.NoError(t, err)
	require.Less(t, c, 0.3)
}
