package embed

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"oneton/face"
	"oneton/photo"
	"oneton/picture"
)

// task is one photo under way: the models it goes through, the memory it has,
// and where its time went.
type task struct {
	*model
	*memory
	stages  Stages
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

// certain is how many of those found the detector alone takes for faces.
func (s *sight) certain() int {
	n := 0
	for _, d := range s.found {
		if !d.doubtful {
			n++
		}
	}
	return n
}

// look finds the faces of a photo as it is; closely, also part by part.
func (t *task) look(ctx context.Context, p *picture.Picture, closely bool) (_ sight, err error) {
	ctx, done := t.stages.Begin(ctx, "detect")
	defer func() { done(err) }()
	found, err := t.detector.detect(ctx, p, t.frame)
	if err != nil {
		return sight{}, fmt.Errorf("detect faces: %w", err)
	}
	if closely {
		if found, err = t.detector.scan(ctx, p, found, t.frame); err != nil {
			return sight{}, fmt.Errorf("scan photo: %w", err)
		}
		if found, err = t.detector.lean(ctx, p, found, true, t.memory); err != nil {
			return sight{}, fmt.Errorf("scan photo for leaning heads: %w", err)
		}
	}
	t.timings.Detect += t.clock.lap()
	return sight{Picture: p, found: found}, nil
}

// search looks for faces in a photo that shows none: for heads that lean, then for
// small ones.
func (t *task) search(ctx context.Context, s *sight) (err error) {
	ctx, done := t.stages.Begin(ctx, "detect")
	defer func() { done(err) }()
	if s.found, err = t.detector.lean(ctx, s.Picture, s.found, false, t.memory); err != nil {
		return fmt.Errorf("look for leaning heads: %w", err)
	}
	if s.certain() == 0 {
		if s.found, err = t.detector.scan(ctx, s.Picture, s.found, t.frame); err != nil {
			return fmt.Errorf("scan photo: %w", err)
		}
	}
	t.timings.Detect += t.clock.lap()
	return nil
}

// faces are the n largest of those found, largest first, with templates, but
// what is no face. Those that the detector is not sure of come after all others.
func (t *task) faces(ctx context.Context, s sight, n int) ([]photo.Face, error) {
	slices.SortStableFunc(s.found, func(a, b detection) int {
		switch {
		case a.doubtful == b.doubtful:
			return cmp.Compare(b.box.Area(), a.box.Area())
		case a.doubtful:
			return 1
		}
		return -1
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
	made = t.apart(made)
	slices.SortStableFunc(made, func(a, b photo.Face) int {
		return cmp.Compare(b.Box.Area(), a.Box.Area())
	})
	return made, nil
}

// face is the face of a detection with its template, made once; nil when it is
// no face from near.
func (t *task) face(ctx context.Context, p *picture.Picture, d *detection) (_ *photo.Face, err error) {
	if d.made {
		return d.face, nil
	}
	d.made = true
	ctx, done := t.stages.Begin(ctx, "recognise")
	defer func() { done(err) }()
	toPhoto, ok, err := t.refine(ctx, p, d)
	if err != nil {
		return nil, fmt.Errorf("refine face: %w", err)
	}
	t.timings.Refine += t.clock.lap()
	if !ok {
		return nil, nil
	}
	t.cut(p, toPhoto, t.memory)
	t.timings.Align += t.clock.lap()

	joined, length, err := t.recognise(ctx, t.shown, t.input)
	if err != nil {
		return nil, fmt.Errorf("recognise face: %w", err)
	}
	t.timings.Recognise += t.clock.lap()

	f := &photo.Face{
		Box: d.box, Landmarks: d.landmarks, Confidence: d.confidence,
		Quality: assess(d.landmarks, t.crop, t.Pack, length, joined, t.view(t.shown)),
	}
	if t.aligner != nil {
		f.Quality.Roll = float32(degrees(math.Atan2(toPhoto.D, toPhoto.A)))
	}
	if err := t.finish(f, joined); err != nil {
		return nil, fmt.Errorf("finish template: %w", err)
	}
	d.face = f
	t.timings.Assess += t.clock.lap()
	return f, nil
}

// refine says where the aligned crop of a detection lies; false when it is no face.
func (t *task) refine(ctx context.Context, p *picture.Picture, d *detection) (cropToPhoto picture.Affine, ok bool, err error) {
	found, ok := align(d.landmarks)
	if !ok || t.aligner == nil {
		return found, ok, nil
	}
	settled, confidence, err := t.aligner.settle(ctx, p, found, t.frame)
	sure := d.confidence >= t.aligner.Sure
	if err == nil && sure && confidence < t.aligner.Score {
		// Of a small face that leans, the box tells more than the landmarks.
		settled, confidence, err = t.aligner.settle(ctx, p, inBox(d.box), t.frame)
	}
	if err != nil || confidence < t.aligner.Score {
		return found, err == nil && sure, err
	}
	d.landmarks = moved(d.landmarks, found, settled)
	return settled, true, nil
}

// apart are the faces, surest first, without those whose crop the aligner moved to
// where that of one before lies. How heads lean says nothing of that: two that lean
// against each other are two.
func (t *task) apart(faces []photo.Face) []photo.Face {
	if t.aligner == nil {
		return faces
	}
	slices.SortStableFunc(faces, func(a, b photo.Face) int { return cmp.Compare(b.Confidence, a.Confidence) })
	apart := faces[:0]
	for _, f := range faces {
		box := straight(f.Landmarks)
		if !slices.ContainsFunc(apart, func(g photo.Face) bool { return straight(g.Landmarks).IoU(box) > t.detector.NMS }) {
			apart = append(apart, f)
		}
	}
	return apart
}

// straight is the crop of a face, turned about its middle until it stands straight.
func straight(l face.Landmarks) face.Box {
	toPhoto, ok := align(l)
	if !ok {
		return face.Box{}
	}
	x, y := toPhoto.Apply(cropMiddle, cropMiddle)
	side := cropSide * size(toPhoto)
	half := float64(side / 2)
	return face.Box{X: float32(x - half), Y: float32(y - half), Width: float32(side), Height: float32(side)}
}

// stopwatch is the time of its last lap.
type stopwatch time.Time

func (s *stopwatch) lap() time.Duration {
	now := time.Now()
	d := now.Sub(time.Time(*s))
	*s = stopwatch(now)
	return d
}
