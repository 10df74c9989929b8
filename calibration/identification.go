package calibration

import "math"

// Identification is the cosine at and above which a gallery's best match is
// reported so that a person who is not enrolled gets a candidate with
// probability fpir (the false-positive identification rate of ISO/IEC
// 19795-1, in (0, 1)). It rises with the number of enrolled subjects, since
// each is one more chance of a false match. No subjects count as one.
func (t *Table) Identification(fpir float64, subjects int) float64 {
	return t.Threshold(PairRate(fpir, subjects))
}

// FPIR is the probability that a person who is not enrolled has a cosine at
// or above the threshold with any of the enrolled subjects.
func (t *Table) FPIR(threshold float64, subjects int) float64 {
	n := float64(max(subjects, 1))
	return -math.Expm1(n * math.Log1p(-t.FMR(threshold)))
}

// PairRate is the false-match rate of one comparison with which n independent
// ones keep the wanted false-positive identification rate:
// 1-(1-fpir)^(1/subjects).
func PairRate(fpir float64, subjects int) float64 {
	n := float64(max(subjects, 1))
	return -math.Expm1(math.Log1p(-fpir) / n)
}
