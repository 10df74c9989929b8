package main

import (
	"math"

	"oneton/facesession"
)

// leaveOut sets the thresholds of turns for each person who turns by all others and by
// half of the stills, in the middle between the two, and tries them with that person and
// with the other half.
func leaveOut(r stepsResults) (all []leftOut) {
	turns := func(p realSteps) bool {
		for _, kind := range p.Does {
			if kind == facesession.TurnLeft || kind == facesession.TurnRight {
				return true
			}
		}
		return false
	}
	for half, person := range []string{"A", "B"} {
		least, most := turnSeen{math.Inf(1), math.Inf(1)}, turnSeen{}
		for _, p := range r.Real {
			if turns(p) && p.Person != person {
				least.Degrees, least.Relief = min(least.Degrees, p.Turn.Degrees), min(least.Relief, p.Turn.Relief)
			}
		}
		for _, s := range r.Stills {
			for i, t := range s.Turns {
				if i%2 == half && !raising[s.Shown] {
					most.Degrees, most.Relief = max(most.Degrees, t.Degrees), max(most.Relief, t.Relief)
				}
			}
		}
		o := leftOut{Person: person, Degrees: (least.Degrees + most.Degrees) / 2, Relief: (least.Relief + most.Relief) / 2}
		passes := func(t turnSeen) bool { return t.Degrees >= o.Degrees && t.Relief >= o.Relief }
		for _, p := range r.Real {
			if turns(p) && p.Person == person {
				o.Turns++
				if passes(p.Turn) {
					o.Passed++
				}
			}
		}
		var stills counts
		for _, s := range r.Stills {
			for i, t := range s.Turns {
				if i%2 != half && !raising[s.Shown] {
					stills.add(passes(t))
				}
			}
		}
		o.Stills = stills.proportion()
		all = append(all, o)
	}
	return all
}
