package calibration

import (
	"fmt"
	"math"
)

// Miss is one point of a table's misses: the false-non-match rate (FNMR, ISO/IEC
// 19795-1), the share of pairs of one person's photos whose cosine is below a
// threshold.
type Miss struct {
	Cosine float64 `json:"cosine" yaml:"cosine"`
	FNMR   float64 `json:"fnmr" yaml:"fnmr"`
}

// FNMR is the share of pairs of one person's photos that do not reach the cosine;
// false where nobody has measured it, which is beyond the last point. Between two
// points its log-odds are linear in the cosine, and before the first it is that one's
// at most.
func (t *Table) FNMR(cosine float64) (fnmr float64, known bool) {
	if len(t.Misses) == 0 || cosine > t.Misses[len(t.Misses)-1].Cosine {
		return 0, false
	}
	for i, b := range t.Misses {
		if cosine > b.Cosine {
			continue
		}
		if i == 0 {
			return b.FNMR, true
		}
		a := t.Misses[i-1]
		share := (cosine - a.Cosine) / (b.Cosine - a.Cosine)
		odds := logOdds(a.FNMR) + float64(share*(logOdds(b.FNMR)-logOdds(a.FNMR)))
		return 1 / (1 + math.Exp(-odds)), true
	}
	return 0, false
}

func logOdds(p float64) float64 { return math.Log(p / (1 - p)) }

// checkMisses is ErrTable when the points do not rise.
func (t *Table) checkMisses() error {
	for i, m := range t.Misses {
		switch {
		case !(m.Cosine >= -1 && m.Cosine <= 1):
			return fmt.Errorf("%w: miss %d: cosine %v must be -1 to 1", ErrTable, i, m.Cosine)
		case !(m.FNMR > 0 && m.FNMR < 1):
			return fmt.Errorf("%w: miss %d: FNMR %v must lie between 0 and 1", ErrTable, i, m.FNMR)
		case i > 0 && !(m.Cosine > t.Misses[i-1].Cosine && m.FNMR >= t.Misses[i-1].FNMR):
			return fmt.Errorf("%w: miss %d: cosine %v and FNMR %v must rise", ErrTable, i, m.Cosine, m.FNMR)
		}
	}
	return nil
}
