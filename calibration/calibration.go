// Package calibration turns cosines into rates and rates into thresholds. A
// model pack carries one table, measured on impostor and genuine pairs; every
// level, score and threshold of every API is a view of it.
package calibration

import (
	"fmt"
	"math"
)

// Table is a pack's calibration: the false-match rate (FMR, ISO/IEC 19795-1),
// the share of pairs of different people whose cosine is at or above a
// threshold, at a series of thresholds.
type Table struct {
	// Knots rise in cosine and fall in FMR, from cosine -1 and FMR 1. Between
	// two knots the logarithm of the FMR is linear in the cosine; beyond the
	// last one it goes on as between the last two.
	Knots []Knot `json:"knots" yaml:"knots"`
	// Measured is the lowest FMR that the data could show; below it the
	// table is an extrapolation of the fitted tail.
	Measured float64 `json:"measured" yaml:"measured"`
	// Source says on what data the table was measured.
	Source string `json:"source" yaml:"source"`
	// Misses, where they were measured, rise in cosine and do not fall in FNMR.
	Misses []Miss `json:"misses,omitempty" yaml:"misses"`
}

// Knot is one point of the table.
type Knot struct {
	Cosine float64 `json:"cosine" yaml:"cosine"`
	FMR    float64 `json:"fmr" yaml:"fmr"`
}

// Validate is ErrTable, wrapped with what is wrong and where, when the table
// breaks what Table promises of its fields. The other methods need a valid
// table.
func (t *Table) Validate() error {
	if len(t.Knots) < 2 {
		return fmt.Errorf("%w: %d knots, need at least 2", ErrTable, len(t.Knots))
	}
	if first := t.Knots[0]; first.Cosine != -1 || first.FMR != 1 {
		return fmt.Errorf("%w: knot 0: cosine %v and FMR %v, need -1 and 1", ErrTable, first.Cosine, first.FMR)
	}
	for i, k := range t.Knots[1:] {
		before := t.Knots[i]
		if !(k.Cosine > before.Cosine && k.Cosine <= 1) {
			return fmt.Errorf("%w: knot %d: cosine %v must be above %v and at most 1", ErrTable, i+1, k.Cosine, before.Cosine)
		}
		if !(k.FMR < before.FMR && k.FMR > 0) {
			return fmt.Errorf("%w: knot %d: FMR %v must be below %v and above 0", ErrTable, i+1, k.FMR, before.FMR)
		}
	}
	if !(t.Measured > 0 && t.Measured <= 1) {
		return fmt.Errorf("%w: measured: %v must be above 0 and at most 1", ErrTable, t.Measured)
	}
	return t.checkMisses()
}

// FMR is the share of pairs of different people that reach the cosine, in
// (0, 1].
func (t *Table) FMR(cosine float64) float64 {
	i := t.segment(func(k Knot) bool { return k.Cosine > cosine })
	a, b := t.Knots[i], t.Knots[i+1]
	share := (cosine - a.Cosine) / (b.Cosine - a.Cosine)
	return min(1, a.FMR*math.Pow(b.FMR/a.FMR, share))
}

// Threshold is the cosine at and above which pairs of different people come
// with the wanted FMR. It is in [-1, 1]: -1 for a rate of 1 or more, and 1 for
// a rate that no cosine reaches.
func (t *Table) Threshold(fmr float64) float64 {
	i := t.segment(func(k Knot) bool { return k.FMR < fmr })
	a, b := t.Knots[i], t.Knots[i+1]
	share := math.Log(fmr/a.FMR) / math.Log(b.FMR/a.FMR)
	return max(-1, min(1, a.Cosine+float64(share*(b.Cosine-a.Cosine))))
}

// Extrapolated says whether the rate is lower than the data could show, so
// that its threshold rests on the fitted tail alone.
func (t *Table) Extrapolated(fmr float64) bool {
	return fmr < t.Measured
}

// segment is the i for which knots i and i+1 hold the value sought, given
// which knots lie beyond it.
func (t *Table) segment(beyond func(Knot) bool) int {
	last := len(t.Knots) - 2
	for i := range last {
		if beyond(t.Knots[i+1]) {
			return i
		}
	}
	return last
}
