package embed_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"image/png"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/photo"
)

// golden is what testdata/golden.py found.
type golden struct {
	Photos map[string]goldenPhoto
	// Crops are the recognisers' unit vectors of the pictures in testdata/crops.
	Crops map[string]face.Template
}

// goldenPhoto has boxes and landmarks in the detector's frame, which shows the
// photo shrunk.
type goldenPhoto struct {
	Size, Shrunk [2]int
	Faces        []goldenFace
}

type goldenFace struct {
	Confidence float64
	// Box is x, y, width and height, and Landmarks are five times x and y.
	Box       [4]float64
	Landmarks [10]float64
	// Joined is the recognisers' unit vector, which the pack makes the template
	// of.
	Joined face.Template `json:"template"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(data, &g))
	require.NotEmpty(t, g.Photos)
	require.NotEmpty(t, g.Crops)
	return g
}

// inFrame is a face as the detector's frame shows it.
func (p goldenPhoto) inFrame(f photo.Face) (box [4]float64, landmarks [10]float64) {
	x := float64(p.Shrunk[0]) / float64(p.Size[0])
	y := float64(p.Shrunk[1]) / float64(p.Size[1])
	box = [4]float64{float64(f.Box.X) * x, float64(f.Box.Y) * y, float64(f.Box.Width) * x, float64(f.Box.Height) * y}
	for i, l := range f.Landmarks {
		landmarks[2*i], landmarks[2*i+1] = float64(l.X)*x, float64(l.Y)*y
	}
	return box, landmarks
}

// nearest is the golden face whose box starts nearest to the box.
func (p goldenPhoto) nearest(box [4]float64) goldenFace {
	return slices.MinFunc(p.Faces, func(a, b goldenFace) int {
		return cmp.Compare(worst(a.Box[:2], box[:2]), worst(b.Box[:2], box[:2]))
	})
}

// worst is the largest difference.
func worst(a, b []float64) float64 {
	w := 0.0
	for i := range a {
		w = max(w, math.Abs(a[i]-b[i]))
	}
	return w
}

func TestPhotosMatchGolden(t *testing.T) {
	const boxTolerance, landmarkTolerance, leastCosine = 1.0, 0.5, 0.999
	p := embedtest.Pack(t, "default")
	p.Aligner, p.Enhancement = nil, nil // they have golden values of their own
	e := embedtest.New(t, embed.Config{}, p)
	for name, want := range readGolden(t).Photos {
		t.Run(name, func(t *testing.T) {
			r, err := e.Embed(t.Context(), "default", embedtest.Photo(t, name))
			require.NoError(t, err)
			require.Equal(t, want.Size, [2]int{r.Width, r.Height})
			require.Len(t, r.Faces, len(want.Faces))
			for _, f := range r.Faces {
				box, landmarks := want.inFrame(f)
				w := want.nearest(box)
				cosine, err := f.Template.Cosine(finished(t, p, w.Joined, f))
				require.NoError(t, err)
				t.Logf("off by: box %.3f, landmarks %.3f, confidence %.4f, cosine %.6f", worst(box[:], w.Box[:]),
					worst(landmarks[:], w.Landmarks[:]), math.Abs(float64(f.Confidence)-w.Confidence), cosine)
				require.LessOrEqual(t, worst(box[:], w.Box[:]), boxTolerance)
				require.LessOrEqual(t, worst(landmarks[:], w.Landmarks[:]), landmarkTolerance)
				require.GreaterOrEqual(t, cosine, leastCosine)
			}
		})
	}
}

func TestAlignedCropsMatchGolden(t *testing.T) {
	const leastCosine = 0.99999
	p := embedtest.Pack(t, "default")
	e := embedtest.New(t, embed.Config{}, p)
	for name, want := range readGolden(t).Crops {
		got, err := e.EmbedAligned(t.Context(), "default", readCrop(t, "testdata/crops/"+name+".png"))
		require.NoError(t, err)
		require.Positive(t, got.Quality.Score)
		cosine, err := got.Template.Cosine(finished(t, p, want, got))
		require.NoError(t, err)
		t.Logf("%s: cosine %.7f", name, cosine)
		require.GreaterOrEqual(t, cosine, leastCosine, name)
	}
}

// finished is the template of joined vectors at a face's quality; package pack
// holds that step against golden values of its own.
func finished(t *testing.T, p *pack.Pack, joined face.Template, f photo.Face) face.Template {
	t.Helper()
	template, err := p.Finish(joined, f.Quality.Score)
	require.NoError(t, err)
	return template
}

// readCrop is a PNG's red, green and blue, row after row.
func readCrop(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	var crop []byte
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			crop = append(crop, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return crop
}
