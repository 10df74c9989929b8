package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 writes a kernel for width probes. A register holds four coordinates
// of each of a block's rows, and one VPDPBUSD multiplies them with the same
// four of a probe.
func avx512(width int, kind kind) {
	c := begin("AVX512VNNI", "AVX-512 VNNI", width, kind)
	spill := AllocLocal(width * rows * dword)
	acc := make([]reg.VecVirtual, width)
	for q := range acc {
		acc[q] = ZMM()
	}
	// A single probe has several sums, for shorter chains of additions.
	sums := []reg.VecVirtual{acc[0]}
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

	c.step(mask)
	for q, a := range acc {
		VPBROADCASTD(c.bias(q), a)
	}
	for _, s := range sums[1:] {
		VPXORD(s, s, s)
	}
	even, odd := ZMM(), ZMM()
	data := []reg.VecVirtual{even, odd}[:kind.groups()]
	c.dots(max(2, 8/width), func(n int) {
		for u := range n {
			at := Mem{Base: c.row, Disp: u * rows * dword}
			switch {
			case kind == split && width > 1:
				VMOVDQU8(at, even)
			case kind == split:
				// With less to do for 64 bytes, loads run so far ahead that
				// memory answers them a third slower.
				VMOVDQU8(at, even.AsY())
				VMOVDQU8(at.Offset(rows*dword/halves), odd.AsY())
				VINSERTI64X4(U8(1), odd.AsY(), even, even)
			case kind == coarse:
				VMOVDQU8(at, odd)
				VPSLLW(U8(nibble), odd, even)
				join(high, low, even)
				join(high, low, odd)
			default:
				lower, shifted := ZMM(), ZMM()
				VMOVDQU8(at.Idx(c.apart, 1), odd)
				VMOVDQU8(at, lower)
				VPSLLW(U8(nibble), odd, even)
				VPSRLW(U8(nibble), lower, shifted)
				join(high, lower, even)
				join(high, shifted, odd)
			}
			for i, d := range data {
				g := u*kind.groups() + i
				for q, a := range acc {
					if width == 1 {
						a = sums[g%len(sums)]
					}
					VPDPBUSD_BCST(c.probe(g, q), d, a)
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
	k, live := K(), K()
	load(Mem{Base: c.blocks})
	VPTERNLOGD(U8(0xff), signs, signs, signs)
	for q, a := range acc {
		bound(a, c.slope(q), c.limit(q))
		VPANDD(upper, signs, signs)
	}
	VPMOVD2M(signs, k)
	KMOVW(mask.As32(), live)
	KANDNW(live, k, k)
	KORTESTW(k, k)
	JZ(LabelRef("next"))

	Comment("some row may pass: find which, probe by probe")
	for q, a := range acc {
		VMOVDQU32(a, spill.Offset(q*rows*dword))
	}
	probe, found, stacked, consts := GP64(), GP32(), GP64(), GP64()
	LEAQ(spill, stacked)
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
	MOVL(c.block.As32(), Mem{Base: c.hits})
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

	Label("next")
	ADDQ(c.size, c.blocks)
	INCQ(c.block)
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
