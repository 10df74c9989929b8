package search

import "math"

var (
	ReadCached = readCached
	ReadAhead  = readAhead
)

// SkimAlways makes every scan for one probe skim, whatever it costs.
func (s *Set) SkimAlways() { s.skim = skimRule{from: math.Inf(-1), trial: math.MaxInt} }

// SkimNever makes no scan skim.
func (s *Set) SkimNever() { s.skim = skimRule{from: math.Inf(1)} }
