package kyc

import "math"

const (
	// MaxSimilarity is that of pairs as rare among strangers as 1 in 100,000,000.
	MaxSimilarity = 100.0
	// DefaultThreshold is the similarity that one pair of strangers in 10,000
	// reaches, the usual operating point of unattended onboarding.
	DefaultThreshold = 80.0

	knee         = 4.0  // decades of the false-match rate
	pointsBelow  = 20.0 // a decade, up to the knee
	pointsBeyond = 5.0  // a decade, beyond it
)

// Similarity says on a scale from 0 to 100 how rare it is that two different people
// look this much alike, by the false-match rate of the pair. It rises by 20 for each
// time that strangers become ten times rarer up to 80, which one pair of strangers in
// 10,000 reaches, and by 5 from there on: one in a million reaches 90. It is not the
// probability that the two are the same person.
func Similarity(fmr float64) float64 {
	decades := -math.Log10(fmr)
	points := float64(pointsBelow * decades)
	if decades > knee {
		points = DefaultThreshold + float64(pointsBeyond*(decades-knee))
	}
	return min(MaxSimilarity, max(0, points))
}

// SimilarityFMR is the false-match rate at which a similarity begins.
func SimilarityFMR(similarity float64) float64 {
	decades := similarity / pointsBelow
	if similarity > DefaultThreshold {
		decades = knee + (similarity-DefaultThreshold)/pointsBeyond
	}
	return math.Pow(10, -decades)
}
