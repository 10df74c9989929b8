package ocr_test

import (
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/document/ocr"
	"oneton/picture"
	"oneton/pool"
)

// golden is what testdata/golden.py found.
type golden struct {
	Pages map[string][]goldenRegion
	Strip struct {
		Text          string
		Upright       float64
		Classes       []int
		Probabilities []float64
	}
}

type goldenRegion struct {
	Box               [4][2]float64
	Score, Confidence float64
	Text              string
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

func content(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// PaddleOCR's own post-processing finds the same regions and reads the same texts. It
// takes corners down to whole pixels of the frame before it offsets them, and again after.
func TestFindMatchesGolden(t *testing.T) {
	r := open(t, pool.New(pool.Config{Queue: 64}))
	for name, want := range readGolden(t).Pages {
		t.Run(name, func(t *testing.T) {
			p := decode(t, content(t, name))
			found, err := r.Find(t.Context(), p)
			require.NoError(t, err)
			require.Len(t, found, len(want))
			for _, w := range want {
				best, far := found[0], math.Inf(1)
				for _, f := range found {
					d := 0.0
					for i, c := range w.Box {
						d = max(d, math.Hypot(f.Quad[i].X+0.5-c[0], f.Quad[i].Y+0.5-c[1]))
					}
					if d < far {
						best, far = f, d
					}
				}
				require.Less(t, far, 5.0, w.Text)
				// It takes a rectangle's corners down to whole pixels before it averages,
				// and so pixels from beyond a leaning one.
				require.InDelta(t, w.Score+0.05, best.Score, 0.08, w.Text)
				read, err := r.Texts(t.Context(), []ocr.Strip{ocr.Cut(p, best.Quad)})
				require.NoError(t, err)
				require.Equal(t, w.Text, read[0].String)
				require.InDelta(t, w.Confidence, read[0].Confidence, 0.05)
			}
		})
	}
}

// The same strip gives the same probabilities.
func TestProbabilitiesMatchGolden(t *testing.T) {
	r := open(t, pool.New(pool.Config{Queue: 64}))
	want := readGolden(t).Strip
	p := decode(t, content(t, "strip.png"))
	strip := picture.NewRaster(p.Width, p.Height)
	p.Resize(strip, image.Rect(0, 0, p.Width, p.Height))
	var got []float32
	err := r.Probabilities(t.Context(), []ocr.Strip{{strip}}, func(_ int, p []float32) { got = slices.Clone(p) })
	require.NoError(t, err)
	require.Len(t, got, len(want.Classes)*len(r.Keys()))
	for step, class := range want.Classes {
		require.InDelta(t, want.Probabilities[step], got[step*len(r.Keys())+class], 2e-3, "step %d", step)
	}
	read, err := r.Texts(t.Context(), []ocr.Strip{{strip}})
	require.NoError(t, err)
	require.Equal(t, want.Text, read[0].String)
}
