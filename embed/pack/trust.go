package pack

import (
	"fmt"
	"math"
	"slices"

	"oneton/face"
)

// Finish makes the template to keep of a face's joined vectors and its quality
// score. With a transform the joined vectors are mapped and scaled to
// length one again, which gives u; with trust the template is (√(1-d²)·u, d),
// where d is the doubt. It is face.ErrNotFinite or face.ErrZero when nothing is
// left of u, and face.ErrDimension when joined has another length than the
// recognisers' vectors together.
func (p *Pack) Finish(joined face.Template, score float32) (face.Template, error) {
	if err := p.joins(joined); err != nil {
		return nil, err
	}
	u := joined
	if p.transform != nil {
		var err error
		if u, err = face.NewTemplate(p.transform.Times(joined)); err != nil {
			return nil, err
		}
	}
	return p.doubted(u, score), nil
}

// doubted is the template of u, which Finish makes of the joined vectors.
func (p *Pack) doubted(u face.Template, score float32) face.Template {
	if p.Trust == nil {
		return u
	}
	doubt := p.Trust.At(score)
	share := math.Sqrt(1 - float64(doubt*doubt))
	t := make(face.Template, 0, len(u)+1)
	for _, v := range u {
		t = append(t, float32(share*float64(v)))
	}
	return append(t, float32(doubt))
}

// joins is face.ErrDimension when vectors are not as long as the recognisers'
// together.
func (m *Manifest) joins(vectors face.Template) error {
	if n := m.joinedDimension(); len(vectors) != n {
		return fmt.Errorf("joined vectors of %d dimensions, need %d: %w", len(vectors), n, face.ErrDimension)
	}
	return nil
}

// Probe is the form of a template that is compared with those kept. With trust
// its doubt has the other sign, so that the dot product of a probe with a
// template is √(1-d₁²)·√(1-d₂²)·u₁·u₂ - d₁·d₂: the same whichever of the two
// is the probe, and much lower than u₁·u₂ where both photos are poor. Without
// trust it is the template itself.
func (m *Manifest) Probe(t face.Template) face.Template {
	if m.Trust == nil || len(t) == 0 {
		return t
	}
	probe := slices.Clone(t)
	probe[len(probe)-1] = -probe[len(probe)-1]
	return probe
}
