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
	name, doc string
	// widths are of the tiles; parts is how many registers a block's sums
	// of one probe fill, and code the bytes of a probe's four coordinates.
	widths      []int
	parts, code int
	// group adds the products of one group; fold makes a block's sums of
	// two registers of eight rows.
	group func(width int, acc [][]reg.VecPhysical, row, code Mem)
	fold  func(acc []reg.VecPhysical)
}

var ymm = []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
	reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

// vnni multiplies eight rows' coordinates at a time by the VEX form of
// VPDPBUSD, which the assembler does not know.
var vnni = dots{
	name: "AVXVNNI", doc: "AVX-VNNI", widths: []int{1, 4}, parts: 2, code: dword,
	group: func(width int, acc [][]reg.VecPhysical, row, code Mem) {
		data, probe := ymm[8:10], ymm[10]
		for h, d := range data {
			VMOVDQU(row.Offset(h*32), d)
		}
		for q := range width {
			VPBROADCASTD(code.Offset(q*dword), probe)
			for h, d := range data {
				vpdpbusd(probe, d, acc[q][h])
			}
		}
	},
	fold: func([]reg.VecPhysical) {},
}

// madd widens four rows' coordinates at a time to 16 bits, where VPMADDWD
// cannot overflow. Each row has two sums until they are folded.
var madd = dots{
	name: "AVX2", doc: "AVX2", widths: []int{1, 2}, parts: 4, code: 2 * dword,
	group: func(width int, acc [][]reg.VecPhysical, row, code Mem) {
		data, probe, product := ymm[8:12], ymm[12], ymm[13]
		for p, d := range data {
			VPMOVZXBW(row.Offset(p*16), d)
		}
		for q := range width {
			VPBROADCASTQ(code.Offset(q*2*dword), probe)
			for p, d := range data {
				VPMADDWD(d, probe, product)
				VPADDD(product, acc[q][p], acc[q][p])
			}
		}
	},
	fold: func(acc []reg.VecPhysical) {
		for h := range 2 {
			VPHADDD(acc[2*h+1], acc[2*h], acc[h])
			VPERMQ(U8(0b11011000), acc[h], acc[h])
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
func avx(d dots, width int) {
	name := "scan" + d.name
	c := begin(name, width, fmt.Sprintf("%sx%d is scan for a tile of %d, by %s.", name, width, width, d.doc))
	spill := AllocLocal(width * rows * dword)
	acc := make([][]reg.VecPhysical, width)
	for q := range acc {
		acc[q] = ymm[q*d.parts : (q+1)*d.parts]
	}
	mask := GP64()

	c.step(1, mask)
	for q := range acc {
		for p, a := range acc[q] {
			if p < 2 || d.parts == 2 {
				VPBROADCASTD(c.bias(width, q), a)
			}
		}
	}
	if d.parts == 4 {
		Comment("each row has two sums, one of which starts with the bias")
		for q := range acc {
			for p, a := range acc[q] {
				if p < 2 {
					VPSRLQ(U8(32), a, a)
				} else {
					VMOVDQU(acc[q][0], a)
				}
			}
		}
	}
	c.dots(4, width*d.code, func(u int) {
		d.group(width, acc, Mem{Base: c.row, Disp: u * rows * dword}, Mem{Base: c.code, Disp: u * width * d.code})
	})
	for q := range acc {
		d.fold(acc[q])
	}

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
	for h := range 2 {
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
		for h := range 2 {
			VMOVDQU(acc[q][h], spill.Offset(q*rows*dword+h*32))
		}
	}
	probe, found, high, stacked, constant := GP64(), GP32(), GP32(), GP64(), GP64()
	LEAQ(spill, stacked)
	MOVQ(c.consts, constant)
	XORQ(probe, probe)
	Label("probe")
	half := ymm[0:2]
	for h, found := range []reg.GPVirtual{found, high} {
		load(h)
		VMOVDQU(Mem{Base: stacked, Disp: h * 32}, half[h])
		bound(half[h], Mem{Base: constant, Disp: width * dword}, Mem{Base: constant, Disp: 2 * width * dword})
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
	for h := range 2 {
		VMOVDQU(half[h], Mem{Base: c.hits, Disp: hitDots + h*32})
	}
	ADDQ(U8(hitSize), c.hits)
	INCQ(c.count)
	Label("miss")
	ADDQ(U8(rows*dword), stacked)
	ADDQ(U8(dword), constant)
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
