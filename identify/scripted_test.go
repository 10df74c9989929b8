package identify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/face"
	"oneton/identify/identifytest"
	"oneton/photo"
)

const (
	dimension = 128
	pack      = "default"
)

// shown is one face of a scripted photo.
type shown struct {
	Person string
	// Like, when set, makes the person's template lie at the cosine Near to
	// the one of Like: a twin.
	Like string
	Near float64
	// Take distinguishes photos of one person; two takes are about 0.8 alike.
	Take     int
	Size     float32
	InterEye float32
	Reasons  []string
	// Doubt is the last coordinate of the template, which the probe has with
	// the other sign.
	Doubt float64
	// Score is the quality's; 0 is 0.9.
	Score float32
	// Live is what the liveness check says, when asked; nil is real.
	Live *photo.Liveness
}

// photograph is the bytes of a scripted photo.
func photograph(t *testing.T, faces ...shown) []byte {
	t.Helper()
	b, err := json.Marshal(faces)
	require.NoError(t, err)
	return b
}

// scripted stands in for the models: a photo says what it shows, so that a
// test can hold any gallery it needs. Real photos run through the same
// service in cmd/oneton's tests.
type scripted struct {
	table *calibration.Table
	// blind says that there is no liveness model.
	blind bool
	// judged counts the photos whose liveness was asked for.
	judged *atomic.Int32
}

func (s scripted) JudgesLiveness(string) bool { return !s.blind }

// Probe negates the doubt, as Embed does.
func (scripted) Probe(_ string, kept face.Template) (face.Template, error) {
	probe := slices.Clone(kept)
	probe[len(probe)-1] = -probe[len(probe)-1]
	return probe, nil
}

func (scripted) Version(string) (string, error) { return "1", nil }

func (s scripted) liveness(f shown, checks []photo.Check) *photo.Liveness {
	score := 0.9
	switch {
	case !slices.Contains(checks, photo.CheckLiveness):
		return nil
	case s.blind:
		return &photo.Liveness{Verdict: photo.Unknown, Reason: photo.ReasonNoModel}
	case f.Live != nil:
		return f.Live
	}
	return &photo.Liveness{Verdict: photo.Real, Score: &score}
}

func (s scripted) Calibration(p string) (*calibration.Table, error) {
	if p != pack {
		return nil, fmt.Errorf("find pack %q: %w", p, photo.ErrPack)
	}
	return s.table, nil
}

func (s scripted) Embed(_ context.Context, _ string, b []byte, checks ...photo.Check) (photo.Result, error) {
	if s.judged != nil && slices.Contains(checks, photo.CheckLiveness) {
		s.judged.Add(1)
	}
	var faces []shown
	if err := json.Unmarshal(b, &faces); err != nil {
		return photo.Result{}, fmt.Errorf("decode script: %w", photo.ErrCorrupt)
	}
	r := photo.Result{Width: 640, Height: 480, MediaType: "image/jpeg"}
	for _, f := range faces {
		if f.Size == 0 {
			f.Size = 200
		}
		if f.InterEye == 0 {
			f.InterEye = 80
		}
		if f.Score == 0 {
			f.Score = 0.9
		}
		r.Faces = append(r.Faces, photo.Face{
			Box:        face.Box{Width: f.Size, Height: f.Size},
			Confidence: 0.9,
			Template:   doubted(template(f), f.Doubt),
			Probe:      doubted(template(f), -f.Doubt),
			Quality:    face.Quality{Score: f.Score, InterEye: f.InterEye, Reasons: f.Reasons},
			Liveness:   s.liveness(f, checks),
		})
	}
	return r, nil
}

func template(f shown) face.Template {
	base := direction("person " + f.Person)
	if f.Like != "" {
		base = at(direction("person "+f.Like), base, f.Near)
	}
	if f.Take == 0 {
		return base
	}
	return at(base, direction(fmt.Sprintf("take %d of %s", f.Take, f.Person)), 0.9)
}

// doubted is the template with a coordinate of doubt.
func doubted(u face.Template, doubt float64) face.Template {
	t := make(face.Template, 0, dimension)
	for _, x := range u {
		t = append(t, float32(math.Sqrt(1-doubt*doubt)*float64(x)))
	}
	return append(t, float32(doubt))
}

// direction is a random unit vector that the name determines.
func direction(name string) face.Template {
	t, err := face.NewTemplate(identifytest.Direction(name, dimension-1))
	if err != nil {
		panic(err)
	}
	return t
}

// at is the unit vector in the plane of a and b at cosine c to a.
func at(a, b face.Template, c float64) face.Template {
	ab, err := a.Cosine(b)
	if err != nil {
		panic(err)
	}
	ortho := make([]float32, len(a))
	for i := range a {
		ortho[i] = b[i] - float32(ab)*a[i]
	}
	o, err := face.NewTemplate(ortho)
	if err != nil {
		panic(err)
	}
	v := make([]float32, len(a))
	s := math.Sqrt(1 - c*c)
	for i := range a {
		v[i] = float32(c*float64(a[i]) + s*float64(o[i]))
	}
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err)
	}
	return t
}
