package identify

import "oneton/index"

// ambiguityMargin is how far, in cosine, the best subject must be ahead of the
// next one above the threshold to be the only answer.
const ambiguityMargin = 0.05

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
