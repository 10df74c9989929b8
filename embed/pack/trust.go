package pack

import (
	"fmt"
	"math"
	"slices"

	"oneton/face"
)

// Trust says how far templates can be told apart, by the quality of their
// photos. Templates of poor photos share directions that have nothing to do
// with who it is, so that strangers' collide with each other, though not with
// those of good photos.
type Trust struct {
	// Floor is the quality score below which nothing can be told apart: such a
	// template is not comparable.
	Floor float64 `yaml:"floor"`
	// Doubt is a curve: qualities rise and doubts do not. Between two points
	// it is linear, and before the first and after the last constant. It may go
	// on below the floor, for what was enrolled all the same.
	Doubt []Doubt `yaml:"doubt"`
}

// Doubt is one point of a curve, of a quality in [0, 1] and a doubt between -1
// and 1. The product of two photos' doubts is taken from their likeness: of two
// poor photos it lowers it, and where good ones have a negative doubt, it makes
// up to a good and a poor one for what the poor one's vector lost in length.
type Doubt struct {
	Quality float64 `yaml:"quality"`
	Doubt   float64 `yaml:"doubt"`
}

// Comparable says whether a template of the quality score can be compared.
func (t *Trust) Comparable(score float32) bool { return float64(score) >= t.Floor }

// At is the doubt in a template of the quality score, between -1 and 1.
func (t *Trust) At(score float32) float64 {
	q := float64(score)
	i := slices.IndexFunc(t.Doubt, func(p Doubt) bool { return p.Quality > q })
	switch i {
	case 0:
		return t.Doubt[0].Doubt
	case -1:
		return t.Doubt[len(t.Doubt)-1].Doubt
	}
	a, b := t.Doubt[i-1], t.Doubt[i]
	share := (q - a.Quality) / (b.Quality - a.Quality)
	return a.Doubt + float64(share*(b.Doubt-a.Doubt))
}

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
	if p.Trust == nil {
		return u, nil
	}
	doubt := p.Trust.At(score)
	share := math.Sqrt(1 - float64(doubt*doubt))
	t := make(face.Template, 0, len(u)+1)
	for _, v := range u {
		t = append(t, float32(share*float64(v)))
	}
	return append(t, float32(doubt)), nil
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
