package search

import "oneton/search/internal/kernel"

// skimRule says when a scan for one probe reads the first plane of halved codes
// before the second, which it then reads only of blocks with rows that the first
// does not rule out. Several probes at once are bound by comparing, not by
// reading, and never skim.
type skimRule struct {
	// from is the threshold from which skimming is tried.
	from float64
	// trial is after how many blocks the survivors are counted, of which one
	// block in share may be; else it is tried again when the threshold has
	// risen by retry.
	trial, share int
	retry        float64
}

// Measured on templates of faces, against a full scan: where one block in two
// survives it takes as long, and fewer will as the threshold rises.
var defaultSkim = skimRule{from: 0.15, trial: 64, share: 2, retry: 0.005}

// skimming is how it goes for one tile of a worker, which has one query.
type skimming struct {
	rule             skimRule
	able             bool
	blocks, survived int
}

func (s *skimming) pays(threshold float64) bool {
	if !s.able || threshold < s.rule.from {
		return false
	}
	if s.blocks >= s.rule.trial && s.survived*s.rule.share > s.blocks {
		s.rule.from = threshold + s.rule.retry
		s.blocks, s.survived = 0, 0
		return false
	}
	return true
}

// run skims blocks, of which a scan would visit so many, and leaves of their
// masks, up to the last, those of rows that are not ruled out.
func (s *skimming) run(t *tile, first int, p *part, masks []uint32, visited int, hits []kernel.Hit) []uint32 {
	q := t.queries[0]
	t.SetThreshold(0, q.need())
	hits = t.Skim(p.planes.From(first), masks, hits)
	s.blocks += visited
	s.survived += len(hits)
	q.skimmed.Add(int64(visited - len(hits)))
	clear(masks)
	end := 0
	for i := range hits {
		end = int(hits[i].Block) + 1
		masks[end-1] = uint32(hits[i].Mask)
	}
	return masks[:end]
}
