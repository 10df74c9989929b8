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
	// widths are of the tiles, and unroll is how many groups they take at a
	// time.
	widths []int
	unroll int
	// add adds the products of n units to the sums of eight rows each.
	add func(n int, k avxKernel)
}

// avxKernel is a kernel as it multiplies.
type avxKernel struct {
	call
	acc [][]reg.VecPhysical
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

// load is where eight rows' bytes of the r-th register lie in the plane that is
// scanned, and other where they lie in the other.
func (k avxKernel) load(r, h int) Mem {
	return Mem{Base: k.row, Disp: r*rows*dword + h*rows*dword/halves}
}

// unpack makes four registers of codes of the unit's packed ones.
func (k avxKernel) unpack(u, h int, codes [4]reg.VecPhysical, spare reg.VecPhysical) {
	for i := range split.registers() {
		top := codes[3]
		if i > 0 {
			top = spare
		}
		VMOVDQU(k.load(u*split.registers()+i, h), codes[i])
		VPANDN(codes[i], maskBits, top)
		VPSRLW(topShift(i), top, top)
		VPAND(codes[i], maskBits, codes[i])
		if i > 0 {
			VPOR(top, codes[3], codes[3])
		}
	}
}

func (k avxKernel) other(u, h int) Mem { return k.load(u, h).Idx(k.apart, 1) }

// vnni multiplies eight rows' coordinates at a time by the VEX form of
// VPDPBUSD, which the assembler does not know.
var vnni = dots{
	name: "AVXVNNI", by: "AVX-VNNI", widths: []int{1, 4}, unroll: 4,
	add: func(n int, k avxKernel) {
		even, odd, probe, shifted := ymm[8:10], ymm[10:12], ymm[12], ymm[13]
		for u := range n {
			if k.kind == split {
				for h := range halves {
					codes := [4]reg.VecPhysical{ymm[8], ymm[9], ymm[10], ymm[11]}
					k.unpack(u, h, codes, shifted)
					for g, d := range codes {
						for q := range k.width {
							VPBROADCASTD(k.probe(u*split.groups()+g, q), probe)
							vpdpbusd(probe, d, k.acc[q][h])
						}
					}
				}
				continue
			}
			for h := range halves {
				switch k.kind {
				case coarse:
					VMOVDQU(k.load(u, h), odd[h])
					VPSLLW(U8(nibble), odd[h], even[h])
					VPAND(maskBits, even[h], even[h])
					VPAND(maskBits, odd[h], odd[h])
				default:
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
			}
			for g, data := range [][]reg.VecPhysical{even, odd} {
				for q := range k.width {
					VPBROADCASTD(k.probe(u*full.groups()+g, q), probe)
					for h, d := range data {
						vpdpbusd(probe, d, k.acc[q][h])
					}
				}
			}
		}
	},
}

// madd multiplies halves of codes: two products of a half are at most
// 2*15*127, so that 16 bits hold the sums of eight groups.
var madd = dots{
	name: "AVX2", by: "AVX2", widths: []int{1, 2}, unroll: 8,
	add: func(n int, k avxKernel) {
		upper, lower, data, probe, product := ymm[4:6], ymm[6:8], ymm[8:12], ymm[12], ymm[13]
		nibbles := func(from Mem, low, high reg.VecPhysical) {
			VMOVDQU(from, low)
			VPSRLW(U8(nibble), low, high)
			VPAND(maskBits, low, low)
			VPAND(maskBits, high, high)
		}
		if k.kind == split {
			packedMadd(n, k)
			return
		}
		// half is halves of the codes of a unit's groups, and their sums.
		type half struct{ sums, codes []reg.VecPhysical }
		for h := range halves {
			for u := range n {
				parts := []half{{upper, data[:2]}, {lower, data[2:]}}
				switch k.kind {
				case coarse:
					nibbles(k.load(u, h), data[0], data[1])
					parts = parts[:1]
				default:
					nibbles(k.other(u, h), data[0], data[1])
					nibbles(k.load(u, h), data[2], data[3])
				}
				for g := range k.kind.groups() {
					for q := range k.width {
						VPBROADCASTD(k.probe(u*full.groups()+g, q), probe)
						for _, p := range parts {
							if u == 0 && g == 0 {
								VPMADDUBSW(probe, p.codes[g], p.sums[q])
								continue
							}
							VPMADDUBSW(probe, p.codes[g], product)
							VPADDW(product, p.sums[q], p.sums[q])
						}
					}
				}
			}
			for q := range k.width {
				VPMADDWD(ones, upper[q], upper[q])
				VPSLLD(U8(nibble), upper[q], upper[q])
				VPADDD(upper[q], k.acc[q][h], k.acc[q][h])
				if k.kind != coarse {
					VPMADDWD(ones, lower[q], lower[q])
					VPADDD(lower[q], k.acc[q][h], k.acc[q][h])
				}
			}
		}
	},
}

// packedMadd multiplies packed codes: two products are at most 2*63*127, so
// that 16 bits hold the sums of two groups.
func packedMadd(n int, k avxKernel) {
	codes, spare, probe, sum, product := [4]reg.VecPhysical{ymm[4], ymm[5], ymm[6], ymm[7]}, ymm[8], ymm[9], ymm[10], ymm[11]
	for u := range n {
		for h := range halves {
			k.unpack(u, h, codes, spare)
			for q := range k.width {
				for g, d := range codes {
					VPBROADCASTD(k.probe(u*split.groups()+g, q), probe)
					if g%2 == 0 {
						VPMADDUBSW(probe, d, sum)
						continue
					}
					VPMADDUBSW(probe, d, product)
					VPADDW(product, sum, sum)
					VPMADDWD(ones, sum, sum)
					VPADDD(sum, k.acc[q][h], k.acc[q][h])
				}
			}
		}
	}
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
func avx(d dots, width int, kind kind) {
	c := begin(d.name, d.by, width, kind)
	acc := make([][]reg.VecPhysical, width)
	for q := range acc {
		acc[q] = ymm[q*halves : (q+1)*halves]
	}
	mask := GP64()
	constant := GP32()
	bits := uint32(highHalf)
	switch {
	case kind == split:
		bits = packed
	case d.name == madd.name:
		bits = highHalf >> nibble
	}
	MOVL(U32(bits), constant)
	VMOVD(constant, maskBits.AsX())
	VPBROADCASTD(maskBits.AsX(), maskBits)
	if d.name == madd.name {
		VPCMPEQW(ones, ones, ones)
		VPSRLW(U8(15), ones, ones)
	}

	c.step(mask)
	for q := range acc {
		for _, a := range acc[q] {
			VPBROADCASTD(c.bias(q), a)
			if kind == coarse {
				Comment("the low halves are 8, and the products leave them out")
				VPSRAD(U8(nibble), a, ymm[8])
				VPSUBD(ymm[8], a, a)
			}
		}
	}
	c.dots(d.unroll, func(n int) { d.add(n, avxKernel{c, acc}) })

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
	MOVWLZX(mask.As16(), mask.As32())
	found := func() {
		SHLL(U8(8), passed[1])
		ORL(passed[1], passed[0])
		NOTL(passed[0])
		ANDL(mask.As32(), passed[0])
	}
	if width > 1 {
		for h := range halves {
			VPCMPEQD(signs, signs, signs)
			load(h)
			for q := range acc {
				bound(acc[q][h], c.slope(q), c.limit(q))
				VPAND(upper, signs, signs)
			}
			VMOVMSKPS(signs, passed[h])
		}
		found()
		JZ(LabelRef("next"))
	}
	for q := range acc {
		for h := range halves {
			load(h)
			bound(acc[q][h], c.slope(q), c.limit(q))
			VMOVMSKPS(upper, passed[h])
		}
		found()
		c.keep(q, passed[0], func(at Mem) {
			for h, a := range acc[q] {
				VMOVDQU(a, at.Offset(h*32))
			}
		})
	}
	c.next()
}
