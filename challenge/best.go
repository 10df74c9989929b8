package challenge

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"oneton/face"
	"oneton/facesession"
	"oneton/gesture"
	"oneton/photo"
	"oneton/pool"
)

const (
	// looked is how many of a step's frames are looked at closely, and apart how far
	// apart they are, where there are enough.
	looked = 3
	apart  = 200 * time.Millisecond
	// opened is the probability from which on an eye is open.
	opened = 0.7
	// overlap is the least share by which the boxes of one face overlap that was found
	// twice.
	overlap = 0.3
)

// choose finds the step's best frame, and whether all frames that are kept are of one
// person.
func (c *Checks) choose(ctx context.Context, film gesture.Film, frames []facesession.Frame, earlier [][]byte) (facesession.Finding, error) {
	found := failed(NoFace)
	var seen []photo.Face
	var best photo.Face
	for _, s := range candidates(film.Sights()) {
		f, ok, err := c.face(ctx, frames[s.Picture].JPEG, s.Box)
		if err != nil {
			return failed(""), err
		}
		if !ok {
			continue
		}
		seen = append(seen, f)
		if found.Best < 0 || float64(f.Quality.Score) > found.Score {
			found.Best, found.Score, best = s.Picture, float64(f.Quality.Score), f
		}
	}
	if found.Best < 0 {
		return found, nil
	}
	for _, jpeg := range earlier {
		f, ok, err := c.face(ctx, jpeg, face.Box{})
		if err != nil {
			return failed(""), err
		}
		if !ok {
			return failed(OtherPerson), nil
		}
		seen = append(seen, f)
	}
	for _, f := range seen {
		if !c.same(best.Probe, f.Template) {
			return failed(OtherPerson), nil
		}
	}
	if best.Liveness != nil && best.Liveness.Reason != photo.ReasonNoModel {
		found.Passive = string(best.Liveness.Verdict)
	}
	if c.cfg.Passive == Enforce && found.Passive != string(photo.Real) {
		return failed(Spoof), nil
	}
	found.Passed, found.Reason = true, ""
	return found, nil
}

// candidates are the sights that are best compared, as far as the head's turn and the
// eyes tell, some time apart.
func candidates(all []gesture.Sight) []gesture.Sight {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b gesture.Sight) int {
		if o, p := a.Open >= opened, b.Open >= opened; o != p {
			if o {
				return -1
			}
			return 1
		}
		return cmp.Compare(math.Abs(a.Yaw), math.Abs(b.Yaw))
	})
	var chosen []gesture.Sight
	for _, s := range all {
		if len(chosen) == looked {
			break
		}
		if !slices.ContainsFunc(chosen, func(o gesture.Sight) bool { return (o.At - s.At).Abs() < apart }) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// face is the frame's face in the box, or its largest where the box is empty, with its
// template and the passive check's verdict; false when there is none that can be
// compared.
func (c *Checks) face(ctx context.Context, jpeg []byte, box face.Box) (photo.Face, bool, error) {
	r, err := c.faces.Embed(ctx, c.pack, jpeg, photo.CheckLiveness)
	switch {
	case errors.Is(err, pool.ErrBusy), errors.Is(err, pool.ErrClosed), ctx.Err() != nil:
		return photo.Face{}, false, err
	case err != nil:
		return photo.Face{}, false, nil
	}
	for _, f := range r.Faces {
		if f.Comparable() && (box == face.Box{} || f.Box.IoU(box) >= overlap) {
			return f, true, nil
		}
	}
	return photo.Face{}, false, nil
}
