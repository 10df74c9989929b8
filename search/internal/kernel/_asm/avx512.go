package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 writes a kernel for width probes that takes deep blocks at a time.
// A register holds four coordinates of each of a block's rows, and one
// VPDPBUSD multiplies them with the same four of a probe.
func avx512(width, deep int, kind kind) {
	c := begin("AVX512VNNI", "AVX-512 VNNI", width, kind)
	spill := AllocLocal(deep * width * rows * dword)
	acc := make([][]reg.VecVirtual, deep)
	for b := range acc {
		acc[b] = make([]reg.VecVirtual, width)
		for q := range acc[b] {
			acc[b][q] = ZMM()
		}
	}
	// A single probe has several sums, for shorter chains of additions.
	sums := []reg.VecVirtual{acc[0][0]}
	if width == 1 {
		sums = append(sums, ZMM(), ZMM(), ZMM())
	}
	mask := GP64()
	high, low := ZMM(), ZMM()
	constant := func(value uint32, to reg.VecVirtual) {
		v := GP32()
		MOVL(U32(value), v)
		VPBROADCASTD(v, to)
	}
	constant(highHalf, high)
	if kind == coarse {
		constant(middles, low)
	}

	c.step(deep, mask)
	for b := range acc {
		for q := range acc[b] {
			VPBROADCASTD(c.bias(q), acc[b][q])
		}
	}
	for _, s := range sums[1:] {
		VPXORD(s, s, s)
	}
	even, odd := make([]reg.VecVirtual, deep), make([]reg.VecVirtual, deep)
	for b := range even {
		even[b], odd[b] = ZMM(), ZMM()
	}
	data := [][]reg.VecVirtual{even, odd}[:kind.groups()]
	from := []reg.GPVirtual{c.row, GP64()}[:deep]
	c.dots(max(2, 8/(width*deep)), func(n int) {
		if deep > 1 {
			LEAQ(Mem{Base: c.row, Index: c.next, Scale: 1}, from[1])
		}
		for u := range n {
			for b, row := range from {
				at := Mem{Base: row, Disp: u * rows * dword}
				switch kind {
				case split:
					if width > 1 {
						VMOVDQU8(at, even[b])
						break
					}
					// With less to do for 64 bytes, loads run so far ahead
					// that memory answers them a third slower.
					VMOVDQU8(at, even[b].AsY())
					VMOVDQU8(at.Offset(rows*dword/halves), odd[b].AsY())
					VINSERTI64X4(U8(1), odd[b].AsY(), even[b], even[b])
				case coarse:
					VMOVDQU8(at, odd[b])
					VPSLLW(U8(nibble), odd[b], even[b])
					join(high, low, even[b])
					join(high, low, odd[b])
				default:
					lower, shifted := ZMM(), ZMM()
					VMOVDQU8(at.Idx(c.apart, 1), odd[b])
					VMOVDQU8(at, lower)
					VPSLLW(U8(nibble), odd[b], even[b])
					VPSRLW(U8(nibble), lower, shifted)
					join(high, lower, even[b])
					join(high, shifted, odd[b])
				}
			}
			for i, data := range data {
				g := u*kind.groups() + i
				for q := range width {
					for b, d := range data {
						a := acc[b][q]
						if width == 1 {
							a = sums[g%len(sums)]
						}
						VPDPBUSD_BCST(c.probe(g, q), d, a)
					}
				}
			}
		}
	})
	for _, s := range sums[1:] {
		VPADDD(s, sums[0], sums[0])
	}

	Comment("sign(dot*scale + residual*slope + limit) of all rows and probes")
	signs, upper, product := ZMM(), ZMM(), ZMM()
	scale, residual := ZMM(), ZMM()
	load := func(at Mem) {
		VMOVDQU32(at, residual)
		VPSLLD(U8(signed), residual, scale)
	}
	bound := func(dots Op, slope, limit Mem) {
		VBROADCASTSS(limit, upper)
		VFMADD231PS_BCST(slope, residual, upper)
		VCVTDQ2PS(dots, product)
		VFMADD231PS(scale, product, upper)
	}
	k, live, passed := K(), K(), K()
	for b := range acc {
		at := Mem{Base: c.blocks}
		if b > 0 {
			at.Index, at.Scale = c.size, 1
		}
		load(at)
		VPTERNLOGD(U8(0xff), signs, signs, signs)
		for q := range acc[b] {
			bound(acc[b][q], c.slope(q), c.limit(q))
			VPANDD(upper, signs, signs)
		}
		VPMOVD2M(signs, k)
		if b == 0 {
			KMOVQ(mask, live)
			KANDNW(live, k, passed)
		} else {
			KSHIFTRQ(U8(32), live, live)
			KANDNW(live, k, k)
			KORW(k, passed, passed)
		}
	}
	KORTESTW(passed, passed)
	JZ(LabelRef("next"))

	Comment("some row may pass: find which, probe by probe")
	for b := range acc {
		for q := range acc[b] {
			VMOVDQU32(acc[b][q], spill.Offset((b*width+q)*rows*dword))
		}
	}
	probe, found, stacked, consts, at, which := GP64(), GP32(), GP64(), GP64(), GP64(), GP64()
	LEAQ(spill, stacked)
	MOVQ(c.blocks, at)
	MOVQ(c.block, which)
	Label("block")
	KMOVW(mask.As32(), live)
	load(Mem{Base: at})
	MOVQ(c.consts, consts)
	XORQ(probe, probe)
	Label("probe")
	dots := ZMM()
	VMOVDQU32(Mem{Base: stacked}, dots)
	bound(dots, Mem{Base: consts, Disp: width * dword}, Mem{Base: consts, Disp: 2 * width * dword})
	VPMOVD2M(upper, k)
	KANDNW(live, k, k)
	KMOVW(k, found)
	TESTL(found, found)
	JZ(LabelRef("miss"))
	MOVL(which.As32(), Mem{Base: c.hits})
	MOVW(probe.As16(), Mem{Base: c.hits, Disp: hitProbe})
	MOVW(found.As16(), Mem{Base: c.hits, Disp: hitMask})
	VMOVDQU32(dots, Mem{Base: c.hits, Disp: hitDots})
	ADDQ(U8(hitSize), c.hits)
	INCQ(c.count)
	Label("miss")
	ADDQ(U8(rows*dword), stacked)
	ADDQ(U8(dword), consts)
	INCQ(probe)
	CMPQ(probe, U8(width))
	JL(LabelRef("probe"))
	if deep == 2 {
		SHRQ(U8(32), mask)
		ADDQ(c.size, at)
		LEAQ(Mem{Base: c.block, Disp: 1}, which)
		LEAQ(spill.Offset(2*width*rows*dword), consts)
		CMPQ(stacked, consts)
		JL(LabelRef("block"))
	}

	Label("next")
	if deep == 2 {
		LEAQ(Mem{Base: c.blocks, Index: c.size, Scale: 2}, c.blocks)
		ADDQ(U8(2), c.block)
	} else {
		ADDQ(c.size, c.blocks)
		INCQ(c.block)
	}
	JMP(LabelRef("step"))
	Label("done")
	c.end()
	VZEROUPPER()
	RET()
}

// join makes the low bits of every byte those of low, where mask has the high
// bits.
func join(mask, low, data reg.VecVirtual) {
	VPTERNLOGD(U8(0b11100100), mask, low, data)
}
