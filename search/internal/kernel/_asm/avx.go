package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dots is how a 256-bit kernel multiplies codes.
type dots struct {
	name, by string
	// widths are of the tiles, and unroll is how many pairs of groups they
	// take at a time.
	widths []int
	unroll int
	// pairs adds the products of n pairs to the sums of eight rows each.
	pairs func(n int, k avxKernel)
}

// avxKernel is a kernel as it multiplies.
type avxKernel struct {
	call
	width  int
	coarse bool
	acc    [][]reg.VecPhysical
}

// halves is how many registers of eight rows a block fills.
const halves = 2

var ymm = []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
	reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

// These hold constants all the time: the mask of the high bits of bytes or of
// the low ones, and 16-bit ones.
var maskBits, ones = reg.Y15, reg.Y14

// load is where eight rows' bytes of the u-th pair lie in the scan's plane,
// and other where they lie in the other.
func (k avxKernel) load(u, h int) Mem {
	return Mem{Base: k.row, Disp: u*rows*dword + h*rows*dword/halves}
}

func (k avxKernel) other(u, h int) Mem {
	at := k.load(u, h)
	at.Index, at.Scale = k.apart, 1
	return at
}

// probe is where a probe's code of the u-th pair's group g lies.
func (k avxKernel) probe(u, g, q int) Mem {
	return Mem{Base: k.code, Disp: ((2*u+g)*k.width + q) * dword}
}

// vnni multiplies eight rows' coordinates at a time by the VEX form of
// VPDPBUSD, which the assembler does not know.
var vnni = dots{
	name: "AVXVNNI", by: "AVX-VNNI", widths: []int{1, 4}, unroll: 2,
	pairs: func(n int, k avxKernel) {
		even, odd, probe, shifted := ymm[8:10], ymm[10:12], ymm[12], ymm[13]
		for u := range n {
			for h := range halves {
				if k.coarse {
					VMOVDQU(k.load(u, h), odd[h])
					VPSLLW(U8(nibble), odd[h], even[h])
					VPAND(maskBits, even[h], even[h])
					VPAND(maskBits, odd[h], odd[h])
					continue
				}
				VMOVDQU(k.other(u, h), odd[h])
				VPSLLW(U8(nibble), odd[h], even[h])
				VPAND(maskBits, even[h], even[h])
				VPAND(maskBits, odd[h], odd[h])
				VMOVDQU(k.load(u, h), probe)
				VPSRLW(U8(nibble), probe, shifted)
				VPANDN(probe, maskBits, probe)
				VPANDN(shifted, maskBits, shifted)
				VPOR(probe, even[h], even[h])
				VPOR(shifted, odd[h], odd[h])
			}
			for g, data := range [][]reg.VecPhysical{even, odd} {
				for q := range k.width {
					VPBROADCASTD(k.probe(u, g, q), probe)
					for h, d := range data {
						vpdpbusd(probe, d, k.acc[q][h])
					}
				}
			}
		}
	},
}

// madd multiplies halves of codes: two products of a half are at most
// 2*15*127, so that 16 bits hold the sums of four pairs of groups.
var madd = dots{
	name: "AVX2", by: "AVX2", widths: []int{1, 2}, unroll: 4,
	pairs: func(n int, k avxKernel) {
		upper, lower, data, probe, product := ymm[4:6], ymm[6:8], ymm[8:12], ymm[12], ymm[13]
		type half struct {
			at         Mem
			sums, data []reg.VecPhysical
		}
		for h := range halves {
			for u := range n {
				parts := []half{{k.other(u, h), upper, data[:2]}, {k.load(u, h), lower, data[2:4]}}
				if k.coarse {
					parts = []half{{k.load(u, h), upper, data[:2]}}
				}
				for _, p := range parts {
					VMOVDQU(p.at, p.data[0])
					VPSRLW(U8(nibble), p.data[0], p.data[1])
					VPAND(maskBits, p.data[0], p.data[0])
					VPAND(maskBits, p.data[1], p.data[1])
				}
				for g := range 2 {
					for q := range k.width {
						VPBROADCASTD(k.probe(u, g, q), probe)
						for _, p := range parts {
							if u == 0 && g == 0 {
								VPMADDUBSW(probe, p.data[g], p.sums[q])
								continue
							}
							VPMADDUBSW(probe, p.data[g], product)
							VPADDW(product, p.sums[q], p.sums[q])
						}
					}
				}
			}
			for q := range k.width {
				VPMADDWD(ones, upper[q], upper[q])
				VPSLLD(U8(nibble), upper[q], upper[q])
				VPADDD(upper[q], k.acc[q][h], k.acc[q][h])
				if !k.coarse {
					VPMADDWD(ones, lower[q], lower[q])
					VPADDD(lower[q], k.acc[q][h], k.acc[q][h])
				}
			}
		}
	},
}

// vpdpbusd adds to sum the products of unsigned and signed bytes.
func vpdpbusd(signed, unsigned, sum reg.VecPhysical) {
	s, u, d := signed.PhysicalIndex(), unsigned.PhysicalIndex(), sum.PhysicalIndex()
	Comment(fmt.Sprintf("VPDPBUSD Y%d, Y%d, Y%d", s, u, d))
	for _, b := range encodeVPDPBUSD(byte(s), byte(u), byte(d)) {
		Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{U8(b)}})
	}
}

// encodeVPDPBUSD is VEX.256.66.0F38.W0 50 /r on registers.
func encodeVPDPBUSD(s, u, d byte) []byte {
	return []byte{
		0xc4,
		^d>>3&1<<7 | 1<<6 | ^s>>3&1<<5 | 0b00010,
		^u&0xf<<3 | 1<<2 | 0b01,
		0x50,
		0b11<<6 | d&7<<3 | s&7,
	}
}

// avx writes a 256-bit kernel for width probes.
func avx(d dots, width int, coarse bool) {
	c := begin(d.name, d.by, width, coarse)
	spill := AllocLocal(width * rows * dword)
	acc := make([][]reg.VecPhysical, width)
	for q := range acc {
		acc[q] = ymm[q*halves : (q+1)*halves]
	}
	mask := GP64()
	constant := GP32()
	MOVL(U32(highHalf), constant)
	VMOVD(constant, maskBits.AsX())
	VPBROADCASTD(maskBits.AsX(), maskBits)
	if d.name == madd.name {
		VPSRLW(U8(nibble), maskBits, maskBits)
		VPCMPEQW(ones, ones, ones)
		VPSRLW(U8(15), ones, ones)
	}

	c.step(1, mask)
	for q := range acc {
		for _, a := range acc[q] {
			VPBROADCASTD(c.bias(width, q), a)
			if coarse {
				Comment("the low halves are 8, and the products leave them out")
				VPSRAD(U8(nibble), a, ymm[8])
				VPSUBD(ymm[8], a, a)
			}
		}
	}
	c.dots(d.unroll, 2*width*dword, func(n int) { d.pairs(n, avxKernel{c, width, coarse, acc}) })

	Comment("sign(dot*scale + residual*slope + limit) of all rows and probes")
	scale, residual, upper, product, signs := ymm[8], ymm[9], ymm[10], ymm[11], ymm[12]
	load := func(h int) {
		VMOVDQU(Mem{Base: c.blocks, Disp: h * 32}, residual)
		VPSLLD(U8(signed), residual, scale)
	}
	bound := func(dots Op, slope, limit Mem) {
		VBROADCASTSS(slope, product)
		VBROADCASTSS(limit, upper)
		VFMADD231PS(product, residual, upper)
		VCVTDQ2PS(dots, product)
		VFMADD231PS(scale, product, upper)
	}
	passed := []reg.GPVirtual{GP32(), GP32()}
	for h := range halves {
		VPCMPEQD(signs, signs, signs)
		load(h)
		for q := range acc {
			bound(acc[q][h], c.slope(width, q), c.limit(width, q))
			VPAND(upper, signs, signs)
		}
		VMOVMSKPS(signs, passed[h])
	}
	SHLL(U8(8), passed[1])
	ORL(passed[1], passed[0])
	NOTL(passed[0])
	MOVWLZX(mask.As16(), mask.As32())
	TESTL(passed[0], mask.As32())
	JZ(LabelRef("next"))

	Comment("some row may pass: find which, probe by probe")
	for q := range acc {
		for h := range halves {
			VMOVDQU(acc[q][h], spill.Offset(q*rows*dword+h*32))
		}
	}
	probe, found, high, stacked, consts := GP64(), GP32(), GP32(), GP64(), GP64()
	LEAQ(spill, stacked)
	MOVQ(c.consts, consts)
	XORQ(probe, probe)
	Label("probe")
	half := ymm[0:2]
	for h, found := range []reg.GPVirtual{found, high} {
		load(h)
		VMOVDQU(Mem{Base: stacked, Disp: h * 32}, half[h])
		bound(half[h], Mem{Base: consts, Disp: width * dword}, Mem{Base: consts, Disp: 2 * width * dword})
		VMOVMSKPS(upper, found)
	}
	SHLL(U8(8), high)
	ORL(high, found)
	NOTL(found)
	ANDL(mask.As32(), found)
	JZ(LabelRef("miss"))
	MOVL(c.block.As32(), Mem{Base: c.hits})
	MOVW(probe.As16(), Mem{Base: c.hits, Disp: hitProbe})
	MOVW(found.As16(), Mem{Base: c.hits, Disp: hitMask})
	for h := range halves {
		VMOVDQU(half[h], Mem{Base: c.hits, Disp: hitDots + h*32})
	}
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
