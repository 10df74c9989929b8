package gesture

import (
	"math"
	"slices"
	"time"
)

// Side is one that a head turns to, as the person means it: a camera's picture shows
// the person's left at its right.
type Side int

// Sides.
const (
	Left  Side = 1
	Right Side = -1
)

// Turn is what is seen of a head that was to turn.
type Turn int

const (
	// Turned is a head that faces the camera and then turns far enough to the side.
	Turned Turn = iota
	// NotTurned is one that does not turn far enough.
	NotTurned
	// NotCentred is one that never faces the camera before it is turned.
	NotCentred
	// WrongSide is one that turns to the other side.
	WrongSide
	// Flat is a face that is narrowed as one that turns, with a nose that stays where a
	// flat picture has it.
	Flat
	// Jumps is a face that is turned from one picture to the next, or behind a cut.
	Jumps
)

const (
	// ahead is the most that a head is turned, in degrees, that faces the camera: what
	// the detector's points tell of one that does is off by 4° to 8° from person to
	// person.
	ahead = 14
	// turned is by how many degrees more it is turned then. People turn by 20° to 40°,
	// and cards that are turned by 50° look like 12°.
	turned = 16
	// raised is the least relief of a head that is turned so. People have 0.16 to 0.35,
	// and pictures that are moved, squeezed or slanted 0.06.
	raised = 0.15
	// turnedFor is how long a head must be turned.
	turnedFor = 90 * time.Millisecond
	// turnLeap is the most of the turn that may happen from one picture to the next.
	turnLeap = 0.75
)

// Turns says whether the person faces the camera and then turns the head to the side.
// Where nothing of it is seen in any piece it is what came nearest.
func (f Film) Turns(side Side) Turn {
	best := NotCentred
	for _, t := range f.tracks {
		switch got := turns(t.moments, side); got {
		case WrongSide:
			return WrongSide
		case NotCentred:
		case NotTurned:
			if best == NotCentred {
				best = got
			}
		default:
			if best != Turned {
				best = got
			}
		}
	}
	if best != Turned && len(f.tracks) > 1 && f.apart(side) {
		return Jumps
	}
	return best
}

// Most is the largest turn to the side, in degrees, that is held long enough by a head
// that has faced the camera, and the relief that it has then: what Turns decides by.
// Both are 0 where nothing is held.
func (f Film) Most(side Side) (degrees, raised float64) {
	for _, t := range f.tracks {
		for i := range t.moments {
			c := facing(t.moments[:i+1])
			if c == nil {
				continue
			}
			if d, r := c.most(t.moments[i+1:], side); d > degrees {
				degrees, raised = d, r
			}
			break
		}
	}
	return degrees, raised
}

// most is that of the moments after the centre.
func (c *centre) most(track []moment, side Side) (degrees, raised float64) {
	for i := range track {
		least, most := math.Inf(1), 0.0
		for _, m := range track[i:] {
			least = min(least, float64((m.yaw-c.yaw)*float64(side)))
			most = max(most, float64(float64(side)*relief(&c.shape, &m.shape)))
			if m.at-track[i].at < turnedFor {
				continue
			}
			if least > degrees {
				degrees, raised = least, most
			}
			break
		}
	}
	return degrees, raised
}

// apart says whether the head is ahead in one piece and turned to the side in another.
func (f Film) apart(side Side) bool {
	var facing, aside bool
	for _, t := range f.tracks {
		for _, m := range t.moments {
			facing = facing || math.Abs(m.yaw) <= ahead
			aside = aside || float64(float64(side)*m.yaw) >= turned
		}
	}
	return facing && aside
}

// turns says what is seen in one piece.
func turns(track []moment, side Side) Turn {
	got := NotCentred
	for i := range track {
		c := facing(track[:i+1])
		if c == nil {
			continue
		}
		switch seen := c.turn(track[i+1:], side); seen {
		case Turned, WrongSide:
			return seen
		default:
			if got == NotCentred || seen == Flat || seen == Jumps && got == NotTurned {
				got = seen
			}
		}
		return got
	}
	return got
}

// centre is how a face looks that faces the camera.
type centre struct {
	yaw   float64
	shape points
	last  moment
}

// facing is the face at the end of the moments, which faces the camera for two of
// them; nil when it does not.
func facing(track []moment) *centre {
	const two = 2
	if len(track) < two {
		return nil
	}
	c := &centre{last: track[len(track)-1]}
	for _, m := range track[len(track)-two:] {
		if math.Abs(m.yaw) > ahead {
			return nil
		}
		c.yaw += m.yaw / two
		for i, p := range m.shape {
			c.shape[i].x += p.x / two
			c.shape[i].y += p.y / two
		}
	}
	return c
}

// turn says what the face does afterwards.
func (c *centre) turn(track []moment, side Side) Turn {
	got := NotTurned
	reliefs := make([]float64, len(track)+1) // the first is the centre's
	for i := range track {
		reliefs[i+1] = float64(float64(side) * relief(&c.shape, &track[i].shape))
	}
	for i := range track {
		by := track[i].yaw - c.yaw
		n := stays(track[i:], c.yaw, by)
		switch {
		case n == 0:
			continue
		case float64(by*float64(side)) < 0:
			return WrongSide
		case slices.Max(reliefs[i+1:i+1+n]) < raised:
			got = Flat
		case leaps(reliefs[:i+1+n]):
			return Jumps
		default:
			return Turned
		}
	}
	return got
}

// leaps says whether most of the way to the largest of the reliefs, which come one
// after the other, lies between two of them.
func leaps(reliefs []float64) bool {
	most := float64(turnLeap * slices.Max(reliefs))
	for i := 1; i < len(reliefs); i++ {
		if math.Abs(reliefs[i]-reliefs[i-1]) > most {
			return true
		}
	}
	return false
}

// stays is for how many moments the face is turned at least so far and to the same
// side, where it is for long enough; else 0. A face that looks ahead is not turned: it
// may have come back from the other side.
func stays(track []moment, from, by float64) int {
	n, side := 0, math.Copysign(1, by)
	for n < len(track) && float64((track[n].yaw-from)*side) >= turned && float64(track[n].yaw*side) > ahead {
		n++
	}
	if n == 0 || track[n-1].at-track[0].at < turnedFor {
		return 0
	}
	return n
}
