package main

import (
	"slices"

	"oneton/calibration"
	"oneton/face"
)

// openSetResult is the 1:N test of ISO/IEC 19795-1. Of people with several
// photos the first is enrolled and the others are mated probes; of those with
// one photo, half are enrolled and half are non-mated probes. Where too few
// have one photo, every third person is left out as non-mated.
type openSetResult struct {
	Enrolled int `json:"enrolled"`
	Mated    int `json:"mated_probes"`
	NonMated int `json:"non_mated_probes"`
	// Rank1 is the share of mated probes whose nearest enrolled photo is of
	// their person, at no threshold.
	Rank1 float64           `json:"rank_1"`
	Rates []openSetResultAt `json:"rates"`
}

// openSetResultAt is the share of mated probes not answered with their person
// at the first rank, at the threshold that these very non-mated probes exceed
// in the wanted share, and at the one that the pack's calibration gives for it.
type openSetResultAt struct {
	FPIR       float64                `json:"fpir"`
	Threshold  float64                `json:"threshold"`
	FNIR       calibration.Proportion `json:"fnir"`
	Calibrated float64                `json:"calibrated_threshold"`
	FPIRThere  calibration.Proportion `json:"calibrated_fpir"`
	FNIRThere  calibration.Proportion `json:"calibrated_fnir"`
}

// leastNonMated is how many people with one photo make a test of their own.
const leastNonMated = 100

// roles says which photos are enrolled, and which are probes.
type roles struct {
	enrolled, mated, nonMated []int
}

func (s *photoSet) roles() roles {
	var several, single []int
	for p, of := range s.of {
		if len(of) > 1 {
			several = append(several, p)
		} else {
			single = append(single, p)
		}
	}
	var r roles
	if len(single) < 2*leastNonMated {
		kept := several[:0:0]
		for i, p := range several {
			if i%3 == 2 {
				r.nonMated = append(r.nonMated, s.of[p]...)
			} else {
				kept = append(kept, p)
			}
		}
		several = kept
	}
	for _, p := range several {
		r.enrolled = append(r.enrolled, s.of[p][0])
		r.mated = append(r.mated, s.of[p][1:]...)
	}
	half := len(single) / 2
	for i, p := range single {
		if i < half {
			r.enrolled = append(r.enrolled, s.of[p][0])
		} else {
			r.nonMated = append(r.nonMated, s.of[p][0])
		}
	}
	return r
}

// probeResult is the best cosine of a probe, and whether it is of its person.
type probeResult struct {
	best  float64
	right bool
}

func (s *photoSet) search(cosines matrix, enrolled []int, probe int) probeResult {
	best := enrolled[0]
	for _, e := range enrolled {
		if cosines[probe][e] > cosines[probe][best] {
			best = e
		}
	}
	return probeResult{float64(cosines[probe][best]), s.photos[best].person == s.photos[probe].person}
}

func openSet(s *photoSet, cosines matrix, templates []face.Template, table *calibration.Table) (openSetResult, detCurves) {
	r := s.roles()
	r.enrolled = slices.DeleteFunc(r.enrolled, func(i int) bool { return templates[i] == nil })
	res := openSetResult{Enrolled: len(r.enrolled), Mated: len(r.mated), NonMated: len(r.nonMated)}
	mated := make([]probeResult, len(r.mated))
	for i, p := range r.mated {
		mated[i] = s.search(cosines, r.enrolled, p)
		if mated[i].right {
			res.Rank1 += 1 / float64(len(mated))
		}
	}
	// A person enrolled under another name is no stranger; the benchmark's own
	// thresholds take every name for another person all the same.
	known := make(map[int]bool, len(r.enrolled))
	for _, e := range r.enrolled {
		known[s.identity[s.photos[e].person]] = true
	}
	nonMated := make([]float64, len(r.nonMated))
	var strangers []float64
	for i, p := range r.nonMated {
		nonMated[i] = s.search(cosines, r.enrolled, p).best
		if !known[s.identity[s.photos[p].person]] {
			strangers = append(strangers, nonMated[i])
		}
	}
	for _, fpir := range []float64{0.1, 0.01, 0.003} {
		at := openSetResultAt{FPIR: fpir, Threshold: exceeded(nonMated, fpir)}
		at.FNIR = missed(mated, func(c float64) bool { return c > at.Threshold })
		at.Calibrated = table.Identification(fpir, len(r.enrolled))
		at.FNIRThere = missed(mated, func(c float64) bool { return c >= at.Calibrated })
		alarms := 0
		for _, c := range strangers {
			if c >= at.Calibrated {
				alarms++
			}
		}
		at.FPIRThere = proportion(alarms, len(strangers))
		res.Rates = append(res.Rates, at)
	}
	return res, detCurves{searches: searchCurve(mated, nonMated)}
}

// missed is the share of mated probes that are not answered with their person.
func missed(mated []probeResult, accepted func(cosine float64) bool) calibration.Proportion {
	n := 0
	for _, m := range mated {
		if !m.right || !accepted(m.best) {
			n++
		}
	}
	return proportion(n, len(mated))
}

func proportion(k, n int) calibration.Proportion {
	return calibration.NewProportion(float64(k)/float64(max(n, 1)), float64(n))
}
