// Package kernel compares quantised rows with quantised probes and finds the
// rows whose upper bound reaches a threshold.
//
// Rows lie in blocks of 16, and every code in two halves of four bits: the
// high halves of all blocks lie in one plane, the low halves in another. A
// coarse scan reads only the high plane and takes the low halves for 8, the
// middle of what they may be; a full scan reads both.
//
// A block in either plane begins with 16 little-endian uint32, one for each
// row: a bfloat16 scale in the low half, a bfloat16 residual in the high half.
// In the high plane they are of the codes with low halves 8, in the low plane
// of the full codes. Then follow 64 bytes for every eight coordinates, a pair
// of groups of four: four bytes of the first row, four of the second, and so
// on, so that one stream of bytes feeds a vector register with 16 rows at a
// time. A byte has a half of a coordinate of the pair's first group in its low
// bits, and of that of the second group in its high bits. Halves are of
// code+128; coordinates beyond the dimension have code 0.
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
	pairSize   = 2 * groupSize
	pairBytes  = groupSize * BlockRows
	wordBytes  = 4
	metaBytes  = wordBytes * BlockRows
	zeroCode   = 128
	nibbleBits = 4
	lowNibble  = 1<<nibbleBits - 1
	middle     = 8
)

// Step is how many blocks some kernels take at a time: a scan must begin at a
// multiple of it and have a multiple of it.
const Step = 2

// pairs is how many pairs of groups of coordinates a row of a dimension has.
func pairs(dimension int) int { return (dimension + pairSize - 1) / pairSize }

func planeBytes(dimension int) int { return metaBytes + pairBytes*pairs(dimension) }

// BlockBytes is the size of a block of rows of a dimension, in both planes.
func BlockBytes(dimension int) int { return 2 * planeBytes(dimension) }

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
// A full scan is given the low plane's blocks and how many bytes apart from
// them the high plane's are; a coarse one the high plane's alone.
//
// Codes hold the tile's probes interleaved: four codes of the first probe,
// four of the second, and so on, then the next group. Consts hold, for each
// probe, -128 times the sum of its codes (int32), then for each its slope, then
// for each its limit (float32).
type scan func(blocks *byte, apart, n, pairs int, masks *uint32, codes, consts, hits *byte) int

// variant is the scan functions for tiles of one width.
type variant struct {
	width int
	full  scan
	// coarse is nil for the widths that have none.
	coarse scan
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
	{width: 1, full: scanGeneric(1, false), coarse: scanGeneric(1, true)},
	{width: 8, full: scanGeneric(8, false)},
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
func scanGeneric(width int, coarse bool) scan {
	return func(first *byte, apart, n, pairs int, firstMask *uint32, firstCode, firstConst, firstHit *byte) int {
		size := metaBytes + pairBytes*pairs
		blocks := unsafe.Slice(first, n*size)
		high := blocks
		if !coarse {
			high = unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(first), apart)), n*size)
		}
		masks := unsafe.Slice(firstMask, n)
		codes := unsafe.Slice((*int8)(unsafe.Pointer(firstCode)), pairs*width*pairSize)
		bias := unsafe.Slice((*int32)(unsafe.Pointer(firstConst)), width)
		slopes := unsafe.Slice((*float32)(unsafe.Pointer(firstConst)), 3*width)[width:]
		hits := unsafe.Slice((*Hit)(unsafe.Pointer(firstHit)), n*width)
		found := 0
		for b, mask := range masks {
			for q := range width {
				hit := Hit{Block: uint32(b), Probe: uint16(q)}
				for r := range BlockRows {
					if mask>>r&1 == 0 {
						continue
					}
					dot := bias[q]
					for p := range pairs {
						at := b*size + metaBytes + p*pairBytes + r*groupSize
						upper, lower := high[at:][:groupSize], blocks[at:][:groupSize]
						even := codes[(2*p*width+q)*groupSize:][:groupSize]
						odd := codes[((2*p+1)*width+q)*groupSize:][:groupSize]
						for i, h := range upper {
							l := byte(middle<<nibbleBits | middle)
							if !coarse {
								l = lower[i]
							}
							dot += int32(h<<nibbleBits|l&lowNibble)*int32(even[i]) + int32(h&^lowNibble|l>>nibbleBits)*int32(odd[i])
						}
					}
					scale, residual := meta(blocks, b*size+r*wordBytes)
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
