package embed

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/photo"
	"oneton/picture"
)

// What lies in one place is one face, the surest; whoever is beside it is another,
// however the heads lean.
func TestFacesApart(t *testing.T) {
	// at is a face whose crop is so many times its side to the right, and leans.
	at := func(sides, lean float64, confidence float32) photo.Face {
		s, c := math.Sincos(lean * math.Pi / 180)
		m := picture.Affine{A: c, B: -s, D: s, E: c}
		x, y := m.Apply(cropMiddle, cropMiddle)
		m.C, m.F = 500+sides*cropSide-x, 500-y
		f := photo.Face{Confidence: confidence}
		for i, p := range arcFace112 {
			u, v := m.Apply(float64(p.X), float64(p.Y))
			f.Landmarks[i] = face.Point{X: float32(u), Y: float32(v)}
		}
		return f
	}
	for what, c := range map[string]struct {
		faces []photo.Face
		kept  []float32
	}{
		"one place":                    {[]photo.Face{at(0, 0, 0.7), at(0.1, 0, 0.9)}, []float32{0.9}},
		"one place, leaning":           {[]photo.Face{at(0, 45, 0.9), at(0.1, 40, 0.7)}, []float32{0.9}},
		"one place, equally sure":      {[]photo.Face{at(0, 0, 0.8), at(0.1, 0, 0.8)}, []float32{0.8}},
		"cheek to cheek":               {[]photo.Face{at(0, 0, 0.8), at(0.65, 0, 0.9)}, []float32{0.9, 0.8}},
		"leaning against each other":   {[]photo.Face{at(0, 45, 0.8), at(0.65, -45, 0.9)}, []float32{0.9, 0.8}},
		"beside one that is not there": {[]photo.Face{at(0, 0, 0.9), at(0.4, 0, 0.8), at(0.8, 0, 0.7)}, []float32{0.9, 0.7}},
	} {
		t.Run(what, func(t *testing.T) {
			m := &model{aligner: &aligner{}, detector: &detector{Detector: pack.Detector{NMS: 0.3}}}
			var kept []float32
			for _, f := range (&task{model: m}).apart(c.faces) {
				kept = append(kept, f.Confidence)
			}
			require.Equal(t, c.kept, kept)
		})
	}
}
