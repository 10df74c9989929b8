// Package kernel compares quantised rows with quantised probes and finds the
// rows whose upper bound reaches a threshold.
//
// Rows lie in blocks of 16. A block begins with 16 little-endian uint32, one
// for each row: the bfloat16 scale in the low half, the bfloat16 residual in
// the high half. Then follow 64 bytes for every four coordinates, a group:
// four codes of the first row, four of the second, and so on, so that one
// stream of bytes feeds a vector register with 16 rows at a time. A code is
// stored as code+128; coordinates beyond the dimension have code 0.
package kernel

import (
	"fmt"
	"slices"
	"unsafe"
)

// The layout of a block.
const (
	BlockRows  = 16
	groupSize  = 4
	groupBytes = groupSize * BlockRows
	metaBytes  = 4 * BlockRows
	zeroCode   = 128
)

// Step is how many blocks some kernels take at a time: a scan must begin at a
// multiple of it and have a multiple of it.
const Step = 2

// Groups is how many groups of coordinates a row of a dimension has.
func Groups(dimension int) int { return (dimension + groupSize - 1) / groupSize }

// BlockBytes is the size of a block of rows of a dimension.
func BlockBytes(dimension int) int { return metaBytes + groupBytes*Groups(dimension) }

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
// where dot is the exact sum of codes' products, and it appends a Hit for
// every block and probe with a row where that is not negative. The residual
// is read from all 32 bits of the row's word, which makes it a little larger.
// It returns the number of hits, for which hits must have room.
//
// Codes hold the tile's probes interleaved: four codes of the first probe,
// four of the second, and so on, then the next group. Consts hold, for each
// probe, -128 times the sum of its codes (int32), then for each its slope, then
// for each its limit (float32).
type scan func(blocks *byte, n, groups int, masks *uint32, codes, consts, hits *byte) int

// variant is one scan function, for tiles of one width.
type variant struct {
	width int
	// wide kernels take codes as int16.
	wide bool
	scan scan
}

// Kernel is one way of scanning.
type Kernel struct {
	Name string
	// variants rise in width; the first has width 1.
	variants []variant
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

var generic = Kernel{Name: "generic", variants: []variant{
	{width: 1, scan: scanGeneric(1)},
	{width: 8, scan: scanGeneric(8)},
}}

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

// scanGeneric returns the reference scan for a tile.
func scanGeneric(width int) scan {
	return func(first *byte, n, groups int, firstMask *uint32, firstCode, firstConst, firstHit *byte) int {
		size := metaBytes + groupBytes*groups
		blocks := unsafe.Slice(first, n*size)
		masks := unsafe.Slice(firstMask, n)
		codes := unsafe.Slice((*int8)(unsafe.Pointer(firstCode)), groups*width*groupSize)
		bias := unsafe.Slice((*int32)(unsafe.Pointer(firstConst)), width)
		slopes := unsafe.Slice((*float32)(unsafe.Pointer(firstConst)), 3*width)[width:]
		hits := unsafe.Slice((*Hit)(unsafe.Pointer(firstHit)), n*width)
		found := 0
		for b, mask := range masks {
			block := blocks[b*size : (b+1)*size]
			for q := range width {
				hit := Hit{Block: uint32(b), Probe: uint16(q)}
				for r := range BlockRows {
					if mask>>r&1 == 0 {
						continue
					}
					dot := bias[q]
					for g := range groups {
						row := block[metaBytes+g*groupBytes+r*groupSize:][:groupSize]
						code := codes[(g*width+q)*groupSize:][:groupSize]
						dot += int32(row[0])*int32(code[0]) + int32(row[1])*int32(code[1]) +
							int32(row[2])*int32(code[2]) + int32(row[3])*int32(code[3])
					}
					scale, residual := meta(block, r)
					if float32(dot)*scale+(residual*slopes[q]+slopes[width+q]) >= 0 {
						hit.Mask |= 1 << r
						hit.Dots[r] = dot
					}
				}
				if hit.Mask != 0 {
					hits[found] = hit
					found++
				}
			}
		}
		return found
	}
}
