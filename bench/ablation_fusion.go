package main

import (
	"math"
	"math/rand/v2"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
)

// fusionResult is what a rule that makes one number of several photos' cosines
// reaches at the threshold calibrated for an FPIR of 1 %.
type fusionResult struct {
	// Enrolled is the number of photos of each subject, Searched that of each
	// probe.
	Enrolled int    `json:"enrolled_photos"`
	Searched int    `json:"searched_photos"`
	Rule     string `json:"rule"`
	// Counted is what the threshold follows.
	Counted  string `json:"threshold_follows"`
	Subjects int    `json:"subjects"`
	// Ratio is the measured FPIR over the wanted one; at most 1 is a promise
	// kept.
	Ratio float64 `json:"fpir_over_wanted"`
	FNIR  float64 `json:"fnir"`
}

const fusionFPIR = 0.01

// rule is a subject's score from the cosines of its photos with the probe's.
type rule struct {
	name string
	// counted is what the threshold follows, and factor how many comparisons
	// each subject then is.
	counted string
	factor  func(enrolled, searched int) int
	score   func(c comparisons, enrolled, searched []int) float64
}

func rules() []rule {
	photos := func(enrolled, searched int) int { return enrolled * searched }
	one := func(int, int) int { return 1 }
	return []rule{
		{"best photo", "photos", photos, bestCosine},
		{"best photo", "subjects", one, bestCosine},
		{"mean of cosines", "subjects", one, meanCosine},
		{"mean template", "photos", photos, templateCosine},
		{"mean template", "subjects", one, templateCosine},
	}
}

// comparisons are of templates with these doubts, 0 where the pack has none.
type comparisons struct {
	cosines matrix
	doubts  []float64
}

func doubts(p *pack.Manifest, templates []face.Template) []float64 {
	d := make([]float64, len(templates))
	for i, t := range templates {
		if p.Trust != nil && t != nil {
			d[i] = float64(t[len(t)-1])
		}
	}
	return d
}

func bestCosine(c comparisons, enrolled, searched []int) float64 {
	best := float32(-1)
	for _, s := range searched {
		for _, e := range enrolled {
			best = max(best, c.cosines[s][e])
		}
	}
	return float64(best)
}

func meanCosine(c comparisons, enrolled, searched []int) float64 {
	return total(c.cosines, enrolled, searched) / float64(len(enrolled)*len(searched))
}

// templateCosine is the cosine of the mean template of one side with that of
// the other, by the cosines and doubts alone.
func templateCosine(c comparisons, enrolled, searched []int) float64 {
	return total(c.cosines, enrolled, searched) / (c.length(enrolled) * c.length(searched))
}

// length is that of the sum of templates. In their products doubts count for
// it, and in cosines, of probes, against.
func (c comparisons) length(of []int) float64 {
	doubt := 0.0
	for _, i := range of {
		doubt += c.doubts[i]
	}
	return math.Sqrt(total(c.cosines, of, of) + 2*doubt*doubt)
}

func total(m matrix, a, b []int) float64 {
	sum := 0.0
	for _, i := range a {
		for _, j := range b {
			sum += float64(m[i][j])
		}
	}
	return sum
}

// fuse tries each rule in random galleries: of the people with enough photos,
// two thirds are enrolled and searched for, and all others are strangers.
func fuse(c comparisons, people [][]int, enrolled, searched, draws int, table *calibration.Table) []fusionResult {
	all := rules()
	if enrolled*searched == 1 {
		all = all[:1] // there is nothing to fuse
	}
	results := make([]fusionResult, len(all))
	for d := range draws {
		rng := rand.New(rand.NewPCG(splitSeed, uint64(d)))
		var several, others [][]int
		for _, p := range rng.Perm(len(people)) {
			photos := make([]int, 0, len(people[p]))
			for _, i := range rng.Perm(len(people[p])) {
				photos = append(photos, people[p][i])
			}
			switch {
			case len(photos) >= enrolled+searched:
				several = append(several, photos)
			case len(photos) >= searched:
				others = append(others, photos[:searched])
			}
		}
		subjects := 2 * len(several) / 3
		for _, photos := range several[subjects:] {
			others = append(others, photos[:searched])
		}
		for i, r := range all {
			threshold := table.Identification(fusionFPIR, subjects*r.factor(enrolled, searched))
			best := func(probe []int) (subject int, score float64) {
				subject, score = -1, math.Inf(-1)
				for s, photos := range several[:subjects] {
					if v := r.score(c, photos[:enrolled], probe); v > score {
						subject, score = s, v
					}
				}
				return subject, score
			}
			alarms, misses := 0, 0
			for _, probe := range others {
				if _, score := best(probe); score >= threshold {
					alarms++
				}
			}
			for s, photos := range several[:subjects] {
				if found, score := best(photos[enrolled : enrolled+searched]); found != s || score < threshold {
					misses++
				}
			}
			results[i].Enrolled, results[i].Searched = enrolled, searched
			results[i].Rule, results[i].Counted, results[i].Subjects = r.name, r.counted, subjects
			results[i].Ratio += float64(alarms) / float64(len(others)) / fusionFPIR / float64(draws)
			results[i].FNIR += float64(misses) / float64(subjects) / float64(draws)
		}
	}
	return results
}
