package main

import (
	"errors"
	"math/rand/v2"
	"slices"

	"oneton/calibration"
	"oneton/face"
)

// outOfSample is how often people who are not enrolled were answered, in a
// gallery of people that the table was not fitted to, at one of two kinds of
// threshold: the one calibrated for a wanted FPIR and the gallery's size, or a
// fixed one of a false-match rate, whatever the size.
type outOfSample struct {
	Gallery int `json:"gallery"`
	// FPIR is the wanted rate, or FMR the fixed threshold's.
	FPIR float64 `json:"fpir,omitempty"`
	FMR  float64 `json:"fixed_fmr,omitempty"`
	// Measured is the mean over the splits, Low and High its 2.5 and 97.5 %
	// points over them.
	Measured float64 `json:"measured"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	// Ratio is Measured over FPIR.
	Ratio float64 `json:"ratio,omitempty"`
}

// splitSeed makes the halvings the same in every run.
const splitSeed = 7

// drawnProbes is how many probes a gallery size is tried with in each split,
// roughly: small galleries are drawn several times.
const drawnProbes = 20000

// checkOutOfSample fits a table to one half of the people, tries its
// thresholds on the other, and does so for several random halvings. Galleries
// have one photo a person; every person of the half who is not enrolled is a
// probe, and in the largest gallery each person is looked for among all the
// others.
func checkOutOfSample(s *photoSet, cosines matrix, templates []face.Template, splits int) ([]outOfSample, error) {
	type question struct {
		gallery   int
		fpir, fmr float64
	}
	measured := make(map[question][]float64)
	var order []question
	ask := func(q question, rate float64) {
		if _, known := measured[q]; !known {
			order = append(order, q)
		}
		measured[q] = append(measured[q], rate)
	}
	people := s.identities(templates)
	for split := range splits {
		rng := rand.New(rand.NewPCG(splitSeed, uint64(split)))
		rng.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		half := len(people) / 2
		fitted := make(map[int]bool)
		for _, photos := range people[:half] {
			for _, i := range photos {
				fitted[i] = true
			}
		}
		sample, _, err := s.sample(cosines, templates, func(i int) bool { return fitted[i] })
		if err != nil {
			return nil, err
		}
		fit, err := sample.Fit("half")
		if errors.Is(err, calibration.ErrSample) {
			return nil, nil // half of the people are too few to fit to
		}
		if err != nil {
			return nil, err
		}
		others := people[half:]
		for _, gallery := range []int{100, 1000, len(others) - 1} {
			if gallery > len(others)-1 {
				continue
			}
			var best []float64
			for len(best) < drawnProbes {
				best = append(best, strangers(cosines, others, gallery, rng)...)
			}
			for _, fpir := range []float64{0.1, 0.01, 0.003} {
				ask(question{gallery: gallery, fpir: fpir}, reach(best, fit.Table.Identification(fpir, gallery)))
			}
			for _, fmr := range []float64{1e-3, 1e-4} {
				ask(question{gallery: gallery, fmr: fmr}, reach(best, fit.Table.Threshold(fmr)))
			}
		}
	}
	var res []outOfSample
	for _, q := range order {
		rates := measured[q]
		o := outOfSample{
			Gallery: q.gallery, FPIR: q.fpir, FMR: q.fmr,
			Low: quantile(rates, 0.025), High: quantile(rates, 0.975),
		}
		for _, r := range rates {
			o.Measured += r / float64(len(rates))
		}
		if q.fpir > 0 {
			o.Ratio = o.Measured / q.fpir
		}
		res = append(res, o)
	}
	return res, nil
}

// identities are the photos with a face of each different person.
func (s *photoSet) identities(templates []face.Template) [][]int {
	of := make([][]int, len(s.people))
	for i, p := range s.photos {
		if templates[i] != nil {
			id := s.identity[p.person]
			of[id] = append(of[id], i)
		}
	}
	return slices.DeleteFunc(of, func(photos []int) bool { return len(photos) == 0 })
}

// strangers enrols one photo of each of the first people of a random order and
// returns the best cosines of the others; when all but one are enrolled,
// everyone is a stranger to all the others in turn.
func strangers(cosines matrix, people [][]int, gallery int, rng *rand.Rand) []float64 {
	order := rng.Perm(len(people))
	drawn := make([]int, len(people))
	for i, p := range order {
		drawn[i] = people[p][rng.IntN(len(people[p]))]
	}
	enrolled, probes := drawn[:gallery], drawn[gallery:]
	if gallery == len(people)-1 {
		enrolled, probes = drawn, drawn
	}
	best := make([]float64, 0, len(probes))
	for _, p := range probes {
		highest := float32(-1)
		for _, e := range enrolled {
			if e != p {
				highest = max(highest, cosines[p][e])
			}
		}
		best = append(best, float64(highest))
	}
	return best
}

// reach is the share of values at or above a threshold.
func reach(values []float64, threshold float64) float64 {
	n := 0
	for _, v := range values {
		if v >= threshold {
			n++
		}
	}
	return float64(n) / float64(len(values))
}
