package search

import "math"

var (
	ReadCached = readCached
	ReadAhead  = readAhead
)

// SkimAlways makes every scan for one probe skim, whatever it costs, and put off
// few rows.
func (s *Set) SkimAlways() {
	s.skim, s.mostSifted = skimRule{from: math.Inf(-1), trial: math.MaxInt}, 50
}

// SkimNever makes no scan of halved codes skim.
func (s *Set) SkimNever() { s.skim = skimRule{from: math.Inf(1)} }

// LearnAlways makes the set learn a basis from so many sealed rows on, of
// whatever use it is.
func (s *Set) LearnAlways(rows int) {
	s.rule = basisRule{rows: rows, sample: 100, rest: 0.999, relearn: 2}
	s.learnAt = rows
}

// HasTriedToLearn tells whether the set has looked for a basis and has found
// none of use.
func (s *Set) HasTriedToLearn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.learnAt > s.rule.rows && s.basis.Load() == nil
}
