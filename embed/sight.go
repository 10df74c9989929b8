package embed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"oneton/photo"
	"oneton/picture"
)

// task is one photo under way: the models it goes through, the memory it has,
// and where its time went.
type task struct {
	*model
	*memory
	checks  []photo.Check
	clock   stopwatch
	timings photo.Timings
}

// sight is a photo as it is looked at, and what the detector finds in it.
type sight struct {
	*picture.Picture
	// rotation is by how many degrees clockwise the photo was turned for it.
	rotation int
	found    []detection
}

// look finds the faces of a photo as it is; closely, also part by part.
func (t *task) look(ctx context.Context, p *picture.Picture, closely bool) (sight, error) {
	found, err := t.detector.detect(ctx, p, t.frame)
	if err != nil {
		return sight{}, fmt.Errorf("detect faces: %w", err)
	}
	if closely {
		if found, err = t.detector.scan(ctx, p, found, t.frame); err != nil {
			return sight{}, fmt.Errorf("scan photo: %w", err)
		}
	}
	t.timings.Detect += t.clock.lap()
	return sight{Picture: p, found: found}, nil
}

// faces are the n largest of those found, largest first, with templates, but
// what is no face.
func (t *task) faces(ctx context.Context, s sight, n int) ([]photo.Face, error) {
	slices.SortStableFunc(s.found, func(a, b detection) int {
		return cmp.Compare(b.box.Area(), a.box.Area())
	})
	made := []photo.Face{}
	for i := range s.found[:min(n, len(s.found))] {
		f, err := t.face(ctx, s.Picture, &s.found[i])
		if err != nil {
			return nil, err
		}
		if f != nil {
			f.Rotation = s.rotation
			made = append(made, *f)
		}
	}
	return made, nil
}

// face is the face of a detection with its template, made once; nil when it is
// no face from near.
func (t *task) face(ctx context.Context, p *picture.Picture, d *detection) (*photo.Face, error) {
	if d.made {
		return d.face, nil
	}
	d.made = true
	toPhoto, ok, err := t.detector.refine(ctx, p, d, t.frame)
	if err != nil {
		return nil, fmt.Errorf("refine face: %w", err)
	}
	t.timings.Refine += t.clock.lap()
	if !ok {
		return nil, nil
	}
	t.detector.source(p, toPhoto, t.frame).warp(t.crop, toPhoto)
	t.timings.Align += t.clock.lap()

	joined, length, err := t.recognise(ctx, t.crop, t.input)
	if err != nil {
		return nil, fmt.Errorf("recognise face: %w", err)
	}
	t.timings.Recognise += t.clock.lap()

	f := &photo.Face{
		Box: d.box, Landmarks: d.landmarks, Confidence: d.confidence,
		Quality: assess(d.landmarks, t.crop, t.Pack, length, joined),
	}
	if err := t.finish(f, joined); err != nil {
		return nil, fmt.Errorf("finish template: %w", err)
	}
	d.face = f
	t.timings.Assess += t.clock.lap()
	return f, nil
}

// stopwatch is the time of its last lap.
type stopwatch time.Time

func (s *stopwatch) lap() time.Duration {
	now := time.Now()
	d := now.Sub(time.Time(*s))
	*s = stopwatch(now)
	return d
}
