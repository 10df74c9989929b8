package pack

import (
	"fmt"
	"math"

	"oneton/face"
)

// Quality is a logistic curve in the logarithm of a vector's length: 1 / (1 +
// (Centre/length)^Slope). Recognisers trained with a margin loss give longer
// vectors for photos they can tell apart (MagFace, Meng et al., CVPR 2021).
type Quality struct {
	Centre float64 `yaml:"centre"`
	Slope  float64 `yaml:"slope"`
	// Nuisance and Network, when set, shorten the length by what of the joined
	// vectors speaks of the photo and not of the person.
	Nuisance *Nuisance `yaml:"nuisance"`
	Network  *Network  `yaml:"network"`
	// Crop, when set, shortens it by what is seen of the photo in the crop alone,
	// in a View: what hides, stretches or smears a face and leaves the vector as
	// good as any.
	Crop *Network `yaml:"crop"`
	// Most, when set, is how many times its length all three let a vector count at
	// most. Networks tell apart what they were trained on; of a photo unlike all of
	// those they may say anything, and a short vector stays a poor one.
	Most float64 `yaml:"most"`
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

// Network sees in the joined vectors, or in the view of a crop, how poor a photo
// is, also where a face is hidden in part and the rest of it is good: a layer of
// Hidden rectified units. The length counts times (1 - share)^Power, where share
// is the sum of part·max(0, weights·values + offset) over them.
type Network struct {
	// File holds a row for each unit: its weights, one for each value that it
	// sees, its offset and its part; see Pack.Matrix.
	File   string `yaml:"file"`
	Hidden int    `yaml:"hidden"`
	Power  int    `yaml:"power"`
}

// grading is a Quality with the contents of its files.
type grading struct {
	*Quality
	nuisance, network, crop Matrix
}

// readGrading reads the files of a quality; nil is none.
func (p *Pack) readGrading(q *Quality) (g grading, err error) {
	g.Quality = q
	if q == nil {
		return g, nil
	}
	if n := q.Nuisance; n != nil {
		if g.nuisance, err = p.Matrix(n.File, n.Dimension, p.joinedDimension()); err != nil {
			return g, err
		}
	}
	if n := q.Network; n != nil {
		if g.network, err = p.Matrix(n.File, n.Hidden, p.joinedDimension()+2); err != nil {
			return g, err
		}
	}
	if n := q.Crop; n != nil {
		g.crop, err = p.Matrix(n.File, n.Hidden, ViewSize+2)
	}
	return g, err
}

// Score is the quality, in [0, 1], of a face whose first recogniser's vector
// has the length, whose joined vectors are these, and whose crop has this view; a
// view of nil is one in which nothing is seen to be wrong. The pack has Quality.
func (p *Pack) Score(length float64, joined face.Template, view View) float32 {
	counts := p.grading.counted(joined)
	if n := p.Quality.Crop; n != nil && view != nil {
		counts *= n.counted(p.grading.crop, view)
	}
	return float32(p.grading.score(length * p.grading.bounded(counts)))
}

// bounded is the part of a length that counts, at most Most.
func (q *Quality) bounded(counts float64) float64 {
	if q.Most > 0 {
		return min(counts, q.Most)
	}
	return counts
}

// counted is how much of the length of joined vectors counts, unbounded.
func (g grading) counted(joined face.Template) float64 {
	counts := 1.0
	if n := g.Nuisance; n != nil {
		var share float64
		for _, v := range g.nuisance.Times(joined) {
			share += float64(float64(v) * float64(v))
		}
		counts = math.Pow(max(0, 1-share), float64(n.Power))
	}
	if n := g.Network; n != nil {
		counts *= n.counted(g.network, joined)
	}
	return counts
}

// counted is how much of the length of a face counts of which the units see the
// values.
func (n *Network) counted(units Matrix, values []float32) float64 {
	var share float64
	for _, unit := range units {
		part := float64(unit[len(values)+1])
		share += float64(part * max(0, dot(unit, values)+float64(unit[len(values)])))
	}
	return math.Pow(max(0, 1-share), float64(n.Power))
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

// validate checks the quality of a pack whose joined vectors have so many
// values.
func (q *Quality) validate(listed func(string) bool, joined int) error {
	const highest, units = 100, 1024
	if err := firstBroken([]rule{
		{q.Centre > 0 && q.Centre < math.MaxFloat32, "centre", "above 0"},
		{q.Slope > 0 && q.Slope < math.MaxFloat32, "slope", "above 0"},
		{q.Most >= 0 && q.Most < math.MaxFloat32, "most", "above 0, or left out"},
	}); err != nil {
		return err
	}
	if n := q.Nuisance; n != nil {
		if err := firstBroken([]rule{
			{listed(n.File), "file", "listed under files"},
			{n.Dimension >= 1 && n.Dimension <= joined, "dimension", fmt.Sprintf("1 to %d, the dimensions of all recognisers together", joined)},
			{n.Power >= 1 && n.Power <= highest, "power", fmt.Sprintf("1 to %d", highest)},
		}); err != nil {
			return fmt.Errorf("nuisance.%w", err)
		}
	}
	for _, of := range []struct {
		name string
		*Network
	}{{"network", q.Network}, {"crop", q.Crop}} {
		if of.Network == nil {
			continue
		}
		if err := firstBroken([]rule{
			{listed(of.File), "file", "listed under files"},
			{of.Hidden >= 1 && of.Hidden <= units, "hidden", fmt.Sprintf("1 to %d", units)},
			{of.Power >= 1 && of.Power <= highest, "power", fmt.Sprintf("1 to %d", highest)},
		}); err != nil {
			return fmt.Errorf("%s.%w", of.name, err)
		}
	}
	return nil
}
