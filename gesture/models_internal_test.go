package gesture

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/picture"
)

// The models say of photos what an independent program has them say.
func TestModelsMatchGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes in one goroutine")
	}
	var faces []struct {
		Photo  string
		Box    face.Box
		Points [][2]float64
		Open   [2]float64
		Happy  float64
	}
	content, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &faces))
	require.Len(t, faces, 2)
	m, err := openModels(embedtest.Models(t), embedtest.Runtime(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, m.close()) }()
	for _, f := range faces {
		p, err := picture.Decode(t.Context(), embedtest.Photo(t, f.Photo), picture.DefaultLimits())
		require.NoError(t, err)
		l, err := m.findPoints(t.Context(), p, f.Box)
		require.NoError(t, err)
		for i, want := range f.Points {
			require.InDelta(t, want[0], l[i].x, 0.2, "%s point %d", f.Photo, i)
			require.InDelta(t, want[1], l[i].y, 0.2, "%s point %d", f.Photo, i)
		}
		for i, want := range f.Open {
			open, err := m.open(t.Context(), p, l.eye(i))
			require.NoError(t, err)
			require.InDelta(t, want, open, 0.01)
		}
		happy, err := m.happiness(t.Context(), p, f.Box)
		require.NoError(t, err)
		require.InDelta(t, f.Happy, happy, 0.01)
	}
}
