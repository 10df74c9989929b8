// Package identifytest stands in for the models, for tests of what works with faces: a
// photo says what it shows, and a person is a direction that their name determines.
package identifytest

import (
	"context"
	"slices"

	"oneton/calibration"
	"oneton/face"
	"oneton/photo"
)

// Pack is the one that Models have.
const Pack = "scripted"

// dimension is that of their templates.
const dimension = 64

// Face is one that a photo shows.
type Face struct {
	Person  string
	Take    int // as in Template
	Left    float32
	Size    float32 // 0 is 200
	Reasons []string
}

// Models tell the faces that a photo shows, or why it cannot be read. They are an
// identify.Embedder.
type Models func(content []byte) ([]Face, error)

// JudgesLiveness tells that there is no model for it.
func (Models) JudgesLiveness(string) bool { return false }

// Probe is the template that is kept.
func (Models) Probe(_ string, kept face.Template) (face.Template, error) { return kept, nil }

// Version is the only one.
func (Models) Version(string) (string, error) { return "1", nil }

// Calibration is that of people whom chance has made.
func (Models) Calibration(pack string) (*calibration.Table, error) {
	if pack != Pack {
		return nil, &photo.PackError{Pack: pack, Loaded: []string{Pack}}
	}
	return Table(dimension), nil
}

// Embed finds what the photo says, the largest first.
func (m Models) Embed(_ context.Context, _ string, content []byte, _ ...photo.Check) (photo.Result, error) {
	faces, err := m(content)
	if err != nil {
		return photo.Result{}, err
	}
	r := photo.Result{Width: 640, Height: 480, MediaType: "image/jpeg"}
	for _, f := range faces {
		if f.Size == 0 {
			f.Size = 200
		}
		t := Template(dimension, f.Person, f.Take)
		r.Faces = append(r.Faces, photo.Face{
			Box: face.Box{X: f.Left, Width: f.Size, Height: f.Size}, Confidence: 0.9, Template: t, Probe: t,
			Quality: face.Quality{Score: 0.9, InterEye: f.Size / 3, Reasons: f.Reasons},
		})
	}
	slices.SortStableFunc(r.Faces, func(a, b photo.Face) int { return int(b.Box.Width - a.Box.Width) })
	return r, nil
}
