package gesture

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"oneton/clip"
	"oneton/face"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

// moment is what is seen of the subject in one picture.
type moment struct {
	at time.Duration
	// picture is its number in the clip.
	picture int
	box     face.Box
	// yaw is how far the head is turned to the picture's right, and pitch upwards, in
	// degrees, as the detector's five points tell.
	yaw, pitch float64
	// shape are the face's points about the nose, the eyes' outer corners at
	// distance 1.
	shape points
	// open is the probability that each eye is open, and lids how wide it is.
	open, lids [2]float64
	// mouth is the mouth's width over the eyes' distance.
	mouth float64
	// happy is the probability that the face looks happy, where it was read.
	happy float64
	read  bool
}

// track is a piece of the clip in which one face is followed without a break.
type track struct {
	moments []moment
	// person is the template of the face where the track begins; nil when there is
	// none.
	person face.Template
	// weight is how much of the clip it fills: time by the size of the face.
	weight float64

	box   face.Box
	shape points
	patch patch
}

const (
	// smallest is the width of the smallest face that is looked at, in pixels: its
	// eyes are five wide.
	smallest = 40
	// overlap is the least share by which the boxes of a face in one picture and in
	// the next overlap.
	overlap = 0.3
	// cutBelow is the likeness below which a face is not the next moment of the one
	// before, but another picture of it: two photos of one person reach 0.66, and
	// 99.5 % of the moments of clips 0.88 and more, but where a head is thrown about.
	cutBelow = 0.72
	// expressionEvery is how often the expression is read, ten times a second where
	// the pictures' times waver.
	expressionEvery = 90 * time.Millisecond
	// shortest is the shortest clip that can be judged.
	shortest = 500 * time.Millisecond
	// rival is the share of the subject's size from which another face is one that
	// may be meant, and crowded the share of the clip in which there may be one.
	rival, crowded = 0.5, 0.2
	// shown is the share of the clip's pictures that must show a face.
	shown = 0.3
	// other is the share of all faces' weight from which on another person's make the
	// clip one of two people.
	other = 0.1
)

// pace is what is asked of the times of a clip's pictures.
type pace struct {
	// slowest is the longest time between pictures, by the median, and pause how long
	// a face may be out of sight in a track.
	slowest, pause time.Duration
}

// An eye is closed for 100 ms and more when it blinks, so that a clip of 10 pictures a
// second shows it. Pages send fewer where the network is slow.
var (
	ofClips = pace{slowest: 110 * time.Millisecond, pause: 150 * time.Millisecond}
	ofPages = pace{slowest: 260 * time.Millisecond, pause: 400 * time.Millisecond}
)

// watch is a clip as it is looked at.
type watch struct {
	*Judge
	pace
	models      *models
	expressions bool
	tracks      []*track
	// pictures, faces and crowds count pictures: all, those with a face that is large
	// enough, and those in which another may be meant.
	pictures, faces, crowds int
	times                   []time.Duration
}

// follow looks at the pictures and returns the pieces that show their subject.
func (j *Judge) follow(ctx context.Context, frames iter.Seq2[clip.Frame, error], p pace, expressions bool) ([]*track, error) {
	models, err := j.models.get()
	if err != nil {
		return nil, fmt.Errorf("judge gestures: %w", err)
	}
	w := &watch{Judge: j, pace: p, models: models, expressions: expressions}
	for f, err := range frames {
		if err != nil {
			return nil, err
		}
		if err := w.look(ctx, f); err != nil {
			return nil, err
		}
	}
	if err := w.usable(); err != nil {
		return nil, err
	}
	return w.subject()
}

// usable says whether the clip can be judged.
func (w *watch) usable() error {
	switch {
	case len(w.times) < 2 || w.times[len(w.times)-1]-w.times[0] < shortest:
		return fmt.Errorf("%w: send a clip of a second or more", ErrShort)
	case medianStep(w.times) > w.slowest:
		return fmt.Errorf("%w: it has fewer than %d pictures a second; send a video as the camera records it", ErrShort, time.Second/w.slowest+1)
	case float64(w.faces) < float64(shown*float64(w.pictures)):
		return fmt.Errorf("%w: too few of its pictures show a face of %d pixels and more; hold the camera nearer, and look into it", ErrNoFace, smallest)
	case float64(w.crowds) > float64(crowded*float64(w.faces)):
		return fmt.Errorf("%w: have only one person in the picture", ErrSeveral)
	}
	return nil
}

// subject are the tracks of the person that fills most of the clip.
func (w *watch) subject() ([]*track, error) {
	var main *track
	for _, t := range w.tracks {
		if t.person != nil && (main == nil || t.weight > main.weight) {
			main = t
		}
	}
	if main == nil {
		return nil, fmt.Errorf("%w: its face cannot be recognised; hold the camera nearer, and look into it", ErrNoFace)
	}
	var own []*track
	var all, others float64
	for _, t := range w.tracks {
		all += t.weight
		switch {
		case t.person == nil:
		case w.same(main, t):
			own = append(own, t)
		default:
			others += t.weight
		}
	}
	if others > float64(other*all) {
		return nil, fmt.Errorf("%w: show one person from beginning to end", ErrSwitched)
	}
	return own, nil
}

// same says whether two tracks are of one person.
func (w *watch) same(t, o *track) bool {
	cosine, err := t.person.Cosine(o.person)
	return err == nil && cosine >= w.stranger
}

// look looks at one picture, with a worker of its own.
func (w *watch) look(ctx context.Context, f clip.Frame) error {
	worker, err := w.workers.Acquire(ctx)
	if err != nil {
		return err
	}
	defer w.workers.Release(worker)
	w.pictures++
	w.times = append(w.times, f.At)
	faces, err := w.Judge.faces.Glance(ctx, worker, w.pack, f.Picture)
	if err != nil {
		return err
	}
	for len(faces) > 0 && faces[len(faces)-1].Box.Width < smallest {
		faces = faces[:len(faces)-1]
	}
	if len(faces) == 0 {
		return nil
	}
	w.faces++
	now, known := w.next(faces)
	for _, o := range faces {
		if o.Box != now.Box && o.Box.Area() > rival*now.Box.Area() {
			w.crowds++
			break
		}
	}
	l, err := w.models.findPoints(ctx, f.Picture, now.Box)
	if err != nil {
		return err
	}
	p := newPatch(f.Picture, &l)
	t := w.last()
	if !known || f.At-t.moments[len(t.moments)-1].at > w.pause || p.likeness(t.patch) < cutBelow {
		if t, err = w.begin(ctx, worker, f.Picture, now, &l); err != nil {
			return err
		}
	}
	return w.add(ctx, t, f, now, l, p)
}

// last is the track that may go on; nil when there is none.
func (w *watch) last() *track {
	if len(w.tracks) == 0 {
		return nil
	}
	return w.tracks[len(w.tracks)-1]
}

// next is the face that goes on the last track, else the largest.
func (w *watch) next(faces []photo.Face) (f photo.Face, known bool) {
	f = faces[0]
	t := w.last()
	if t == nil {
		return f, false
	}
	best := float32(overlap)
	for _, o := range faces {
		if s := o.Box.IoU(t.box); s >= best {
			best, f, known = s, o, true
		}
	}
	return f, known
}

// begin starts a track with the person in the picture.
func (w *watch) begin(ctx context.Context, worker *pool.Worker, p *picture.Picture, f photo.Face, l *points) (*track, error) {
	t := &track{shape: l.scaled()}
	made, ok, err := w.Judge.faces.Recognise(ctx, worker, w.pack, p, f)
	if err != nil {
		return nil, err
	}
	if ok {
		t.person = made.Template
	}
	w.tracks = append(w.tracks, t)
	return t, nil
}

// add adds the moment of a picture to the track.
func (w *watch) add(ctx context.Context, t *track, f clip.Frame, now photo.Face, l points, p patch) (err error) {
	m := moment{
		at: f.At, picture: w.pictures - 1, box: now.Box,
		yaw: float64(now.Quality.Yaw), pitch: float64(now.Quality.Pitch), shape: l.scaled(),
	}
	toShape, ok := pose(&l, &t.shape)
	if !ok {
		return nil
	}
	flat := l.through(toShape)
	m.mouth = flat.mouth()
	for i := range m.open {
		m.lids[i] = flat.lids(i)
		if m.open[i], err = w.models.open(ctx, f.Picture, l.eye(i)); err != nil {
			return err
		}
	}
	if w.expressions && t.due(f.At) {
		if m.happy, err = w.models.happiness(ctx, f.Picture, now.Box); err != nil {
			return err
		}
		m.read = true
	}
	if n := len(t.moments); n > 0 {
		t.weight += float64((f.At - t.moments[n-1].at).Seconds() * float64(now.Box.Area()))
	}
	t.moments = append(t.moments, m)
	t.box, t.patch = now.Box, p
	return nil
}

// due says whether it is time to read the expression again.
func (t *track) due(at time.Duration) bool {
	for _, m := range slices.Backward(t.moments) {
		if m.read {
			return at-m.at >= expressionEvery
		}
	}
	return true
}
