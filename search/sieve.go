package search

import (
	"math/bits"
	"slices"

	"oneton/search/internal/kernel"
)

// narrow covers the rounding to float32 of a bound, which is below 8.
const narrow = 1e-6

// mostSifted is about how many rows a tile puts off before it completes them.
const mostSifted = 1 << 15

// sieve has what the first plane of split rows does not rule out, for each
// query of a tile. Rows that look near, nearer than the query's threshold, are
// completed at once and may raise it. By the end of the scan it will most likely
// have risen above the upper bounds of most others, and nothing more need be
// read of them.
type sieve struct {
	near, far [][]sifted
	// survived is of how many blocks the first plane does not rule out all.
	survived []int
	// put is how many rows there are in far, and most from how many on they are
	// completed.
	put, most int
}

// sifted is a split row as the first plane tells of it.
type sifted struct {
	// lower and upper are a little further apart than the bounds.
	lower, upper float32
	segment, row uint32
	dot          int32
}

func (s *sieve) reset(queries, most int) {
	s.near = slices.Grow(s.near[:0], queries)[:queries]
	s.far = slices.Grow(s.far[:0], queries)[:queries]
	s.survived = slices.Grow(s.survived[:0], queries)[:queries]
	s.empty()
	s.most = most
}

func (s *sieve) empty() {
	for q := range s.far {
		s.near[q], s.far[q] = s.near[q][:0], s.far[q][:0]
	}
	s.put = 0
}

// sift scans the first plane of blocks of a segment.
func (w *worker) sift(t *tile, number, first int, p *part, masks []uint32) {
	for i, q := range t.queries {
		t.SetThreshold(i, q.need())
	}
	s := &t.sieve
	clear(s.survived)
	hits := t.Skim(p.planes.From(first), masks, w.hits)
	for i := range hits {
		h := &hits[i]
		if int(h.Probe) >= len(t.queries) {
			continue // a spoiled word
		}
		s.survived[h.Probe]++
		q := t.queries[h.Probe]
		need := q.need()
		probe := q.probe(t.basis)
		block := (first + int(h.Block)) * kernel.BlockRows
		for mask := h.Mask; mask != 0; mask &= mask - 1 {
			r := bits.TrailingZeros16(mask)
			lower, upper := probe.CoarseBounds(h.Dots[r], &p.planes, block+r)
			row := sifted{
				lower: float32(lower - narrow), upper: float32(upper + narrow),
				segment: uint32(number), row: uint32(block + r), dot: h.Dots[r],
			}
			if lower+upper >= 2*need {
				s.near[h.Probe] = append(s.near[h.Probe], row)
			} else {
				s.far[h.Probe] = append(s.far[h.Probe], row)
				s.put++
			}
		}
	}
	for i, q := range t.queries {
		q.skimmed.Add(int64(w.visited - s.survived[i]))
		w.complete(t, i, s.near[i])
		s.near[i] = s.near[i][:0]
	}
	if s.put > s.most {
		w.settle(t)
	}
}

// settle completes the rows that a tile has put off and that are still not
// ruled out.
func (w *worker) settle(t *tile) {
	for i, q := range t.queries {
		if len(t.sieve.far[i]) == 0 {
			continue
		}
		q.settle()
		need := q.need()
		left := slices.DeleteFunc(t.sieve.far[i], func(r sifted) bool { return float64(r.upper) < need })
		for len(left) > 0 {
			n := slices.IndexFunc(left, func(r sifted) bool { return r.segment != left[0].segment })
			if n < 0 {
				n = len(left)
			}
			w.complete(t, i, left[:n])
			left = left[n:]
		}
	}
	t.sieve.empty()
}

// complete offers one of the tile's queries some rows of a segment by all of
// their codes.
func (w *worker) complete(t *tile, query int, rows []sifted) {
	if len(rows) == 0 {
		return
	}
	number := int(rows[0].segment)
	p, part := t.class.part(number), t.class.parts[number]
	w.rows, w.dots = w.rows[:0], w.dots[:0]
	for i := range rows {
		w.rows = append(w.rows, rows[i].row)
		w.dots = append(w.dots, rows[i].dot)
	}
	t.Complete(query, p.planes, w.rows, w.dots)
	q := t.queries[query]
	probe := q.probe(t.basis)
	for i := range rows {
		r := &rows[i]
		lower, upper := probe.Bounds(w.dots[i], &p.planes, int(r.row))
		if !(lower <= float64(r.upper) && upper >= float64(r.lower)) {
			q.distrust()
		}
		q.offerRow(part, p, int(r.row), lower, upper)
	}
}
