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
	bits, low := ZMM(), ZMM()
	constant := func(value uint32, to reg.VecVirtual) {
		v := GP32()
		MOVL(U32(value), v)
		VPBROADCASTD(v, to)
	}
	if kind == split {
		constant(packed, bits)
	} else {
		constant(highHalf, bits)
	}
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
	data := []reg.VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}[:kind.groups()]
	even, odd := data[0], data[1]
	c.dots(max(2, 8/width), func(n int) {
		for u := range n {
			at := Mem{Base: c.row, Disp: u * kind.registers() * rows * dword}
			switch {
			case kind == split:
				for i := range kind.registers() {
					top := data[3]
					if i > 0 {
						top = ZMM()
					}
					VMOVDQU8(at.Offset(i*rows*dword), data[i])
					VPANDND(data[i], bits, top)
					VPSRLW(topShift(i), top, top)
					VPANDD(data[i], bits, data[i])
					if i > 0 {
						VPORD(top, data[3], data[3])
					}
				}
			case kind == coarse:
				VMOVDQU8(at, odd)
				VPSLLW(U8(nibble), odd, even)
				join(bits, low, even)
				join(bits, low, odd)
			default:
				lower, shifted := ZMM(), ZMM()
				VMOVDQU8(at.Idx(c.apart, 1), odd)
				VMOVDQU8(at, lower)
				VPSLLW(U8(nibble), odd, even)
				VPSRLW(U8(nibble), lower, shifted)
				join(bits, lower, even)
				join(bits, shifted, odd)
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
	KMOVW(mask.As32(), live)
	if width > 1 {
		VPTERNLOGD(U8(0xff), signs, signs, signs)
		for q, a := range acc {
			bound(a, c.slope(q), c.limit(q))
			VPANDD(upper, signs, signs)
		}
		VPMOVD2M(signs, k)
		KANDNW(live, k, k)
		KORTESTW(k, k)
		JZ(LabelRef("next"))
	}
	for q, a := range acc {
		found := GP32()
		bound(a, c.slope(q), c.limit(q))
		VPMOVD2M(upper, k)
		KANDNW(live, k, k)
		KMOVW(k, found)
		c.keep(q, found, func(at Mem) { VMOVDQU32(a, at) })
	}
	c.next()
}

// join makes the low bits of every byte those of low, where mask has the high
// bits.
func join(mask, low, data reg.VecVirtual) {
	VPTERNLOGD(U8(0b11100100), mask, low, data)
}
