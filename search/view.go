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
		n += blocksFor(p.rows) * kernel.BlockBytes(p.dimension)
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

// skipBytes is how many bytes of blocks without a row to be found are worth
// skipping.
const skipBytes = 6 << 10

// masks writes which rows of the blocks from first on a search may find.
func (p *part) masks(to []uint32, first int, filter Mask) {
	if p.live == nil && filter == nil && (first+len(to))*kernel.BlockRows <= p.rows {
		for i := range to {
			to[i] = allRows
		}
		return
	}
	empty := 0 // blocks at the end so far
	longest := max(1, skipBytes/kernel.BlockBytes(p.dimension))
	for i := range to {
		mask := uint16(allRows)
		if p.live != nil {
			mask = p.live[first+i]
		}
		if left := p.rows - (first+i)*kernel.BlockRows; left < kernel.BlockRows {
			mask &= uint16(1<<max(left, 0) - 1)
		}
		if filter != nil && mask != 0 {
			mask &= p.chosen(first+i, filter)
		}
		to[i] = uint32(mask)
		if mask == 0 {
			empty++
			continue
		}
		if empty <= longest {
			for gap := i - empty; gap < i; gap++ {
				to[gap] = kernel.Visit
			}
		}
		empty = 0
	}
}

// chosen tells which rows of a block a filter chooses.
func (p *part) chosen(block int, filter Mask) uint16 {
	row := block * kernel.BlockRows
	first := p.base + uint64(row)
	if p.dense {
		return uint16(filter.window(first))
	}
	offsets := p.offsets[row:min(row+kernel.BlockRows, p.rows)]
	first = p.base + uint64(offsets[0])
	var mask uint16
	if offsets[len(offsets)-1]-offsets[0] < 64 {
		window := filter.window(first)
		if window == 0 {
			return 0
		}
		for i, o := range offsets {
			mask |= uint16(window>>(o-offsets[0])&1) << i
		}
		return mask
	}
	for i, o := range offsets {
		if filter.Has(p.base + uint64(o)) {
			mask |= 1 << i
		}
	}
	return mask
}
