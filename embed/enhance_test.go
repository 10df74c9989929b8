package embed_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/spoil"
)

// Faint and noisy photos still show who is in them.
func TestPoorCropsAreEnhanced(t *testing.T) {
	const least, side = 0.4, 112
	as := embedtest.Pack(t, "default")
	as.Name, as.Enhancement = "as-it-is", nil
	e := embedtest.New(t, embed.Config{}, embedtest.Pack(t, "default"), as)
	wanted := map[string]bool{
		"darkened to 4 %": true, "dithered to black and white": true, "noise of 45 levels": true,
		"contrast of a tenth": true, "red light": true,
	}
	for _, name := range []string{"biden.jpg", "obama.jpg", "sample1.jpg"} {
		crop := readCrop(t, "testdata/crops/"+name+".png")
		good, err := e.EmbedAligned(t.Context(), "default", crop)
		require.NoError(t, err)
		for _, way := range append(spoil.Ways(), spoil.Alike()...) {
			if !wanted[way.Name] {
				continue
			}
			canvas, err := way.Spoil(spoil.Of(crop, side), rand.New(rand.NewPCG(1, 2)))
			require.NoError(t, err)
			poor, err := e.EmbedAligned(t.Context(), "default", canvas.Bytes())
			require.NoError(t, err)
			require.True(t, poor.Comparable(), "%s, %s", name, way.Name)
			before, err := e.EmbedAligned(t.Context(), "as-it-is", canvas.Bytes())
			require.NoError(t, err)
			now, then := cosine(t, good.Template, poor.Template), cosine(t, good.Template, before.Template)
			t.Logf("%s, %s: %.3f, not enhanced %.3f", name, way.Name, now, then)
			require.Greater(t, now, least)
			require.Greater(t, now, then)
			if way.Name != "red light" {
				require.Greater(t, poor.Quality.Score, before.Quality.Score)
			}
			require.Equal(t, before.Quality.Brightness, poor.Quality.Brightness, "what is told of the photo is of the photo")
		}
	}
}
