package kernel

import "unsafe"

// generic is the reference, in plain Go.
var generic = Kernel{Name: "generic", gather: gatherGo, variants: []variant{
	{width: 1, full: scanHalved(1, false), coarse: scanHalved(1, true), split: scanPacked(1)},
	{width: 8, full: scanHalved(8, false), split: scanPacked(8)},
}}

// scanHalved returns the reference scan of halved codes for a tile.
func scanHalved(width int, coarse bool) scan {
	return func(blocks, first *byte, n, pairs int, masks *uint32, codes, consts, hits *byte) int {
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

// scanPacked returns the reference scan of packed codes for a tile.
func scanPacked(width int) scan {
	return func(blocks, _ *byte, n, units int, masks *uint32, codes, consts, hits *byte) int {
		size := metaBytes + packBytes*units
		in := plane{unsafe.Slice(blocks, n*size), size}
		probes := unsafe.Slice((*int8)(unsafe.Pointer(codes)), units*width*packSize)
		return report(width, in, n, masks, consts, hits, func(row, q int) (dot int32) {
			at := in.codes(row)
			for u := range units {
				var last [groupSize]byte
				for g := range packUnits {
					probe := probes[((u*groups+g)*width+q)*groupSize:][:groupSize]
					for i, b := range in.bytes[at+(u*packUnits+g)*pairBytes:][:groupSize] {
						dot += int32(b&packMask) * int32(probe[i])
						last[i] |= b >> packBits << (lowBits * g)
					}
				}
				probe := probes[((u*groups+packUnits)*width+q)*groupSize:][:groupSize]
				for i, code := range last {
					dot += int32(code) * int32(probe[i])
				}
			}
			return dot
		})
	}
}

// gatherGo is the reference of gather.
func gatherGo(records *byte, size, lows, wholes int, rows *uint32, n int, codes *byte, sums *int32) {
	all := roundedUp(lows, chunkBytes) * groups
	probe := unsafe.Slice((*int8)(unsafe.Pointer(codes)), all+wholes)
	for i, row := range unsafe.Slice(rows, n) {
		record := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(records), int(row)*size)), size)[wordBytes:]
		var sum int32
		for j, b := range record[:lows] {
			at := j/chunkBytes*groups*chunkBytes + j%chunkBytes
			for g := range groups {
				sum += int32(b>>(lowBits*g)&lowMask) * int32(probe[at+g*chunkBytes])
			}
		}
		for j, b := range record[lows:][:wholes] {
			sum += int32(int8(b)) * int32(probe[all+j])
		}
		unsafe.Slice(sums, n)[i] = sum
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
				if float32(float32(dot)*scale)+(float32(residual*slopes[q])+slopes[width+q]) >= 0 {
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
