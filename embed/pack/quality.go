package pack

import (
	"math"

	"oneton/face"
)

// Quality is a logistic curve in the logarithm of a vector's length: 1 / (1 +
// (Centre/length)^Slope). Recognisers trained with a margin loss give longer
// vectors for photos they can tell apart (MagFace, Meng et al., CVPR 2021).
type Quality struct {
	Centre float64 `yaml:"centre"`
	Slope  float64 `yaml:"slope"`
	// Nuisance, when set, shortens the length by what of the joined vectors
	// speaks of the photo and not of the person.
	Nuisance *Nuisance `yaml:"nuisance"`
}

// Nuisance are directions of the joined vectors that poor photos share. The
// length counts times (1 - share)^Power, where share, of the joined vectors'
// squared length 1, is what lies in them; rows shorter than one count in part.
type Nuisance struct {
	// File holds Dimension rows, each as long as the joined vectors; see
	// Pack.Matrix.
	File      string `yaml:"file"`
	Dimension int    `yaml:"dimension"`
	Power     int    `yaml:"power"`
}

// Score is the quality, in [0, 1], of a face whose first recogniser's vector
// has the length and whose joined vectors are these. The pack has Quality.
func (p *Pack) Score(length float64, joined face.Template) float32 {
	if n := p.Quality.Nuisance; n != nil {
		var share float64
		for _, v := range p.nuisance.Times(joined) {
			share += float64(float64(v) * float64(v))
		}
		length *= math.Pow(max(0, 1-share), float64(n.Power))
	}
	return float32(p.Quality.score(length))
}

func (q *Quality) score(length float64) float64 {
	return 1 / (1 + math.Pow(q.Centre/length, q.Slope))
}

// length is what has the score; of the score 1, which all great lengths have
// once it is rounded, a great one, and none of a score that no length has.
func (q *Quality) length(score float32) float64 {
	const below1 = 1 - 1.0/(1<<25)
	s := max(0, min(float64(score), below1))
	return q.Centre * math.Pow(s/(1-s), 1/q.Slope)
}
