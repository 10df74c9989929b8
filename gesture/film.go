package gesture

import (
	"context"
	"iter"
	"time"

	"oneton/clip"
	"oneton/face"
)

// Film is what is seen of one person in pictures that follow each other: the pieces in
// which the face is followed without a break.
type Film struct {
	tracks []*track
}

// Watch looks at pictures as pages send them, four and more a second. Its errors are
// those of Judge.Blinks, and what the pictures' source says.
func (j *Judge) Watch(ctx context.Context, frames iter.Seq2[clip.Frame, error]) (Film, error) {
	if j.off != nil {
		return Film{}, j.off
	}
	tracks, err := j.follow(ctx, frames, ofPages, true)
	return Film{tracks}, err
}

// Blinks says whether the person blinks.
func (f Film) Blinks() bool { return f.any(blinks) }

// Smiles says whether the person begins to smile, or ceases to.
func (f Film) Smiles() bool { return f.any(smiles) }

func (f Film) any(seen func([]moment) bool) bool {
	for _, t := range f.tracks {
		if seen(t.moments) {
			return true
		}
	}
	return false
}

// Pieces is in how many pieces the person is followed: more than one where the face
// is suddenly elsewhere, another picture of it, or out of sight for a while.
func (f Film) Pieces() int { return len(f.tracks) }

// Sight is how the person looks in one picture.
type Sight struct {
	// Picture is its number, from 0, and At its time.
	Picture int
	At      time.Duration
	Box     face.Box
	// Yaw is how far the head is turned to the picture's right, and Pitch upwards, in
	// degrees.
	Yaw, Pitch float64
	// Open is the probability that the eye that is more surely closed is open.
	Open float64
}

// Sights are those of all pictures that show the person, in order.
func (f Film) Sights() []Sight {
	var all []Sight
	for _, t := range f.tracks {
		for _, m := range t.moments {
			all = append(all, Sight{m.picture, m.at, m.box, m.yaw, m.pitch, min(m.open[0], m.open[1])})
		}
	}
	return all
}
