package embed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
)

// model is a loaded pack.
type model struct {
	*pack.Pack

	detector *detector
	// aligner is nil when faces stay where the detector found them.
	aligner     *aligner
	recognisers []*recogniser
	// judge is nil when liveness cannot be judged.
	judge *judge
}

// load makes the sessions. After an error, close frees those that were made.
func (m *model) load(rt *onnx.Runtime) error {
	d, err := newDetector(rt, m.Pack)
	if err != nil {
		return fmt.Errorf("detector %s: %w", m.Detector.File, err)
	}
	m.detector = d
	if m.aligner, err = newAligner(rt, m.Pack); err != nil {
		return fmt.Errorf("aligner %s: %w", m.Aligner.File, err)
	}
	for _, cfg := range m.Recognisers {
		r, err := newRecogniser(rt, m.Pack, cfg)
		if err != nil {
			return fmt.Errorf("recogniser %s: %w", cfg.File, err)
		}
		m.recognisers = append(m.recognisers, r)
	}
	if m.judge, err = newJudge(rt, m.Pack); err != nil {
		return fmt.Errorf("liveness model %s: %w", m.Liveness.Model.Name, err)
	}
	return nil
}

// bufferSize is how many values the largest input has.
func (m *model) bufferSize() int {
	n := m.detector.bufferSize()
	if m.aligner != nil {
		n = max(n, m.aligner.bufferSize())
	}
	return n
}

func (m *model) close() error {
	var err error
	if m.detector != nil {
		err = m.detector.session.Close()
	}
	if m.aligner != nil {
		err = errors.Join(err, m.aligner.session.Close())
	}
	for _, r := range m.recognisers {
		err = errors.Join(err, r.session.Close())
	}
	if m.judge != nil {
		err = errors.Join(err, m.judge.session.Close())
	}
	return err
}

// recognise joins what the recognisers say of a crop, each weighted by the
// square root of its share, so that cosines of joined vectors are the weighted
// mean of the recognisers' cosines. The length is that of the first
// recogniser's vector.
func (m *model) recognise(ctx context.Context, crop *picture.Raster, input []float32) (_ face.Template, length float64, err error) {
	var joined []float32
	for i, r := range m.recognisers {
		t, n, err := m.vector(ctx, r, crop, input)
		if err != nil {
			return nil, 0, err
		}
		if i == 0 {
			length = n
		}
		share := float32(math.Sqrt(r.Weight))
		for _, v := range t {
			joined = append(joined, share*v)
		}
	}
	t, err := face.NewTemplate(joined)
	return t, length, err
}

// finish gives a face that was assessed its template and probe.
func (m *model) finish(f *photo.Face, joined face.Template) (err error) {
	if f.Template, err = m.Finish(joined, f.Quality.Score); err != nil {
		return err
	}
	f.Probe = m.Probe(f.Template)
	return nil
}

// vector is the recogniser's unit vector, averaged with the mirror image's
// when the pack wants it, and the length it had for the crop as it is.
func (m *model) vector(ctx context.Context, r *recogniser, crop *picture.Raster, input []float32) (t face.Template, length float64, err error) {
	t, length, err = r.recognise(ctx, crop, input)
	if err != nil || !m.Flip {
		return t, length, err
	}
	mirrored, _, err := r.recognise(ctx, mirror(crop), input)
	if err != nil {
		return nil, 0, err
	}
	for i, v := range mirrored {
		t[i] += v
	}
	t, err = face.NewTemplate(t)
	return t, length, err
}

func mirror(crop *picture.Raster) *picture.Raster {
	m := picture.NewRaster(crop.Width, crop.Height)
	for i, to := range [][]float32{m.R, m.G, m.B} {
		from := [][]float32{crop.R, crop.G, crop.B}[i]
		for y := range crop.Height {
			row := to[y*crop.Width : (y+1)*crop.Width]
			copy(row, from[y*crop.Width:])
			slices.Reverse(row)
		}
	}
	return m
}
