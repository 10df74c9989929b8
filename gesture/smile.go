package gesture

import (
	"math"
	"time"
)

const (
	// smiling is the probability of looking happy from which on a face smiles, and
	// serious that below which it does not. Between them nothing is said.
	smiling, serious = 0.8, 0.4
	// held is how long a face must look so before it counts.
	held = 250 * time.Millisecond
	// widening is by how much the mouth is wider, at least, in a smile than without
	// one, flat pictures' ways of moving taken off.
	widening = 0.07
	// change is the longest time between the end of the one and the beginning of the
	// other.
	change = 3 * time.Second
	// leap is the most of the change that may happen from one picture to the next.
	leap = 0.6
)

// spell is a time in which a face looks serious, or smiles.
type spell struct {
	smiles   bool
	from, to int
}

// smiles says whether a face that looks serious smiles later or before, and whether
// its mouth moves as one that smiles: wider, and step by step.
func smiles(track []moment) bool {
	all := spells(track)
	for i := 1; i < len(all); i++ {
		if before, after := all[i-1], all[i]; before.smiles != after.smiles && moves(track, before, after) {
			return true
		}
	}
	return false
}

// spells are the times in which the expression is clear for long enough, in order.
// Neighbours of the same kind count as one.
func spells(track []moment) []spell {
	var all []spell
	var now *spell
	end := func() {
		if now != nil && track[now.to].at-track[now.from].at >= held {
			if n := len(all); n > 0 && all[n-1].smiles == now.smiles {
				all[n-1].to = now.to
			} else {
				all = append(all, *now)
			}
		}
		now = nil
	}
	for i, m := range track {
		sure := m.happy >= smiling || m.happy < serious
		switch {
		case !m.read:
		case now != nil && sure && now.smiles == (m.happy >= smiling):
			now.to = i
		default:
			end()
			if sure {
				now = &spell{m.happy >= smiling, i, i}
			}
		}
	}
	end()
	return all
}

// moves says whether the mouth widens between a serious spell and one of a smile.
func moves(track []moment, before, after spell) bool {
	if track[after.from].at-track[before.to].at > change {
		return false
	}
	width := func(s spell) float64 {
		return median(track[s.from:s.to+1], func(m moment) float64 { return m.mouth })
	}
	narrow, wide := width(before), width(after)
	if before.smiles {
		narrow, wide = wide, narrow
	}
	if wide < float64(narrow*(1+widening)) {
		return false
	}
	for i := before.to + 1; i <= after.from; i++ {
		if math.Abs(track[i].mouth-track[i-1].mouth) > float64(leap*(wide-narrow)) {
			return false
		}
	}
	return true
}
