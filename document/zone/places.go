package zone

import "math"

// straighten is where a line's characters are along the frame, of the shares of the
// way from one place to another at which a recogniser expects them. Characters are
// printed at equal distances, which a photo from one side draws out evenly along the
// line: their places are a parabola's, nearly. Those that the recogniser took for
// their neighbours' are left out of it.
func straighten(shares []float64, from, to float64) []float64 {
	n := len(shares)
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1
	}
	var fit [3]float64
	at := func(i int) float64 {
		t := 2*float64(i)/float64(n-1) - 1
		return fit[0] + float64(t*(fit[1]+float64(t*fit[2])))
	}
	const rounds = 5
	for range rounds {
		fit = parabola(shares, weights)
		pitch := math.Abs(fit[1]) * 2 / float64(n-1)
		for i, v := range shares {
			off := (v - at(i)) / max(pitch, 1e-9)
			weights[i] = 1 / (1 + float64(16*off*off))
		}
	}
	places := make([]float64, n)
	for i := range places {
		places[i] = from + float64(at(i)*(to-from))
	}
	return places
}

// parabola fits values at equal distances from -1 to 1 by weighted least squares.
func parabola(values, weights []float64) [3]float64 {
	// The moments of the weights, and of the values by them.
	var s [5]float64
	var v [3]float64
	for i, w := range weights {
		t, power := 2*float64(i)/float64(len(values)-1)-1, w
		for k := range s {
			s[k] += power
			if k < len(v) {
				v[k] += float64(power * values[i])
			}
			power *= t
		}
	}
	m := [3][4]float64{{s[0], s[1], s[2], v[0]}, {s[1], s[2], s[3], v[1]}, {s[2], s[3], s[4], v[2]}}
	for i := range m {
		for k := i + 1; k < 3; k++ {
			factor := m[k][i] / m[i][i]
			for j := i; j < 4; j++ {
				m[k][j] -= float64(factor * m[i][j])
			}
		}
	}
	var fit [3]float64
	for i := 2; i >= 0; i-- {
		fit[i] = m[i][3]
		for k := i + 1; k < 3; k++ {
			fit[i] -= float64(m[i][k] * fit[k])
		}
		fit[i] /= m[i][i]
	}
	return fit
}
