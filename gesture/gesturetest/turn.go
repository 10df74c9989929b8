package gesturetest

import "math"

// TurnAttacks are ways to show a photo so that it may be taken for somebody who turns
// the head to both sides. A program makes them, as Attacks.
func TurnAttacks() []Attack {
	return []Attack{
		{"squeezed sideways", 1, func(t float64) shot {
			k := 1 + 0.9*math.Abs(swing(t))
			return shot{from: func(x, y float64) (float64, float64) { return k * x, y }, light: 1}
		}},
		{"slanted", 1, func(t float64) shot {
			k := 0.5 * swing(t)
			return shot{from: func(x, y float64) (float64, float64) { return x + k*y, y }, light: 1}
		}},
		{"moved past the camera", 1, func(t float64) shot {
			dx := 0.5 * swing(t)
			return shot{from: func(x, y float64) (float64, float64) { return x + dx, y }, light: 1}
		}},
		{"turned as a card", 1, func(t float64) shot { return shot{from: card(50*swing(t), 3), light: 1} }},
		{"turned as a card, near", 1, func(t float64) shot { return shot{from: card(50*swing(t), 1.6), light: 1} }},
		{"bent outwards and turned", 1, func(t float64) shot { return shot{from: roll(35*swing(t), 1.1), light: 1} }},
		{"rolled up narrow and turned", 1, func(t float64) shot { return shot{from: roll(40*swing(t), 0.7), light: 1} }},
		{"bent inwards and turned", 1, func(t float64) shot { return shot{from: roll(30*swing(t), -1.1), light: 1} }},
		{"folded along the nose and turned", 1, func(t float64) shot { return shot{from: fold(30*swing(t), 40), light: 1} }},
		{"skewed at its edge", 1, func(t float64) shot {
			// One half narrower than the other, as a head's that is turned.
			k := 0.45 * swing(t)
			return shot{from: func(x, y float64) (float64, float64) { return x + k*x*x, y }, light: 1}
		}},
	}
}

// Head is a photo that a program turns as a head, by the shape of one: an egg with
// a nose. It is what the turn of a person looks like to what follows a face's points,
// and an attack as well.
func Head(degrees func(t float64) float64) Attack {
	return Attack{"turned as a head by a program", 1, func(t float64) shot { return shot{from: head(degrees(t)), light: 1} }}
}

// swing goes from 0 to one side, back, to the other and back in four seconds.
func swing(t float64) float64 { return wave(t, 0.25) }

// Swing is an angle that goes so, to the degrees on each side.
func Swing(most float64) func(t float64) float64 {
	return func(t float64) float64 { return most * swing(t) }
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// card is a flat picture turned about its upright middle, seen from a distance.
func card(degrees, distance float64) func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(radians(degrees))
	return func(x, y float64) (float64, float64) {
		u := x * distance / (distance*cos - x*sin)
		return u, y * (distance + u*sin) / distance
	}
}

// roll is a picture bent about an upright axis, by the radius, and turned.
func roll(degrees, radius float64) func(x, y float64) (float64, float64) {
	turned := radians(degrees)
	return func(x, y float64) (float64, float64) {
		s := x/radius + math.Sin(turned)
		return radius * (math.Asin(max(-1, min(1, s))) - turned), y
	}
}

// fold is a picture folded along its upright middle, each half bent away, and turned.
func fold(degrees, away float64) func(x, y float64) (float64, float64) {
	left, right := math.Cos(radians(away+degrees)), math.Cos(radians(away-degrees))
	return func(x, y float64) (float64, float64) {
		if x < 0 {
			return x / left, y
		}
		return x / right, y
	}
}

// Measures of a head over those of what a film shows of it.
const (
	headWide, headHigh, headDeep = 0.44, 0.66, 0.42
	headMiddle                   = -0.06
	noseTop, noseTip, noseUnder  = -0.16, 0.10, 0.17
	noseHigh, noseWide           = 0.13, 0.06
)

// depth is how far a place of a face lies before the head's middle, and how much of
// the place is head, not what is behind it.
func depth(x, y float64) (z, share float64) {
	r := x*x/(headWide*headWide) + (y-headMiddle)*(y-headMiddle)/(headHigh*headHigh)
	z = headDeep * math.Sqrt(max(0, 1-r))
	share = max(0, min(1, (1.5-r)/0.5))
	up := 0.0
	switch {
	case y > noseTop && y <= noseTip:
		up = (y - noseTop) / (noseTip - noseTop)
	case y > noseTip && y < noseUnder:
		up = (noseUnder - y) / (noseUnder - noseTip)
	}
	return z + noseHigh*up*math.Exp(-x*x/(2*noseWide*noseWide)), share
}

// head is a face turned to the picture's right by the degrees.
func head(degrees float64) func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(radians(degrees))
	const reach, step = 65, 0.02
	// Where places of the row are seen, and how near.
	var seen, near [2*reach + 1]float64
	row := math.NaN()
	return func(x, y float64) (float64, float64) {
		if y != row {
			for i := range seen {
				u := step * float64(i-reach)
				z, share := depth(u, y)
				seen[i], near[i] = u+share*(u*(cos-1)+z*sin), share*(z*cos-u*sin)
			}
			row = y
		}
		// The nearest of the places that are seen there.
		found, nearest := x, math.Inf(-1)
		for i := 1; i < len(seen); i++ {
			a, b := seen[i-1], seen[i]
			if (a <= x) != (b <= x) && near[i] > nearest {
				found, nearest = step*(float64(i-1-reach)+(x-a)/(b-a)), near[i]
			}
		}
		return found, y
	}
}
