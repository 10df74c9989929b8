package servertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"oneton/calibration"
	"oneton/face"
	"oneton/identify/identifytest"
	"oneton/photo"
	"oneton/pool"
)

// Pack is the one model pack.
const Pack = "default"

const dimension = 128

var failures = map[string]error{
	"busy":        pool.ErrBusy,
	"corrupt":     photo.ErrCorrupt,
	"too large":   photo.ErrTooLarge,
	"too small":   photo.ErrTooSmall,
	"too complex": photo.ErrTooComplex,
	"closed":      pool.ErrClosed,
	"other":       errors.New("a cause that no client may see"),
}

// embedder stands in for the models, so that a photo can show anyone and fail
// in any way. Real photos go through the same server in cmd/oneton's tests.
type embedder struct {
	// working is how many photos are being looked at.
	working atomic.Int32
}

var table = &calibration.Table{
	Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0, FMR: 0.5}, {Cosine: 1, FMR: 1e-10}},
	Measured: 1e-4,
	Source:   "made up for tests",
}

func (*embedder) Calibration(p string) (*calibration.Table, error) {
	if p != Pack {
		return nil, &photo.PackError{Pack: p, Loaded: []string{Pack}}
	}
	return table, nil
}

func (*embedder) JudgesLiveness(p string) bool { return p == Pack }

func (*embedder) Packs() []string { return []string{Pack} }

// Converter has no other version to convert.
func (*embedder) Converter(string, string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	return nil
}

func (*embedder) Close() error { return nil }

func (*embedder) Probe(_ string, kept face.Template) (face.Template, error) { return kept, nil }

func (*embedder) Version(string) (string, error) { return "1", nil }

func liveness(f Shown) *photo.Liveness {
	score := 0.9
	if f.Live != nil {
		score = *f.Live
	}
	switch {
	case score >= 0.5:
		return &photo.Liveness{Verdict: photo.Real, Score: &score}
	case score < 0.1:
		return &photo.Liveness{Verdict: photo.Spoof, Score: &score}
	}
	return &photo.Liveness{Verdict: photo.Unknown, Score: &score, Reason: photo.ReasonUncertain}
}

func (e *embedder) Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error) {
	if pool.TenantOf(ctx) == "" {
		return photo.Result{}, errors.New("a photo of no tenant")
	}
	if _, err := e.Calibration(pack); err != nil {
		return photo.Result{}, err
	}
	media, s, ok := parse(content)
	switch {
	case media == "":
		_, err := photo.MediaType(content)
		return photo.Result{}, fmt.Errorf("read image: %w", cmp.Or(err, photo.ErrUnsupported))
	case !ok:
		return photo.Result{}, fmt.Errorf("decode image: %w", photo.ErrCorrupt)
	case s.Panic:
		panic("scripted panic")
	case s.Fail != "":
		return photo.Result{}, fmt.Errorf("embed: %w", failures[s.Fail])
	}
	e.working.Add(1)
	defer e.working.Add(-1)
	ended := ctx.Done()
	if s.Stubborn {
		ended = nil
	}
	select {
	case <-time.After(s.Hold):
	case <-ended:
		return photo.Result{}, fmt.Errorf("embed: %w", ctx.Err())
	}
	r := photo.Result{Width: 640, Height: 480, Rotation: s.Rotation, MediaType: media, LeftOut: s.LeftOut, Timings: photo.Timings{Decode: time.Millisecond}}
	for _, f := range s.Faces {
		if f.Small && !slices.Contains(checks, photo.CheckSmall) {
			continue
		}
		if f.Size == 0 {
			f.Size = 200
		}
		t := identifytest.Template(dimension, f.Person, f.Take)
		r.Faces = append(r.Faces, photo.Face{
			Box:        face.Box{X: 10, Y: 20, Width: f.Size, Height: f.Size},
			Landmarks:  face.Landmarks{{X: 1, Y: 2}, {X: 3, Y: 4}, {X: 5, Y: 6}, {X: 7, Y: 8}, {X: 9, Y: 10}},
			Rotation:   s.Rotation,
			Confidence: 0.9,
			Template:   t,
			Probe:      t,
			Quality:    face.Quality{Score: 0.9, InterEye: f.Size * 0.4, Reasons: f.Reasons},
		})
		if slices.Contains(checks, photo.CheckLiveness) {
			r.Faces[len(r.Faces)-1].Liveness = liveness(f)
		}
	}
	return r, nil
}
