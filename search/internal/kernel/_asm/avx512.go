package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 writes a kernel for width probes that takes deep blocks at a time.
// A register holds four coordinates of each of a block's rows, and one
// VPDPBUSD multiplies them with the same four of a probe.
func avx512(width, deep int) {
	c := begin("scanAVX512VNNI", width, fmt.Sprintf("scanAVX512VNNIx%d is scan for a tile of %d, by AVX-512 VNNI.", width, width))
	spill := AllocLocal(deep * width * rows * dword)
	acc := make([][]reg.VecVirtual, deep)
	for b := range acc {
		acc[b] = make([]reg.VecVirtual, width)
		for q := range acc[b] {
			acc[b][q] = ZMM()
		}
	}
	second := ZMM() // of a single probe: halves the chain of additions
	mask := GP64()

	c.step(deep, mask)
	for b := range acc {
		for q := range acc[b] {
			VPBROADCASTD(c.bias(width, q), acc[b][q])
		}
	}
	if width == 1 {
		VPXORD(second, second, second)
	}
	data := make([]reg.VecVirtual, deep)
	for b := range data {
		data[b] = ZMM()
	}
	c.dots(max(1, min(8, 16/(width*deep))), width*dword, func(u int) {
		for b := range data {
			at := Mem{Base: c.row, Disp: u * rows * dword}
			if b > 0 {
				at.Index, at.Scale = c.size, 1
			}
			VMOVDQU8(at, data[b])
		}
		for q := range width {
			for b := range data {
				a := acc[b][q]
				if width == 1 && u%2 == 1 {
					a = second
				}
				VPDPBUSD_BCST(Mem{Base: c.code, Disp: (u*width + q) * dword}, data[b], a)
			}
		}
	})
	if width == 1 {
		VPADDD(second, acc[0][0], acc[0][0])
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
			bound(acc[b][q], c.slope(width, q), c.limit(width, q))
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
	probe, found, stacked, constant, at, which := GP64(), GP32(), GP64(), GP64(), GP64(), GP64()
	LEAQ(spill, stacked)
	MOVQ(c.blocks, at)
	MOVQ(c.block, which)
	Label("block")
	KMOVW(mask.As32(), live)
	load(Mem{Base: at})
	MOVQ(c.consts, constant)
	XORQ(probe, probe)
	Label("probe")
	dots := ZMM()
	VMOVDQU32(Mem{Base: stacked}, dots)
	bound(dots, Mem{Base: constant, Disp: width * dword}, Mem{Base: constant, Disp: 2 * width * dword})
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
	ADDQ(U8(dword), constant)
	INCQ(probe)
	CMPQ(probe, U8(width))
	JL(LabelRef("probe"))
	if deep == 2 {
		SHRQ(U8(32), mask)
		ADDQ(c.size, at)
		LEAQ(Mem{Base: c.block, Disp: 1}, which)
		LEAQ(spill.Offset(2*width*rows*dword), constant)
		CMPQ(stacked, constant)
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
