package calibration

import "math"

const (
	// MaxScore is the highest score.
	MaxScore = 100.0
	// PointsPerDecade is how much the score rises when strangers who reach it
	// become ten times rarer.
	PointsPerDecade = 10.0
)

// Score says on a scale from 0 to 100 how rare it is that two different
// people look this much alike. Every 10 points make it ten times rarer: one
// pair of strangers in 10 reaches 10, one in 100 reaches 20, one in 1,000
// reaches 30, one in a million reaches 60. It is not a percentage and not the
// probability that the two are the same person.
func (t *Table) Score(cosine float64) float64 {
	return RateScore(t.FMR(cosine))
}

// RateScore is the score of a pair as rare as the false-match rate says.
func RateScore(fmr float64) float64 {
	return min(MaxScore, max(0, -PointsPerDecade*math.Log10(fmr)))
}

// ScoreFMR is the false-match rate at which a score of that height begins.
func ScoreFMR(score float64) float64 {
	return math.Pow(10, -score/PointsPerDecade)
}

// Scale is a ladder of levels: the false-match rate of level 1, of level 2 and
// so on, falling.
type Scale []float64

// Level is the highest level, counted from 1, whose rate a pair keeps that has
// the false-match rate, or 0 when it keeps none.
func (s Scale) Level(fmr float64) int {
	for level := len(s); level > 0; level-- {
		if fmr <= s[level-1] {
			return level
		}
	}
	return 0
}
