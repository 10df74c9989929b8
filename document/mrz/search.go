package mrz

import (
	"cmp"
	"slices"
)

// rule says which characters may follow each other: from a state, a character at
// a position leads to another state, or is not allowed. The first state is 0.
type rule interface {
	// states is how many there are.
	states() int
	// next is the state that the character at the index of Characters leads to
	// at position i, or -1.
	next(state, i, k int) int
	// ends says whether the last position may leave the state.
	ends(state int) bool
}

// found is one reading and the logarithm of its probability.
type found struct {
	text []byte
	log  float64
}

// least is the log-probability of characters that are not considered.
const least = -18

// search finds the two likeliest readings that the rule allows, exactly: by
// dynamic programming that keeps the two likeliest ways to each state. There may
// be one, or none.
func search(positions []odds, r rule) []found {
	type way struct {
		log   float64
		from  int32 // of the ways of the position before
		state int32
		char  int8
	}
	const keep = 2
	trail := [][]way{{{}}}
	at := make([][keep]int32, r.states())
	for i := range positions {
		for s := range at {
			at[s] = [keep]int32{-1, -1}
		}
		var ways []way
		for from, w := range trail[i] {
			for k, log := range positions[i] {
				if log < least {
					continue
				}
				s := r.next(int(w.state), i, k)
				if s < 0 {
					continue
				}
				next := way{log: w.log + log, from: int32(from), char: int8(k), state: int32(s)}
				best := &at[s]
				slot := slices.Index(best[:], -1)
				switch {
				case slot >= 0:
					best[slot] = int32(len(ways))
					ways = append(ways, next)
				case next.log > ways[best[keep-1]].log:
					slot = keep - 1
					ways[best[slot]] = next
				}
				if slot > 0 && next.log > ways[best[0]].log {
					best[0], best[slot] = best[slot], best[0]
				}
			}
		}
		trail = append(trail, ways)
	}
	var ends []way
	for _, w := range trail[len(positions)] {
		if r.ends(int(w.state)) {
			ends = append(ends, w)
		}
	}
	slices.SortStableFunc(ends, func(a, b way) int { return cmp.Compare(b.log, a.log) })
	var readings []found
	for _, w := range ends[:min(keep, len(ends))] {
		f := found{make([]byte, len(positions)), w.log}
		for i := len(positions) - 1; i >= 0; i-- {
			f.text[i] = Characters[w.char]
			w = trail[i][w.from]
		}
		readings = append(readings, f)
	}
	return readings
}
