package embed_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/picture"
)

// Crops settle where testdata/aligner.py says, which is another implementation.
func TestAlignerMatchesGolden(t *testing.T) {
	// Pixels of the crop; the model itself settles within a tenth or two.
	const tolerance = 0.5
	data, err := os.ReadFile("testdata/aligner.json")
	require.NoError(t, err)
	var crops []struct {
		Photo          string
		Start, Settled [6]float64
		Confidence     float64
	}
	require.NoError(t, json.Unmarshal(data, &crops))
	require.NotEmpty(t, crops)
	affine := func(m [6]float64) picture.Affine {
		return picture.Affine{A: m[0], B: m[1], C: m[2], D: m[3], E: m[4], F: m[5]}
	}
	e := embedtest.New(t, embed.Config{})
	for i, c := range crops {
		want := affine(c.Settled)
		got, confidence := embed.Settle(t, e, "default", embedtest.Photo(t, c.Photo), affine(c.Start))
		toCrop := want.Inverse().After(got)
		for _, p := range [][2]float64{{38.3, 51.7}, {73.5, 51.5}, {41.5, 92.4}, {70.7, 92.2}} {
			x, y := toCrop.Apply(p[0], p[1])
			require.InDelta(t, p[0], x, tolerance, "%s, %d", c.Photo, i)
			require.InDelta(t, p[1], y, tolerance, "%s, %d", c.Photo, i)
		}
		require.InDelta(t, c.Confidence, confidence, 0.05, "%s, %d", c.Photo, i)
	}
}
