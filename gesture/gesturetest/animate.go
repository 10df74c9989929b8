package gesturetest

import "math"

// Animated are photos of which a program moves a part, as it takes the eyes or the mouth
// for, by a warp that fades out around it.
func Animated() []Attack {
	return []Attack{
		{"eyes closed by a warp", 1, func(t float64) shot {
			return shot{from: shut(pulse(t, 0.15)), light: 1}
		}},
		{"mouth widened by a warp", 1, func(t float64) shot {
			return shot{from: widened(0.3 * pulse(t, 0.6)), light: 1}
		}},
		{"nose moved aside by a warp", 1, func(t float64) shot {
			return shot{from: nudged(0.12 * swing(t)), light: 1}
		}},
		{"eyes' strip exchanged", 2, func(t float64) shot {
			s := shot{from: flat, light: 1}
			if pulse(t, 0.15) > 0.5 {
				s.strip = 0.26
			}
			return s
		}},
	}
}

// pulse is 0, and in the middle of each second 1 for twice the seconds, with slopes of a
// tenth of a second.
func pulse(t, half float64) float64 {
	const slope = 0.1
	return max(0, min(1, (half+slope-math.Abs(math.Mod(t, 1)-0.5))/slope))
}

// near is 1 at a place of a face and fades out around it.
func near(x, y, atX, atY, wide, high float64) float64 {
	u, v := (x-atX)/wide, (y-atY)/high
	return math.Exp(-float64(u*u) - float64(v*v))
}

// Where the eyes, the mouth and the nose lie in what a film shows.
const (
	eyeAcross, eyesAt, mouthAt, noseAt = 0.2, -0.12, 0.24, 0.06
)

// shut draws the eyes together, upright.
func shut(much float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) {
		k := much * max(near(x, y, -eyeAcross, eyesAt, 0.14, 0.07), near(x, y, eyeAcross, eyesAt, 0.14, 0.07))
		return x, y + float64(3*k*(y-eyesAt))
	}
}

// widened draws the mouth's corners apart.
func widened(much float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) {
		return x * (1 - float64(much*near(x, y, 0, mouthAt, 0.35, 0.14))), y
	}
}

// nudged moves the nose aside, and what is around it less.
func nudged(by float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) {
		return x - float64(by*near(x, y, 0, noseAt, 0.2, 0.22)), y
	}
}
