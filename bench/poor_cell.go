package main

import (
	"math"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/server/uqudo"
)

// poorCell is what photos that are poor in one way do: among themselves, among
// good ones, and in a gallery of both.
type poorCell struct {
	Way string `json:"way"`
	// Refused is the share that cannot be compared.
	Refused float64 `json:"refused"`
	// Searches are those of strangers, by the wanted rate.
	Searches []poorSearches `json:"searches"`
	// Alike and Good are comparisons of two people, both with photos that are poor
	// alike, or one with a good photo.
	Alike []poorLevel `json:"verify_alike"`
	Good  []poorLevel `json:"verify_good"`
	// Found is the share found of people enrolled by a good photo, in a gallery
	// of 1,000 at an FPIR of 1 %.
	Found calibration.Proportion `json:"found"`
}

// poorSearches are how often strangers are answered where the gallery is of photos
// poor in the same way, of good ones, and half of each.
type poorSearches struct {
	FPIR  float64 `json:"wanted_fpir"`
	Alike fpirAt  `json:"alike"`
	Good  fpirAt  `json:"among_good"`
	Mixed fpirAt  `json:"mixed"`
}

// fpirAt is the share of all searches of strangers, the refused ones too, that
// are answered in galleries of two sizes.
type fpirAt struct {
	Of100  float64 `json:"of_100"`
	Of1000 float64 `json:"of_1000"`
}

// poorLevel is a match level of 1:1.
type poorLevel struct {
	FMR float64 `json:"wanted_fmr"`
	// Matches are how many of the pairs match. Fewer than three wanted ones show
	// nothing but an upper bound: three over the pairs, where none does.
	Matches int     `json:"matches"`
	Pairs   int     `json:"pairs"`
	Ratio   float64 `json:"over_wanted"`
}

const (
	poorFPIR = 0.01
	// poorGallery is the gallery in whose threshold mates are looked for.
	poorGallery = 1000
)

func poorCellOf(p *pack.Manifest, people []chosen, good, poor []face.Template) poorCell {
	table := &p.Calibration
	cell := poorCell{}
	alike, among, mates := make([][]float64, len(poor)), make([][]float64, len(poor)), []float64{}
	for i, t := range poor {
		if t == nil {
			cell.Refused += 1 / float64(len(poor))
		}
		if people[i].good != people[i].spoiled {
			mates = append(mates, likeness(p, t, good[i]))
		}
		for j := range poor {
			if i != j {
				alike[i] = append(alike[i], likeness(p, t, poor[j]))
				among[i] = append(among[i], likeness(p, t, good[j]))
			}
		}
	}
	both := make([][]float64, len(poor))
	for i := range both {
		both[i] = append(append(both[i], alike[i]...), among[i]...)
	}
	for _, fpir := range []float64{poorFPIR, poorFPIR / 10} {
		cell.Searches = append(cell.Searches, poorSearches{fpir, expected(table, alike, fpir), expected(table, among, fpir), expected(table, both, fpir)})
	}
	once := make([][]float64, len(alike))
	for i, of := range alike {
		once[i] = of[:i] // with those before
	}
	cell.Alike, cell.Good = poorLevels(table, once), poorLevels(table, among)
	found := 0
	for _, v := range mates {
		if v >= table.Identification(poorFPIR, poorGallery) {
			found++
		}
	}
	cell.Found = proportion(found, len(mates))
	return cell
}

// poorLevels are the match levels of comparisons.
func poorLevels(table *calibration.Table, likeness [][]float64) []poorLevel {
	var levels []poorLevel
	for _, rate := range uqudo.Levels() {
		l, threshold := poorLevel{FMR: rate}, table.Threshold(rate)
		for _, of := range likeness {
			l.Pairs += len(of)
			for _, v := range of {
				if v >= threshold {
					l.Matches++
				}
			}
		}
		l.Ratio = float64(l.Matches) / float64(l.Pairs) / rate
		levels = append(levels, l)
	}
	return levels
}

// likeness is how alike two templates are; the least there is where one cannot
// be compared.
func likeness(p *pack.Manifest, a, b face.Template) float64 {
	if a == nil || b == nil {
		return -1
	}
	c, err := p.Probe(a).Cosine(b)
	if err != nil {
		return -1
	}
	return c
}

// expected is the mean over probes of the probability that a gallery drawn of
// their strangers has one above its threshold.
func expected(table *calibration.Table, likeness [][]float64, fpir float64) fpirAt {
	at := func(gallery int) float64 {
		threshold, sum := table.Identification(fpir, gallery), 0.0
		for _, of := range likeness {
			sum += -math.Expm1(float64(gallery) * math.Log1p(-min(reach(of, threshold), 1-1e-12)))
		}
		return sum / float64(len(likeness))
	}
	return fpirAt{Of100: at(100), Of1000: at(1000)}
}
