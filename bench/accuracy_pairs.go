package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// folds is the number of parts of LFW's pairs.
const folds = 10

// pair is two photos of one or of two people.
type pair struct {
	a, b int
	same bool
}

type tenFoldResult struct {
	// Accuracy is the mean over the folds of the share of pairs told right
	// with the threshold that is best on the other nine, and Error the
	// standard error of that mean (Huang and others, "Labeled Faces in the
	// Wild", 2007).
	Accuracy float64 `json:"accuracy"`
	Error    float64 `json:"standard_error"`
	Pairs    int     `json:"pairs"`
	// TAR is the share of same pairs accepted at a false-accept rate among
	// the pairs' impostors.
	TAR []tarResult `json:"tar"`
}

type tarResult struct {
	FAR       float64 `json:"far"`
	TAR       float64 `json:"tar"`
	Threshold float64 `json:"threshold"`
}

// readPairs reads LFW's form: a line "name i j" for photos i and j of a
// person, "name i other j" for photos of two people; other lines are skipped.
func (s *photoSet) readPairs(path string) ([]pair, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read pairs: %w", err)
	}
	at := make(map[string]int, len(s.photos))
	for i, p := range s.photos {
		name := filepath.Base(p.path)
		at[strings.TrimSuffix(name, filepath.Ext(name))] = i
	}
	var pairs []pair
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		var first, second string
		switch len(f) {
		case 3:
			first, second = photoName(f[0], f[1]), photoName(f[0], f[2])
		case 4:
			first, second = photoName(f[0], f[1]), photoName(f[2], f[3])
		default:
			continue
		}
		a, knownA := at[first]
		b, knownB := at[second]
		if !knownA || !knownB {
			return nil, fmt.Errorf("%s: no photos %s and %s", path, first, second)
		}
		pairs = append(pairs, pair{a: a, b: b, same: len(f) == 3})
	}
	if len(pairs) < folds {
		return nil, fmt.Errorf("%s: %d pairs, need at least %d", path, len(pairs), folds)
	}
	return pairs, nil
}

func photoName(person, number string) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return person + "_" + number
	}
	return fmt.Sprintf("%s_%04d", person, n)
}

// scored is the cosine of a pair.
type scored struct {
	cosine float64
	same   bool
}

func tenFold(pairs []pair, cosines matrix) *tenFoldResult {
	scores := make([]scored, len(pairs))
	for i, p := range pairs {
		scores[i] = scored{float64(cosines[p.a][p.b]), p.same}
	}
	r := &tenFoldResult{Pairs: len(pairs)}
	size := len(scores) / folds
	accuracies := make([]float64, folds)
	for f := range folds {
		from, to := f*size, (f+1)*size
		best := bestThreshold(slices.Concat(scores[:from], scores[to:]))
		right := 0
		for _, s := range scores[from:to] {
			if (s.cosine >= best) == s.same {
				right++
			}
		}
		accuracies[f] = float64(right) / float64(size)
		r.Accuracy += accuracies[f] / folds
	}
	for _, a := range accuracies {
		r.Error += (a - r.Accuracy) * (a - r.Accuracy) / folds
	}
	r.Error = math.Sqrt(r.Error / folds)

	var impostors []float64
	mates := 0
	for _, s := range scores {
		if s.same {
			mates++
		} else {
			impostors = append(impostors, s.cosine)
		}
	}
	for _, far := range []float64{1e-2, 1e-3} {
		t := tarResult{FAR: far, Threshold: exceeded(impostors, far)}
		for _, s := range scores {
			if s.same && s.cosine > t.Threshold {
				t.TAR += 1 / float64(mates)
			}
		}
		r.TAR = append(r.TAR, t)
	}
	return r
}

// bestThreshold tells the most pairs right; it lies midway between the two
// cosines that it parts.
func bestThreshold(scores []scored) float64 {
	scores = slices.Clone(scores)
	slices.SortFunc(scores, func(a, b scored) int {
		switch {
		case a.cosine < b.cosine:
			return -1
		case a.cosine > b.cosine:
			return 1
		default:
			return 0
		}
	})
	right := 0
	for _, s := range scores {
		if s.same {
			right++
		}
	}
	most, best := right, scores[0].cosine
	for i, s := range scores[:len(scores)-1] {
		if s.same {
			right--
		} else {
			right++
		}
		if right > most {
			most, best = right, (s.cosine+scores[i+1].cosine)/2
		}
	}
	return best
}

// exceeded is the lowest of the values that at most a share of them exceed.
func exceeded(values []float64, share float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[max(0, len(sorted)-1-int(share*float64(len(sorted))))]
}
