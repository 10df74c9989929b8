package kernel

import "unsafe"

// generic is the reference, in plain Go.
var generic = Kernel{Name: "generic", variants: []variant{
	{width: 1, full: scanHalved(1, false), coarse: scanHalved(1, true), split: scanSplit(1)},
	{width: 8, full: scanHalved(8, false), split: scanSplit(8)},
}}

// scanHalved returns the reference scan of halved codes for a tile.
func scanHalved(width int, coarse bool) scan {
	return func(blocks, first *byte, n, pairs, _ int, masks *uint32, codes, consts, hits *byte) int {
		size := metaBytes + pairBytes*pairs
		low := unsafe.Slice(blocks, n*size)
		high := low
		if !coarse {
			high = unsafe.Slice(first, n*size)
		}
		probes := unsafe.Slice((*int8)(unsafe.Pointer(codes)), pairs*width*pairSize)
		return report(width, plane{low, size}, n, masks, consts, hits, func(row, q int) (dot int32) {
			at := row/BlockRows*size + metaBytes + row%BlockRows*groupSize
			for p := range pairs {
				upper, lower := high[at+p*pairBytes:][:groupSize], low[at+p*pairBytes:][:groupSize]
				even := probes[(2*p*width+q)*groupSize:][:groupSize]
				odd := probes[((2*p+1)*width+q)*groupSize:][:groupSize]
				for i, h := range upper {
					l := byte(middle<<nibbleBits | middle)
					if !coarse {
						l = lower[i]
					}
					dot += int32(h<<nibbleBits|l&lowNibble)*int32(even[i]) + int32(h&^lowNibble|l>>nibbleBits)*int32(odd[i])
				}
			}
			return dot
		})
	}
}

// scanSplit returns the reference scan of whole codes for a tile.
func scanSplit(width int) scan {
	return func(blocks, first *byte, n, groups, ahead int, masks *uint32, codes, consts, hits *byte) int {
		second := plane{unsafe.Slice(blocks, n*(metaBytes+pairBytes*groups)), metaBytes + pairBytes*groups}
		before := plane{unsafe.Slice(first, min(ahead, 1)*n*(metaBytes+pairBytes*ahead)), metaBytes + pairBytes*ahead}
		probes := unsafe.Slice((*int8)(unsafe.Pointer(codes)), (ahead+groups)*width*groupSize)
		return report(width, second, n, masks, consts, hits, func(row, q int) (dot int32) {
			for g := range ahead + groups {
				in, number := before, g
				if g >= ahead {
					in, number = second, g-ahead
				}
				probe := probes[(g*width+q)*groupSize:][:groupSize]
				for i, code := range in.bytes[in.codes(row)+number*pairBytes:][:groupSize] {
					dot += int32(code) * int32(probe[i])
				}
			}
			return dot
		})
	}
}

// report writes the hits of a scan, given how to multiply a row's unsigned
// codes with a probe's.
func report(width int, blocks plane, n int, firstMask *uint32, firstConst, firstHit *byte, dot func(row, q int) int32) int {
	masks := unsafe.Slice(firstMask, n)
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
				row := b*BlockRows + r
				dot := bias[q] + dot(row, q)
				scale, residual := meta(blocks.word(row))
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
