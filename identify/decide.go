package identify

import "oneton/index"

// ambiguityMargin is how far, in cosine, the best subject must be ahead of the
// next one above the threshold to be the only answer. In the tail of the
// built-in packs' impostor scores 0.10 is a factor of a hundred in FMR; on LFW
// it sends 77 % of people enrolled twice to Several, and 0.15 % of mated probes
// at an FPIR of 1 % (docs/thresholds.md).
const ambiguityMargin = 0.10

// decide gives the open-set answer for subjects that are all at or above the
// threshold, best first.
func decide(hits []index.Hit) Outcome {
	switch {
	case len(hits) == 0:
		return Nobody
	case len(hits) > 1 && hits[0].Cosine-hits[1].Cosine < ambiguityMargin:
		return Several
	default:
		return One
	}
}
