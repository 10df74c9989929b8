package search

import "oneton/search/internal/kernel"

// skimRule says when a scan for one probe reads the high plane first and the
// low plane only of blocks with rows that the high plane does not rule out.
// Such a pass reads half as much. Several probes at once are bound by
// comparing, not by reading, and never skim.
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
// survives it takes as long, and fewer will as the threshold rises; where one
// in twenty does it takes half as long.
var defaultSkim = skimRule{from: 0.15, trial: 64, share: 2, retry: 0.02}

// skimming is how it goes for one worker.
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
// masks, up to the last survivor, the rows that are not ruled out.
func (s *skimming) run(t *tile, planes kernel.Planes, masks []uint32, visited int, hits []kernel.Hit) []uint32 {
	hits = t.Skim(planes, masks, hits)
	s.blocks += visited
	s.survived += len(hits)
	t.queries[0].skimmed.Add(int64(visited - len(hits)))
	if len(hits) == 0 {
		return nil
	}
	last := int(hits[len(hits)-1].Block)
	masks = masks[:last-last%kernel.Step+kernel.Step]
	clear(masks)
	for i := range hits {
		masks[hits[i].Block] = uint32(hits[i].Mask)
	}
	return masks
}
