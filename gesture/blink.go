package gesture

import (
	"cmp"
	"slices"
	"time"
)

const (
	// open is the probability from which an eye counts as open, and shut that below
	// which it counts as closed.
	openFrom, shutBelow = 0.7, 0.4
	// fall is what is left, at most, of how wide an eye is open when it closes. Real
	// blinks leave 0.44 to 0.75.
	fall = 0.78
	// around a blink the eyes are measured for that long on each side.
	besides = 600 * time.Millisecond
	// A blink closes the eyes for 50 ms at least (VanderWerf et al., "Eyelid
	// movements", 2003) and, where somebody blinks because he was asked to, for no
	// longer than this: who sleeps or looks down does not blink.
	shortestBlink, longestBlink = 50 * time.Millisecond, 700 * time.Millisecond
)

// blinks says whether both eyes are open, closed together, and open again.
func blinks(track []moment) bool {
	for i := 1; i < len(track); i++ {
		if !shut(track[i]) || shut(track[i-1]) {
			continue
		}
		end := i
		for end < len(track) && shut(track[end]) {
			end++
		}
		if end < len(track) && isBlink(track, i, end) {
			return true
		}
	}
	return false
}

// shut says whether the eyes look closed: neither open, and one surely closed.
func shut(m moment) bool {
	return max(m.open[0], m.open[1]) < openFrom && min(m.open[0], m.open[1]) < shutBelow
}

// isBlink says whether the moments from one to before another, in which the eyes
// look closed, are a blink's: short, between moments in which they look open, and
// with both lids nearer to each other than on either side.
func isBlink(track []moment, from, to int) bool {
	// How long the eyes were closed lies between these two.
	least, most := track[to-1].at-track[from].at, track[to].at-track[from-1].at
	if most < shortestBlink || least > longestBlink {
		return false
	}
	before, after := beside(track[:from], track[from].at), beside(track[to:], track[to-1].at)
	if len(before) == 0 || len(after) == 0 {
		return false
	}
	for eye := range 2 {
		least := track[from].lids[eye]
		for _, m := range track[from:to] {
			least = min(least, m.lids[eye])
		}
		if least > fall*lidsOf(before, eye) || least > fall*lidsOf(after, eye) {
			return false
		}
	}
	return true
}

// beside are those of the moments within reach of a time in which an eye is open.
func beside(track []moment, at time.Duration) []moment {
	var open []moment
	for _, m := range track {
		if (m.at-at).Abs() <= besides && max(m.open[0], m.open[1]) >= openFrom {
			open = append(open, m)
		}
	}
	return open
}

// lidsOf is the median of how wide an eye is open.
func lidsOf(track []moment, eye int) float64 {
	return median(track, func(m moment) float64 { return m.lids[eye] })
}

// median is that of the values, the lower one of two.
func median[T any, V cmp.Ordered](of []T, value func(T) V) V {
	values := make([]V, 0, len(of))
	for _, v := range of {
		values = append(values, value(v))
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// medianStep is the median time between pictures.
func medianStep(times []time.Duration) time.Duration {
	var steps []time.Duration
	for i := 1; i < len(times); i++ {
		steps = append(steps, times[i]-times[i-1])
	}
	return median(steps, func(d time.Duration) time.Duration { return d })
}
