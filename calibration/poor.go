package calibration

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// What a fit to poor photos rests on is what the built-in packs' curves rest on
// (embed/pack/manifests/trust.py): photos spoiled alike are looked at in groups of
// about groupSize of one score, of leastGroup at least; the doubt of a group counts
// margin times, since the poorest of a score need more than their mean; and at the
// floor one mate in nine is found at a false-match rate of floorRate.
const (
	groupSize   = 60
	leastGroup  = 40
	margin      = 1.6
	foundAtBest = 1.0 / 9
	floorRate   = 1e-2
	// wayRate is the rate at which the ways are told apart, and wayFound that at
	// which mates are looked for.
	wayRate, wayFound = 1e-2, 1e-4
	// tooOften is how many times the wanted rate a way may come to.
	tooOften = 2
)

// Shot is the face of a photo of a known person, as it is or spoiled.
type Shot struct {
	Person string
	// Photo tells photos apart: a spoiled one has that of what was spoiled.
	Photo int
	// Way is how it was spoiled; empty when it is as it was.
	Way   string
	Score float64
	// Template is of length one, and its last value the pack's doubt when it has
	// any.
	Template []float32
}

// PoorFit is what poor photos are worth, fitted to spoiled ones, and how far that
// can be trusted.
type PoorFit struct {
	Poor
	// People and Photos are how many people's photos were spoiled, and how many
	// spoiled ones there are.
	People int `json:"people"`
	Photos int `json:"photos"`
	// FittedWeight and FittedFloor are what the photos say; nil where they say
	// nothing. What the pack says is used wherever their interval holds it.
	FittedWeight *Estimate `json:"fitted_weight,omitempty"`
	FittedFloor  *Estimate `json:"fitted_floor,omitempty"`
	// Ways are what each way of spoiling does, compared as Poor says.
	Ways []Way `json:"ways"`
	// Warnings say in words what the photos cannot tell.
	Warnings []string `json:"warnings"`
}

// Estimate is a fitted number with its 95 % interval, as other people were drawn
// (delete-a-group jackknife).
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func (e Estimate) holds(v float64) bool { return e.Low <= v && v <= e.High }

// Way is what photos that are spoiled in one way do.
type Way struct {
	Way string `json:"way"`
	// Refused are below the floor.
	Refused Proportion `json:"refused"`
	// FMR is the share of pairs of different people, spoiled alike and not
	// refused, that reach the threshold of a false-match rate of 1 in 100.
	FMR float64 `json:"fmr"`
	// Found is the share of all that reach the threshold of 1 in 10,000 with
	// another photo of the person as it is; nil when nobody has another.
	Found *Proportion `json:"found,omitempty"`
}

// FitPoor says what poor photos are worth of the people whose photos these are. Of
// doubted templates it fits the weight, and of people with several photos the
// floor; the rest is the pack's, whose floor is given. It is ErrSample when there
// are fewer than 50 people with a photo as it is and one spoiled.
func FitPoor(shots []Shot, doubted bool, packs Poor) (*PoorFit, error) {
	l, err := newPoorLab(shots, doubted)
	if err != nil {
		return nil, err
	}
	f := &PoorFit{Poor: packs, People: len(l.people), Photos: len(l.spoiled)}
	if doubted {
		if f.FittedWeight, err = l.jackknife(l.weight); err != nil {
			return nil, err
		}
	}
	if e := f.FittedWeight; e != nil && !e.holds(packs.Weight) {
		f.Weight = min(e.Value, maxWeight)
	}
	if l.several() >= ruleOf30 {
		floor := func(keep func(group int) bool) (float64, error) { return l.floor(f.Weight, keep) }
		if f.FittedFloor, err = l.jackknife(floor); err != nil {
			return nil, err
		}
	}
	if e := f.FittedFloor; e != nil && !e.holds(packs.Floor) {
		f.Floor = e.Value
	}
	if f.Ways, err = l.ways(f.Poor); err != nil {
		return nil, err
	}
	f.warn(doubted)
	return f, nil
}

// poorLab holds shots by what they are for.
type poorLab struct {
	shots []Shot
	// person is each shot's, by its place among people.
	person []int
	people []string
	// good are one shot as it is of each person, clean all of them, and spoiled the
	// others, by their way.
	good, clean, spoiled []int
	of                   map[string][]int
	names                []string
	doubted              bool
}

func newPoorLab(shots []Shot, doubted bool) (*poorLab, error) {
	l := &poorLab{shots: shots, person: make([]int, len(shots)), of: map[string][]int{}, doubted: doubted}
	spoiled, number := map[string]bool{}, map[string]int{}
	for _, s := range shots {
		spoiled[s.Person] = spoiled[s.Person] || s.Way != ""
	}
	for i, s := range shots {
		p, known := number[s.Person]
		if s.Way == "" && !known && spoiled[s.Person] {
			p, known = len(l.people), true
			number[s.Person] = p
			l.people, l.good = append(l.people, s.Person), append(l.good, i)
		}
		if s.Way == "" && known {
			l.clean = append(l.clean, i)
		}
		l.person[i] = p
	}
	for i, s := range shots {
		p, known := number[s.Person]
		if s.Way == "" || !known {
			continue
		}
		l.person[i] = p
		if l.of[s.Way] == nil {
			l.names = append(l.names, s.Way)
		}
		l.of[s.Way] = append(l.of[s.Way], i)
		l.spoiled = append(l.spoiled, i)
	}
	return l, Enough(len(l.people))
}

func (l *poorLab) doubt(i int) float64 {
	if !l.doubted {
		return 0
	}
	t := l.shots[i].Template
	return float64(t[len(t)-1])
}

// parts are the likeness of two shots before doubt is taken from it, and the
// product of their doubts.
func (l *poorLab) parts(i, j int) (plain, doubts float64) {
	a, b := l.shots[i].Template, l.shots[j].Template
	sum := 0.0
	for k, v := range a {
		sum += float64(float64(v) * float64(b[k]))
	}
	doubts = float64(l.doubt(i) * l.doubt(j))
	return sum - doubts, doubts
}

func (l *poorLab) likeness(i, j int, weight float64) float64 {
	plain, doubts := l.parts(i, j)
	return max(-1, min(1, plain-float64(weight*doubts)))
}

// alike is how alike the photos' vectors are, whatever the doubt.
func (l *poorLab) alike(i, j int) float64 {
	plain, _ := l.parts(i, j)
	a, b := l.doubt(i), l.doubt(j)
	return plain / math.Sqrt((1-float64(a*a))*(1-float64(b*b)))
}

// kept are the shots of people whose group is kept.
func (l *poorLab) kept(of []int, keep func(group int) bool) []int {
	return slices.DeleteFunc(slices.Clone(of), func(i int) bool { return !keep(l.person[i] % groups) })
}

// table is of the kept people's photos as they are.
func (l *poorLab) table(keep func(group int) bool, compare func(i, j int) float64) (Table, error) {
	good := l.kept(l.good, keep)
	names := make([]string, len(good))
	for n, i := range good {
		names[n] = l.shots[i].Person
	}
	s, err := Collect(names, func(a, b int) float64 { return compare(good[a], good[b]) })
	if err != nil {
		return Table{}, err
	}
	return fitTable(s.impostors(everyone))
}

// weight is the one at which the doubts of photos that are spoiled alike come
// nearest, in squares, to what groups of them need: the squared doubt that takes
// strangers' likeness to that of good photos, so that c-(1+c)·d² is at most the
// threshold at every rate. It is NaN when the photos have no doubt.
func (l *poorLab) weight(keep func(group int) bool) (float64, error) {
	good, err := l.table(keep, l.alike)
	if err != nil {
		return 0, err
	}
	var both, squares float64
	for _, name := range l.names {
		of := l.kept(l.of[name], keep)
		sort.SliceStable(of, func(a, b int) bool { return l.shots[of[a]].Score < l.shots[of[b]].Score })
		n := max(1, int(math.Round(float64(len(of))/groupSize)))
		for g := range n {
			group := of[g*len(of)/n : (g+1)*len(of)/n]
			if len(group) < leastGroup {
				continue
			}
			cosines, doubts := []float64{}, 0.0
			for a, i := range group {
				for _, j := range group[:a] {
					if l.person[i] != l.person[j] {
						cosines = append(cosines, l.alike(i, j))
						doubts += float64(l.doubt(i) * l.doubt(j))
					}
				}
			}
			if len(cosines) == 0 {
				continue
			}
			doubts /= float64(len(cosines))
			both += float64(doubts * margin * needed(cosines, &good))
			squares += float64(doubts * doubts)
		}
	}
	return both / squares, nil
}

// needed is how much doubt, squared, strangers with these cosines need. What so few
// do not show of their tail has the shape of the good photos'.
func needed(cosines []float64, good *Table) float64 {
	const (
		body    = 0.2
		highest = 0.98
	)
	sort.Float64s(cosines)
	at := func(rate float64) float64 { // linear between two, as the rate lies
		x := float64((1 - rate) * float64(len(cosines)-1))
		i := min(int(x), len(cosines)-2)
		return cosines[i] + float64((x-float64(i))*(cosines[i+1]-cosines[i]))
	}
	high := max(2e-3, min(2e-2, groupSize/float64(len(cosines))))
	wide := (at(high) - at(body)) / (good.Threshold(high) - good.Threshold(body))
	most := 0.0
	for _, rate := range reportRates[1:] {
		t := good.Threshold(rate)
		c := min(highest, at(body)+float64(wide*(t-good.Threshold(body))))
		most = max(most, (c-t)/(1+c))
	}
	return most
}

// mate is a spoiled photo and another one, as it is, of the person.
type mate struct{ spoiled, good int }

func (l *poorLab) mates(of []int) []mate {
	var mates []mate
	for _, i := range of {
		another := slices.IndexFunc(l.clean, func(j int) bool {
			return l.person[j] == l.person[i] && l.shots[j].Photo != l.shots[i].Photo
		})
		if another >= 0 {
			mates = append(mates, mate{i, l.clean[another]})
		}
	}
	return mates
}

// several is how many people have another photo than one that was spoiled.
func (l *poorLab) several() int {
	people := map[int]bool{}
	for _, m := range l.mates(l.spoiled) {
		people[l.person[m.spoiled]] = true
	}
	return len(people)
}

// floor is the highest score at which at most one mate in nine is found, where more
// are the higher the score; 0 when more are at every score.
func (l *poorLab) floor(weight float64, keep func(group int) bool) (float64, error) {
	table, err := l.table(keep, func(i, j int) float64 { return l.likeness(i, j, weight) })
	if err != nil {
		return 0, err
	}
	mates := l.mates(l.kept(l.spoiled, keep))
	sort.SliceStable(mates, func(a, b int) bool { return l.shots[mates[a].spoiled].Score < l.shots[mates[b].spoiled].Score })
	found := make([]float64, len(mates))
	for n, m := range mates {
		if l.likeness(m.spoiled, m.good, weight) >= table.Threshold(floorRate) {
			found[n] = 1
		}
	}
	share := rising(found)
	above := sort.Search(len(mates), func(n int) bool { return share[n] > foundAtBest })
	if above == 0 {
		return 0, nil
	}
	return l.shots[mates[above-1].spoiled].Score, nil
}

// rising are the rising values nearest to y in squares (pool adjacent violators).
func rising(y []float64) []float64 {
	type block struct {
		mean float64
		n    int
	}
	var blocks []block
	for _, v := range y {
		b := block{v, 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].mean >= b.mean {
			last := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			n := last.n + b.n
			b = block{(float64(last.mean*float64(last.n)) + float64(b.mean*float64(b.n))) / float64(n), n}
		}
		blocks = append(blocks, b)
	}
	out := make([]float64, 0, len(y))
	for _, b := range blocks {
		for range b.n {
			out = append(out, b.mean)
		}
	}
	return out
}

// jackknife is what the estimator says of everybody, with how far that would move
// with other people; nil where it is NaN.
func (l *poorLab) jackknife(estimate func(keep func(group int) bool) (float64, error)) (*Estimate, error) {
	value, err := estimate(everyone)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return nil, err
	}
	left := make([]float64, groups)
	for g := range groups {
		if left[g], err = estimate(func(other int) bool { return other != g }); err != nil {
			return nil, err
		}
	}
	half := halfWidth(left)
	return &Estimate{Value: value, Low: max(0, value-half), High: value + half}, nil
}

// ways are what each way of spoiling does.
func (l *poorLab) ways(p Poor) ([]Way, error) {
	compare := func(i, j int) float64 { return l.likeness(i, j, p.Weight) }
	table, err := l.table(everyone, compare)
	if err != nil {
		return nil, err
	}
	ways := make([]Way, 0, len(l.names))
	for _, name := range l.names {
		of := l.of[name]
		good := slices.DeleteFunc(slices.Clone(of), func(i int) bool { return l.shots[i].Score < p.Floor })
		w := Way{Way: name, Refused: NewProportion(1-float64(len(good))/float64(len(of)), float64(len(of)))}
		pairs, reached := 0.0, 0.0
		for a, i := range good {
			for _, j := range good[:a] {
				if l.person[i] != l.person[j] {
					pairs++
					if compare(i, j) >= table.Threshold(wayRate) {
						reached++
					}
				}
			}
		}
		if pairs > 0 {
			w.FMR = reached / pairs
		}
		if mates := l.mates(of); len(mates) > 0 {
			found := 0.0
			for _, m := range mates {
				if l.shots[m.spoiled].Score >= p.Floor && compare(m.spoiled, m.good) >= table.Threshold(wayFound) {
					found++
				}
			}
			n := float64(len(mates))
			share := NewProportion(found/n, n)
			w.Found = &share
		}
		ways = append(ways, w)
	}
	return ways, nil
}

// warn says what the photos cannot tell.
func (f *PoorFit) warn(doubted bool) {
	say := func(format string, args ...any) {
		f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...))
	}
	if !doubted {
		say("the pack's templates carry no doubt, so nothing is taken from the likeness of two poor photos.")
	}
	if f.FittedFloor == nil {
		say("fewer than %d people have two photos, so nothing is known of how rarely poor photos are found: the floor is the pack's.", ruleOf30)
	}
	for _, w := range f.Ways {
		if w.FMR > tooOften*wayRate {
			say("two strangers' photos that are both so poor (%s) reach the threshold of 1 in 100 in %.1f of 100 cases: their scores are those of better photos, and no weight tells them from these.", w.Way, 100*w.FMR)
		}
	}
}
