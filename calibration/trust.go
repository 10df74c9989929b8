package calibration

import (
	"fmt"
	"slices"
)

// Trust says how far templates can be told apart, by the quality of their
// photos. Templates of poor photos share directions that have nothing to do
// with who it is, so that strangers' collide with each other, though not with
// those of good photos.
type Trust struct {
	// Floor is the quality score below which nothing can be told apart: such a
	// template is not comparable.
	Floor float64 `json:"floor" yaml:"floor"`
	// Doubt is a curve: qualities rise and doubts do not. Between two points
	// it is linear, and before the first and after the last constant. It may go
	// on below the floor, for what was enrolled all the same.
	Doubt []Doubt `json:"doubt" yaml:"doubt"`
}

// Doubt is one point of a curve, of a quality in [0, 1] and a doubt between -1
// and 1. The product of two photos' doubts is taken from their likeness: of two
// poor photos it lowers it, and where good ones have a negative doubt, it makes
// up to a good and a poor one for what the poor one's vector lost in length.
type Doubt struct {
	Quality float64 `json:"quality" yaml:"quality"`
	Doubt   float64 `json:"doubt" yaml:"doubt"`
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

// Validate is ErrTrust, wrapped with the field that is wrong, when the trust
// breaks what its fields' comments say.
func (t *Trust) Validate() error {
	if !(t.Floor >= 0 && t.Floor <= 1) {
		return fmt.Errorf("floor: %v must be 0 to 1: %w", t.Floor, ErrTrust)
	}
	if n := len(t.Doubt); n < 1 || n > maxDoubts {
		return fmt.Errorf("doubt: %d points, need 1 to %d: %w", n, maxDoubts, ErrTrust)
	}
	for i, p := range t.Doubt {
		switch before := t.Doubt[max(0, i-1)]; {
		case !(p.Quality >= 0 && p.Quality <= 1):
			return fmt.Errorf("doubt[%d].quality: %v must be 0 to 1: %w", i, p.Quality, ErrTrust)
		case !(p.Doubt > -1 && p.Doubt < 1):
			return fmt.Errorf("doubt[%d].doubt: %v must be between -1 and 1: %w", i, p.Doubt, ErrTrust)
		case i > 0 && p.Quality <= before.Quality:
			return fmt.Errorf("doubt[%d].quality: %v must be above %v: %w", i, p.Quality, before.Quality, ErrTrust)
		case i > 0 && p.Doubt > before.Doubt:
			return fmt.Errorf("doubt[%d].doubt: %v must be at most %v: %w", i, p.Doubt, before.Doubt, ErrTrust)
		}
	}
	return nil
}

// maxDoubts is the most points that a curve has.
const maxDoubts = 1000
