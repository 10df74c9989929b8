package search

import (
	"math"
	"math/bits"
	"slices"

	"oneton/search/internal/kernel"
)

// skipBytes is how many bytes of blocks without a row to be found are worth
// skipping.
const skipBytes = 6 << 10

// skipShare is the share of 64 blocks, one in so many, that must be skipped
// for any of them to be.
const skipShare = 4

// masks writes which rows of the blocks from first on a search may find, and
// returns how many blocks kernels will visit.
func (p *part) masks(to []uint32, first int, filter Mask) (visited int) {
	if p.live == nil {
		for i := range to {
			to[i] = allRows
		}
	} else {
		live := p.live[first:][:len(to)]
		for i := range to {
			to[i] = uint32(live[i])
		}
	}
	if full := p.rows/kernel.BlockRows - first; full < len(to) {
		to[full] &= 1<<(p.rows%kernel.BlockRows) - 1
		clear(to[full+1:])
	}
	if filter != nil {
		p.choose(to, first, filter)
	}
	if !slices.Contains(to, 0) {
		return len(to)
	}
	return bridge(to, max(1, skipBytes/p.layout().BlockBytes()))
}

// choose leaves of the blocks from first on only the rows that a filter
// chooses.
func (p *part) choose(to []uint32, first int, filter Mask) {
	if !p.dense {
		for i, mask := range to {
			if mask != 0 {
				to[i] = mask & p.chosen(first+i, filter)
			}
		}
		return
	}
	id := p.base + uint64(first*kernel.BlockRows)
	for ; len(to) >= 4; to = to[4:] {
		window := filter.window(id)
		to[0] &= uint32(window)
		to[1] &= uint32(window >> (1 * kernel.BlockRows))
		to[2] &= uint32(window >> (2 * kernel.BlockRows))
		to[3] &= uint32(window >> (3 * kernel.BlockRows))
		id += 4 * kernel.BlockRows
	}
	for i := range to {
		to[i] &= uint32(filter.window(id))
		id += kernel.BlockRows
	}
}

// chosen tells which rows of a block, of which there are some, a filter
// chooses.
func (p *part) chosen(block int, filter Mask) uint32 {
	row := block * kernel.BlockRows
	offsets := p.offsets[row:min(row+kernel.BlockRows, p.rows)]
	first, last := offsets[0], offsets[len(offsets)-1]
	var mask uint32
	if last-first >= 64 {
		for i, o := range offsets {
			if filter.Has(p.base + uint64(o)) {
				mask |= 1 << i
			}
		}
		return mask
	}
	window := filter.window(p.base + uint64(first))
	if int(last-first) == len(offsets)-1 {
		return uint32(window)
	}
	for _, o := range offsets {
		mask = mask>>1 | uint32(window>>((o-first)%64))<<31
	}
	return mask >> (32 - len(offsets))
}

// bridge lets kernels visit gaps of at most so many empty blocks, and all of
// them where few could be skipped. Gaps are of 64 blocks at a time, so that
// the work has no branch that depends on the masks. It returns how many blocks
// are to be visited.
func bridge(masks []uint32, longest int) (visited int) {
	for ; len(masks) > 0; masks = masks[min(64, len(masks)):] {
		some := masks[:min(64, len(masks))]
		var full uint64
		for i, mask := range some {
			// The sign bit of -mask tells whether there is a row.
			full |= uint64(-mask>>31) << i
		}
		visit := closed(full, longest)
		if bits.OnesCount64(visit)*skipShare > len(some)*(skipShare-1) {
			visit = math.MaxUint64
		}
		visited += bits.OnesCount64(visit << (64 - len(some)))
		for i := range some {
			some[i] |= uint32(visit&1) * kernel.Visit
			visit >>= 1
		}
	}
	return visited
}

// closed sets the bits between set bits that have at most so many between
// them: it spreads the set bits upwards and the others back.
func closed(set uint64, longest int) uint64 {
	for spread := 0; spread < min(longest, 63); {
		more := min(spread+1, longest-spread)
		set |= set << more
		spread += more
	}
	unset := ^set
	for spread := 0; spread < min(longest, 63); {
		more := min(spread+1, longest-spread)
		unset |= unset >> more
		spread += more
	}
	return ^unset
}
