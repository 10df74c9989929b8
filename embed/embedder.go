// Package embed turns a photo's bytes into faces with templates: decode,
// detect, refine, align, recognise, assess.
package embed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

// Config bounds the photos.
type Config struct {
	// MaxFaces is the most faces that one photo gives; 0 is 100.
	MaxFaces int
	// Limits bound the photos; the zero value is picture.DefaultLimits.
	Limits picture.Limits
	// Stages is told where photos are; nil is nobody.
	Stages Stages
}

const defaultMaxFaces = 100

// Embedder turns photos into faces with templates. The same photo and pack
// give the same templates, bit for bit. It may be used from any number of
// goroutines at once.
type Embedder struct {
	models map[string]*model
	names  []string
	pool   *pool.Pool
	// memory is each worker's, by its number.
	memory   []*memory
	limits   picture.Limits
	maxFaces int
	stages   Stages
}

// New loads the packs' models into the runtime. Photos are computed by the
// pool's workers, each in memory of its own. Packs have different names, and the
// first is the default.
func New(cfg Config, rt *onnx.Runtime, workers *pool.Pool, packs ...*pack.Pack) (_ *Embedder, err error) {
	e := &Embedder{
		pool:     workers,
		models:   make(map[string]*model, len(packs)),
		limits:   cmp.Or(cfg.Limits, picture.DefaultLimits()),
		maxFaces: cmp.Or(cfg.MaxFaces, defaultMaxFaces),
		stages:   cmp.Or[Stages](cfg.Stages, unseen{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	frame := 0
	for _, p := range packs {
		if e.models[p.Name] != nil {
			return nil, fmt.Errorf("load pack %q: loaded twice", p.Name)
		}
		m := &model{Pack: p}
		e.models[p.Name] = m
		e.names = append(e.names, p.Name)
		if err := m.load(rt); err != nil {
			return nil, fmt.Errorf("load pack %q: %w", p.Name, err)
		}
		frame = max(frame, m.bufferSize())
	}
	for range workers.Size() {
		e.memory = append(e.memory, newMemory(frame))
	}
	return e, nil
}

// Packs are the names of the loaded packs, the default first.
func (e *Embedder) Packs() []string { return slices.Clone(e.names) }

// Calibration is the pack's table; photo.ErrPack when it is not loaded.
func (e *Embedder) Calibration(pack string) (*calibration.Table, error) {
	m, err := e.model(pack)
	if err != nil {
		return nil, err
	}
	return &m.Pack.Calibration, nil
}

// Poor says what the pack makes of poor photos: its floor, and the curve of doubt in
// its templates; without points when they carry none. It is photo.ErrPack when the
// pack is not loaded.
func (e *Embedder) Poor(pack string) (calibration.Trust, error) {
	m, err := e.model(pack)
	if err != nil || m.Trust == nil {
		return calibration.Trust{}, err
	}
	return *m.Trust, nil
}

// Version is that of the loaded pack; photo.ErrPack when it is not loaded.
func (e *Embedder) Version(pack string) (string, error) {
	m, err := e.model(pack)
	if err != nil {
		return "", err
	}
	return m.Pack.Version, nil
}

// Converter turns templates that a version of the pack made into the loaded
// one's, from what is kept of a face alone: what Embed would make of the
// recognisers' same answers, and the quality with the score and against it what
// the loaded version has. It is nil when the pack is not loaded, or knows no way
// from that version.
func (e *Embedder) Converter(pack, version string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	m := e.models[pack]
	if m == nil || !m.FromVersion(version) {
		return nil
	}
	return func(kept face.Template, q face.Quality) (face.Template, face.Quality, error) {
		t, score, err := m.Convert(version, kept, q.Score)
		if err != nil {
			return nil, q, fmt.Errorf("convert template: %w", err)
		}
		q.Score = score
		return t, trusted(q, m.Trust), nil
	}
}

// Probe is the form of a template of the pack's loaded version that is compared with
// those kept; photo.ErrPack when the pack is not loaded.
func (e *Embedder) Probe(pack string, kept face.Template) (face.Template, error) {
	m, err := e.model(pack)
	if err != nil {
		return nil, err
	}
	return m.Probe(kept), nil
}

// JudgesLiveness says whether the pack has a liveness model that is installed.
func (e *Embedder) JudgesLiveness(pack string) bool {
	m := e.models[pack]
	return m != nil && m.judge != nil
}

func (e *Embedder) model(pack string) (*model, error) {
	m := e.models[pack]
	if m == nil {
		return nil, &photo.PackError{Pack: pack, Loaded: e.Packs()}
	}
	return m, nil
}

// Embed finds the faces in a photo, largest first, each with a template of the
// pack and with what the checks asked for say of it. No face is an empty list,
// not an error. It is photo.ErrPack; pool.ErrBusy at once when the queue is full;
// pool.ErrClosed; the context's error; or what package picture says of a photo
// that cannot be read. The photo is not kept.
func (e *Embedder) Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error) {
	m, err := e.model(pack)
	if err != nil {
		return photo.Result{}, err
	}
	clock := stopwatch(time.Now())
	_, done := e.stages.Begin(ctx, "queue")
	w, err := e.pool.Acquire(ctx)
	done(err)
	if err != nil {
		return photo.Result{}, err
	}
	defer e.pool.Release(w)
	t := &task{model: m, memory: e.memory[w.Number], stages: e.stages, checks: checks, clock: clock}
	t.timings.Queue = t.clock.lap()

	_, done = e.stages.Begin(ctx, "decode")
	p, err := t.decoder.Decode(ctx, content, e.limits)
	done(err)
	if err != nil {
		return photo.Result{}, err
	}
	t.timings.Decode = t.clock.lap()

	s, err := t.stand(ctx, p)
	if err != nil {
		return photo.Result{}, err
	}
	faces, err := t.faces(ctx, s, e.maxFaces)
	if err != nil {
		return photo.Result{}, err
	}
	faces, cut, err := s.withoutCut(faces)
	if err != nil {
		return photo.Result{}, err
	}
	if slices.Contains(checks, photo.CheckLiveness) {
		_, done = e.stages.Begin(ctx, "liveness")
		err := t.live(ctx, s.Picture, faces)
		done(err)
		if err != nil {
			return photo.Result{}, fmt.Errorf("judge liveness: %w", err)
		}
		t.timings.Liveness = t.clock.lap()
	}
	return photo.Result{
		Width: s.Width, Height: s.Height, Rotation: s.rotation, MediaType: s.MediaType,
		Faces: faces, LeftOut: max(0, s.certain()-e.maxFaces), Cut: cut, Damage: s.Damage(), Timings: t.timings,
	}, nil
}

// EmbedAligned makes a face of one that is already aligned: 112×112 pixels of
// red, green and blue, row after row. Its landmarks are those of the alignment.
// Its errors are Embed's, and photo.ErrCorrupt when the crop has another length.
func (e *Embedder) EmbedAligned(ctx context.Context, pack string, crop []byte) (photo.Face, error) {
	m, err := e.model(pack)
	if err != nil {
		return photo.Face{}, err
	}
	if len(crop) != 3*cropSide*cropSide {
		return photo.Face{}, fmt.Errorf("%w: aligned crop of %d bytes, need %d", photo.ErrCorrupt, len(crop), 3*cropSide*cropSide)
	}
	w, err := e.pool.Acquire(ctx)
	if err != nil {
		return photo.Face{}, err
	}
	defer e.pool.Release(w)
	t := e.memory[w.Number]
	for i := range t.crop.R {
		t.crop.R[i], t.crop.G[i], t.crop.B[i] = float32(crop[3*i]), float32(crop[3*i+1]), float32(crop[3*i+2])
	}
	m.show(t)
	joined, length, err := m.recognise(ctx, t.shown, t.input)
	if err != nil {
		return photo.Face{}, fmt.Errorf("recognise face: %w", err)
	}
	f := photo.Face{
		Box: face.Box{Width: cropSide, Height: cropSide}, Landmarks: arcFace112, Confidence: 1,
		Quality: assess(arcFace112, t.crop, m.Pack, length, joined, m.view(t.shown)),
	}
	if err := m.finish(&f, joined); err != nil {
		return photo.Face{}, fmt.Errorf("finish template: %w", err)
	}
	return f, nil
}

// Close frees the models. A photo under way is then onnx.ErrClosed; when the
// pool was closed before, there is none.
func (e *Embedder) Close() error {
	var err error
	for _, m := range e.models {
		err = errors.Join(err, m.close())
	}
	return err
}
