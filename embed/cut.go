package embed

import (
	"fmt"
	"slices"
)

// leaveOutCut leaves out the faces that reach the rows which a cut or damaged
// file lacks: what is there of them may look like somebody else. It is ErrCorrupt
// when there are no others.
func (s *sight) leaveOutCut() error {
	if s.Damage() == nil || len(s.found) == 0 {
		return nil
	}
	s.found = slices.DeleteFunc(s.found, func(d detection) bool {
		b := d.box
		return s.Cuts(float64(b.X), float64(b.Y), float64(b.X+b.Width), float64(b.Y+b.Height)) || s.Cuts(seen(d))
	})
	if len(s.found) == 0 {
		return fmt.Errorf("%w: %w, in the face; send the whole file", ErrCorrupt, s.Damage())
	}
	return nil
}

// seen bounds what a recogniser is shown of a face.
func seen(d detection) (left, top, right, bottom float64) {
	toPhoto, ok := align(d.landmarks)
	if !ok {
		return 0, 0, 0, 0
	}
	const last = cropSide - 1
	left, top = toPhoto.Apply(0, 0)
	right, bottom = left, top
	for _, corner := range [3][2]float64{{last, 0}, {0, last}, {last, last}} {
		x, y := toPhoto.Apply(corner[0], corner[1])
		left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
	}
	return left, top, right, bottom
}
