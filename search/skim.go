package search

import (
	"slices"

	"oneton/search/internal/kernel"
)

// skimRule says when a scan for one probe reads the first plane before the
// second, which it then reads only of blocks with rows that the first does not
// rule out. Several probes at once are bound by comparing, not by reading, and
// never skim.
type skimRule struct {
	// from is the threshold from which skimming is tried.
	from float64
	// trial is after how many blocks the survivors are counted, of which one
	// block in share may be; else it is tried again when the threshold has
	// risen by retry.
	trial, share int
	retry        float64
	// deferred is how many rows a tile defers before it compares them.
	deferred int
}

// Measured on templates of faces, against a full scan: where one block in two
// survives it takes as long, and fewer will as the threshold rises.
var defaultSkim = skimRule{from: 0.15, trial: 64, share: 2, retry: 0.005, deferred: 1 << 14}

// skimming is how it goes for one tile of a worker, which has one query.
type skimming struct {
	rule             skimRule
	able             bool
	blocks, survived int
	deferred         []deferred
}

// deferred is a split row that the first plane does not rule out but makes look
// too far: by the end of the scan the threshold will most likely have risen
// above the upper bound, and nothing more need be read of it.
type deferred struct {
	upper        float64
	segment, row uint32
	// dot is what the first plane tells of the row's dot product.
	dot int32
}

// block is the number of the row's block.
func (d deferred) block() int { return int(d.row / kernel.BlockRows) }

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

// run skims blocks of a segment, of which a scan would visit so many, and
// leaves of their masks, up to the last, the rows to be compared at once. Others
// that are not ruled out it defers.
func (s *skimming) run(t *tile, number, first int, p *part, masks []uint32, visited int, hits []kernel.Hit) []uint32 {
	q := t.queries[0]
	probe, need := q.probe(t.basis), q.need()
	// Halves say too little for their second ones to be worth coming back for,
	// and a threshold of the caller's may never rise.
	defers := t.IsSplit() && need > q.floor()
	t.SetThreshold(0, need)
	hits = t.Skim(p.planes.From(first), masks, hits)
	s.blocks += visited
	s.survived += len(hits)
	clear(masks)
	end, now := 0, 0
	for i := range hits {
		h := &hits[i]
		if defers && s.put(probe, need, number, first+int(h.Block), p, h) {
			continue
		}
		masks[h.Block] = uint32(h.Mask)
		end = int(h.Block) + 1
		now++
	}
	q.skimmed.Add(int64(visited - now))
	return masks[:end]
}

// put defers the rows of a block, unless some look near.
func (s *skimming) put(probe *kernel.Probe, need float64, number, block int, p *part, h *kernel.Hit) bool {
	kept := len(s.deferred)
	for r := range kernel.BlockRows {
		if h.Mask>>r&1 == 0 {
			continue
		}
		row := block*kernel.BlockRows + r
		lower, upper := probe.CoarseBounds(h.Dots[r], &p.planes, row)
		if lower+upper >= 2*need {
			s.deferred = s.deferred[:kept]
			return false
		}
		s.deferred = append(s.deferred, deferred{upper: upper, segment: uint32(number), row: uint32(row), dot: h.Dots[r]})
	}
	return true
}

// settle compares the rows that a tile has deferred and that are still not
// ruled out.
func (w *worker) settle(t *tile) {
	if len(t.skim.deferred) == 0 {
		return
	}
	t.queries[0].settle()
	need := t.queries[0].need()
	left := slices.DeleteFunc(t.skim.deferred, func(d deferred) bool { return d.upper < need })
	for len(left) > 0 {
		first := left[0].block()
		n := 1
		for n < len(left) && left[n].segment == left[0].segment && left[n].block() < first+len(w.masks) {
			n++
		}
		w.finish(t, first, left[:n])
		left = left[n:]
	}
	t.skim.deferred = t.skim.deferred[:0]
}

// finish compares some rows of a segment, in blocks from first on.
func (w *worker) finish(t *tile, first int, rows []deferred) {
	number := int(rows[0].segment)
	p := t.class.part(number)
	masks := w.masks[:rows[len(rows)-1].block()+1-first]
	clear(masks)
	for _, d := range rows {
		masks[d.block()-first] |= 1 << (d.row % kernel.BlockRows)
	}
	q := t.queries[0]
	probe := q.probe(t.basis)
	hits := t.ScanSecond(p.planes.From(first), masks, w.hits)
	q.skimmed.Add(-int64(len(hits)))
	for _, h := range hits {
		for len(rows) > 0 && rows[0].block() == first+int(h.Block) {
			r := rows[0].row % kernel.BlockRows
			if h.Mask>>r&1 == 0 {
				break
			}
			q.offerRow(probe, t.class.parts[number], p, int(rows[0].row), rows[0].dot+h.Dots[r])
			rows = rows[1:]
		}
	}
	if len(rows) > 0 {
		q.distrust()
	}
}
