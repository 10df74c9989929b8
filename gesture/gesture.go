// Package gesture tells from a clip whether the person in it blinks or smiles. It
// follows one face, keeps it apart from other people and from what is cut into the
// clip, and decides by how the face moves: a still picture that is moved, tilted,
// brought nearer or lit otherwise does neither. It is no proof that somebody is
// before the camera: a film of somebody who smiles passes.
package gesture

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"oneton/calibration"
	"oneton/clip"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

// Faces finds faces in the pictures of a clip, and tells people apart; the worker is
// one that the caller holds. *embed.Embedder does it.
type Faces interface {
	// Packs are the names of the loaded packs, the default first.
	Packs() []string
	Calibration(pack string) (*calibration.Table, error)
	Glance(ctx context.Context, w *pool.Worker, pack string, p *picture.Picture) ([]photo.Face, error)
	Recognise(ctx context.Context, w *pool.Worker, pack string, p *picture.Picture, f photo.Face) (photo.Face, bool, error)
}

// Clips reads clips. *clip.Reader does it.
type Clips interface {
	Frames(ctx context.Context, data []byte) iter.Seq2[clip.Frame, error]
}

// Config says where the models are.
type Config struct {
	// Models is the folder of their files.
	Models string
}

// Judge judges clips. It may be used from any number of goroutines at once.
type Judge struct {
	faces   Faces
	clips   Clips
	workers *pool.Pool
	pack    string
	// stranger is the cosine below which two templates are of two people.
	stranger float64
	models   *shelf
	// off says that the models are not installed, where they are not.
	off error
}

// strangers is the share of two people's comparisons that may pass for one's: high,
// so that one whose face moves is not taken for two.
const strangers = 0.01

// New looks for the models, which are loaded when the first clip is judged. That they
// are not installed is no error: see Ready. Without clips, which may be nil, it judges
// frames alone.
func New(cfg Config, rt *onnx.Runtime, workers *pool.Pool, faces Faces, clips Clips) (*Judge, error) {
	j := &Judge{faces: faces, clips: clips, workers: workers, pack: faces.Packs()[0], models: &shelf{folder: cfg.Models, rt: rt}}
	table, err := faces.Calibration(j.pack)
	if err != nil {
		return nil, fmt.Errorf("judge gestures: %w", err)
	}
	j.stranger = table.Threshold(strangers)
	if err := j.models.check(); errors.Is(err, ErrOff) {
		j.off = err
	} else if err != nil {
		return nil, fmt.Errorf("judge gestures: %w", err)
	}
	return j, nil
}

// Ready is nil, or ErrOff with the reason when the models are not installed.
func (j *Judge) Ready() error { return j.off }

// Close frees the models.
func (j *Judge) Close() error { return j.models.close() }

// Verdict is what is seen in a clip.
type Verdict struct {
	Blinks, Smiles bool
}

// Blinks says whether the clip's subject closes both eyes and opens them again, as
// fast as people blink. It is one of this package's errors, one of package clip's,
// pool.ErrBusy, pool.ErrClosed, or the context's. The clip is not kept.
func (j *Judge) Blinks(ctx context.Context, data []byte) (bool, error) {
	v, err := j.judge(ctx, data, false)
	return v.Blinks, err
}

// Smiles says whether the clip's subject begins to smile, or ceases to: a face that
// smiles all the time does not move. Its errors are those of Blinks.
func (j *Judge) Smiles(ctx context.Context, data []byte) (bool, error) {
	v, err := j.judge(ctx, data, true)
	return v.Smiles, err
}

// Judge tells both at once. Its errors are those of Blinks.
func (j *Judge) Judge(ctx context.Context, data []byte) (Verdict, error) {
	return j.judge(ctx, data, true)
}

// judge says what is seen in one of the pieces in which the clip's subject is
// followed without a break; smiles only where expressions are read.
func (j *Judge) judge(ctx context.Context, data []byte, expressions bool) (v Verdict, err error) {
	if j.off != nil {
		return v, j.off
	}
	tracks, err := j.follow(ctx, j.clips.Frames(ctx, data), ofClips, expressions)
	film := Film{tracks}
	return Verdict{Blinks: film.Blinks(), Smiles: film.Smiles()}, err
}
