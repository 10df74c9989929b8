package calibration

import "math"

// Exactly is the share k of n with Clopper and Pearson's interval of 95 % ("The use of
// confidence or fiducial limits illustrated in the case of the binomial", 1934), which
// holds the true share at least that often however few are seen. Of none it is
// everything.
func Exactly(k, n int) Proportion {
	const tail = 0.025
	p := Proportion{High: 1}
	if n > 0 {
		p.Share = float64(k) / float64(n)
	}
	if k > 0 {
		p.Low = betaQuantile(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		p.High = betaQuantile(float64(k+1), float64(n-k), 1-tail)
	}
	return p
}

// betaQuantile is the x below which a beta distribution has the share, by bisection.
func betaQuantile(a, b, share float64) float64 {
	low, high := 0., 1.
	for {
		x := (low + high) / 2
		switch {
		case x <= low || x >= high:
			return x
		case betaShare(a, b, x) < share:
			low = x
		default:
			high = x
		}
	}
}

// betaShare is the regularised incomplete beta function (DLMF, section 8.17).
func betaShare(a, b, x float64) float64 {
	if x > (a+1)/(a+b+2) { // where the fraction converges fast for the other end
		return 1 - betaShare(b, a, 1-x)
	}
	whole, _ := math.Lgamma(a + b)
	one, _ := math.Lgamma(a)
	other, _ := math.Lgamma(b)
	return math.Exp(whole-one-other+float64(a*math.Log(x))+float64(b*math.Log1p(-x))) / a / betaFraction(a, b, x)
}

// betaFraction is the continued fraction of DLMF 8.17.22, from its end.
func betaFraction(a, b, x float64) float64 {
	const terms = 300
	fraction := 1.
	for m := float64(terms); m > 0; m-- {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		odd := -(a + m - 1) * (a + b + m - 1) * x / ((a + 2*m - 2) * (a + 2*m - 1))
		fraction = 1 + odd/(1+even/fraction)
	}
	return fraction
}
