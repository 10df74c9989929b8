package embed

import (
	"fmt"
	"slices"

	"oneton/face"
	"oneton/photo"
)

// withoutCut parts the faces from those that reach the rows which a cut or
// damaged file lacks: what is there of them may look like somebody else, so they
// have no templates. It is photo.ErrCorrupt when there are no others.
func (s *sight) withoutCut(faces []photo.Face) (whole, cut []photo.Face, err error) {
	if s.Damage() == nil {
		return faces, nil, nil
	}
	whole = []photo.Face{}
	for _, f := range faces {
		if s.cuts(f.Box, f.Landmarks) {
			f.Template, f.Probe = nil, nil
			cut = append(cut, f)
		} else {
			whole = append(whole, f)
		}
	}
	// Of those found, some may be taken for no face because they are cut.
	if len(whole) == 0 && slices.ContainsFunc(s.found, func(d detection) bool { return !d.doubtful && s.cuts(d.box, d.landmarks) }) {
		return nil, nil, fmt.Errorf("%w: %w, in the face; send the whole file", photo.ErrCorrupt, s.Damage())
	}
	return whole, cut, nil
}

// cuts says whether a face, or what a recogniser is shown of it, reaches the
// rows that the file lacks.
func (s *sight) cuts(b face.Box, l face.Landmarks) bool {
	return slices.ContainsFunc([]face.Box{b, seen(l)}, func(b face.Box) bool {
		return s.Cuts(float64(b.X), float64(b.Y), float64(b.X+b.Width), float64(b.Y+b.Height))
	})
}

// seen bounds what a recogniser is shown of a face.
func seen(l face.Landmarks) face.Box {
	toPhoto, ok := align(l)
	if !ok {
		return face.Box{}
	}
	const last = cropSide - 1
	left, top := toPhoto.Apply(0, 0)
	right, bottom := left, top
	for _, corner := range [3][2]float64{{last, 0}, {0, last}, {last, last}} {
		x, y := toPhoto.Apply(corner[0], corner[1])
		left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
	}
	return face.Box{X: float32(left), Y: float32(top), Width: float32(right - left), Height: float32(bottom - top)}
}
