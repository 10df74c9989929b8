// Package kernel compares quantised rows with quantised probes and finds the
// rows whose upper bound reaches a threshold.
//
// What is known of a row lies in two planes. A coarse scan reads only the first
// plane; what the second adds is read with it or, of single rows, later. The
// codes of a row are of eight bits, 128 more than their value, which is 0 for
// coordinates beyond the dimension. A group is four coordinates. Rows have a
// little-endian uint32 in either plane, a bfloat16 scale in the low half and a
// bfloat16 residual in the high half, of what the first plane alone tells in the
// first plane and of all in the second. There are two layouts.
//
// Where codes are halved, both planes have blocks of 16 rows, which begin with
// their 16 words. The first plane has the high four bits of every code and the
// second the low ones, which a coarse scan takes for 8, the middle of what they
// may be. There are 64 bytes for every two groups: four bytes of the first row,
// four of the second, and so on, so that one stream of bytes feeds a vector
// register with 16 rows at a time. A byte has a half of a coordinate of the
// first group in its low bits, and of that of the second in its high bits.
//
// Where rows are split, the first plane has the high six bits of the codes of
// the first coordinates; the others a coarse scan bounds by their length. That
// tells more than halves do where most of a row's length is in its first
// coordinates. Its blocks are as above, but there are three times 64 bytes for
// every four groups. The bytes of the i-th of them have a code of the i-th group
// in their low bits, and in their high bits bits 2i and 2i+1 of one of the
// fourth. The second plane has a record for each row: its word, the low two bits
// of those codes, and the values of the others' codes. The bytes of low bits have
// those of the four groups, one of each, from the low bits up.
package kernel

import (
	"fmt"
	"slices"
)

// The layout of a block.
const (
	BlockRows  = 16
	groupSize  = 4
	pairSize   = 2 * groupSize
	pairBytes  = groupSize * BlockRows
	wordBytes  = 4
	metaBytes  = wordBytes * BlockRows
	zeroCode   = 128
	nibbleBits = 4
	lowNibble  = 1<<nibbleBits - 1
	middle     = 8

	packSize  = 4 * groupSize
	groups    = packSize / groupSize
	packUnits = groups - 1
	packBytes = packUnits * pairBytes
	packBits  = 6
	packMask  = 1<<packBits - 1
	lowBits   = 8 - packBits
	lowMask   = 1<<lowBits - 1
	// chunkBytes is what gather takes of a record at a time. It may read
	// beyond the bytes that it is to multiply, within the record.
	chunkBytes = 16
)

// pairs is how many pairs of groups of coordinates a row of a dimension has.
func pairs(dimension int) int { return (dimension + pairSize - 1) / pairSize }

// Hit tells of rows in one block that may reach one probe's threshold.
type Hit struct {
	// Block counts from the first block scanned, Probe within the tile.
	Block uint32
	Probe uint16
	// Mask has the bits of the rows.
	Mask uint16
	// Dots are the integer dot products of codes; only those of the rows in
	// Mask mean anything.
	Dots [BlockRows]int32
}

// Visit is set in the mask of a block that a kernel is not to skip, though no
// row of it may be found: short gaps cost more to skip than to compare, since
// a branch that was not foreseen stops the reading ahead.
const Visit = 1 << BlockRows

// scan compares n blocks with a tile. For every probe q and every row whose
// bit is set in the block's mask it computes, in float32,
//
//	dot*scale + (residual*slope[q] + limit[q])
//
// where dot is the exact sum of codes' products, of packed codes as Probe.pack
// says, and it appends a Hit for every block and probe with a row where that is
// not negative. The residual is read from all 32 bits of the row's word, which
// makes it a little larger. It returns the number of hits. There must be room
// for one of every block and probe: some are written before it is known whether
// they are kept.
//
// A full scan is given the blocks of the second plane, whose words it goes by,
// and those of the first; a coarse one the first plane's as blocks and nothing
// as first. There are so many units in a block, in either plane: pairs of
// groups of halved codes, or fours of packed ones.
//
// Codes hold the tile's probes interleaved: four codes of the first probe,
// four of the second, and so on, then the next group. Consts hold, for each
// probe, what is to be added to its products with unsigned codes (int32), then
// for each its slope, then for each its limit (float32).
type scan func(blocks, first *byte, n, units int, masks *uint32, codes, consts, hits *byte) int

// gather sums up, for n rows of the records of a size, the products of their
// bytes of low bits, of which there are lows, and of their whole codes with
// those of a probe. Codes hold, for every chunk of low bits, those for the
// first group's, for the second's and so on; then those for the whole codes;
// and 0 where a chunk reads too far.
type gather func(records *byte, size, lows, wholes int, rows *uint32, n int, codes *byte, sums *int32)

// variant is the scan functions for tiles of one width.
type variant struct {
	width int
	// full and coarse scan halved codes; coarse is nil for the widths that
	// have none.
	full, coarse scan
	// split scans packed codes.
	split scan
}

// Kernel is one way of scanning.
type Kernel struct {
	Name string
	// variants rise in width; the first has width 1.
	variants []variant
	gather   gather
}

// Width is the width of the tile to make for n probes that are left.
func (k *Kernel) Width(n int) int { return k.variant(n).width }

func (k *Kernel) variant(n int) variant {
	for _, v := range k.variants {
		if v.width >= n {
			return v
		}
	}
	return k.variants[len(k.variants)-1]
}

// Available lists the kernels that this processor can run, fastest first. The
// last is the reference, in plain Go.
func Available() []*Kernel {
	return append(native(), &generic)
}

// Named returns the kernel of that name; an empty name means the fastest.
func Named(name string) (*Kernel, error) {
	all := Available()
	if name == "" {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(k *Kernel) bool { return k.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, k := range all {
			names[i] = k.Name
		}
		return nil, fmt.Errorf("kernel %q is not among %v", name, names)
	}
	return all[i], nil
}
