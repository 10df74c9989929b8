package search

import (
	"sort"
	"sync/atomic"

	"oneton/search/internal/kernel"
)

const allRows = 1<<kernel.BlockRows - 1

// view is a set at one moment. It never changes.
type view struct {
	parts []part
	live  int
	// bases are those that the parts are coded in, nil among them.
	bases []*basis
	// next is the lowest id that a new row may have.
	next uint64
	refs atomic.Int64
}

// part is the rows that a view has of a segment.
type part struct {
	*segment
	rows int
	dead int
	// live has a bit for every row that is not deleted, block by block; nil
	// when none is.
	live []uint16
	// dense tells that ids have no gaps, so that row numbers give them.
	dense bool
}

// retain holds the view's memory, unless it is already free.
func (v *view) retain() bool {
	for {
		n := v.refs.Load()
		if n == 0 {
			return false
		}
		if v.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (v *view) release() {
	if v.refs.Add(-1) == 0 {
		for _, p := range v.parts {
			p.segment.release()
		}
	}
}

// bytes is how much a scan reads.
func (v *view) bytes() int {
	n := 0
	for _, p := range v.parts {
		n += blocksFor(p.rows) * p.layout().BlockBytes()
	}
	return n
}

// find returns the part and the row that have the id.
func (v *view) find(id uint64) (p, row int, ok bool) {
	p = sort.Search(len(v.parts), func(i int) bool { return v.parts[i].base > id }) - 1
	if p < 0 {
		return 0, 0, false
	}
	row, ok = v.parts[p].find(id, v.parts[p].rows)
	return p, row, ok
}

func (p *part) isLive(row int) bool {
	return p.live == nil || p.live[row/kernel.BlockRows]>>(row%kernel.BlockRows)&1 == 1
}

// bury marks a row as deleted, in a mask that no view has yet.
func (p *part) bury(row int) {
	p.live[row/kernel.BlockRows] &^= 1 << (row % kernel.BlockRows)
	p.dead++
}

// ownLive gives the part a mask of its own.
func (p *part) ownLive() {
	live := make([]uint16, blocksFor(p.capacity))
	if p.live == nil {
		for i := range live {
			live[i] = allRows
		}
	}
	copy(live, p.live)
	p.live = live
}
