package calibration

import "math"

// Identification is the cosine at and above which a gallery's candidates are
// reported so that a person who is not enrolled gets one with probability
// fpir (the false-positive identification rate of ISO/IEC 19795-1, in (0, 1)).
// It rises with the number of comparisons, one for each enrolled face, since
// each is one more chance of a false match; where a subject has several faces
// and the nearest counts, each of them is a chance. None counts as one.
func (t *Table) Identification(fpir float64, comparisons int) float64 {
	return t.Threshold(PairRate(fpir, comparisons))
}

// FPIR is the probability that a person who is not enrolled reaches the
// threshold in any of the comparisons.
func (t *Table) FPIR(threshold float64, comparisons int) float64 {
	n := float64(max(comparisons, 1))
	return -math.Expm1(n * math.Log1p(-t.FMR(threshold)))
}

// PairRate is the false-match rate of one comparison with which that many
// independent ones keep the wanted false-positive identification rate:
// 1-(1-fpir)^(1/comparisons).
func PairRate(fpir float64, comparisons int) float64 {
	n := float64(max(comparisons, 1))
	return -math.Expm1(math.Log1p(-fpir) / n)
}
