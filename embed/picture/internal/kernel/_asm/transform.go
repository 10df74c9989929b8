package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants of the transform with 60 bits after the point, as in transform.go.
const (
	cos1     = 1130768441178740757
	sin1     = 224923827593068887
	cos3     = 958619196450722178
	sin3     = 640528868967736374
	halfCos6 = 311978311033955632
	halfSin6 = 753182269664427492
	half     = 815238614083298888
)

func fixed(x uint64, bits int) int32 {
	return int32((x + 1<<(59-bits)) >> (60 - bits))
}

type vec = reg.VecVirtual

// eight is a constant in all eight lanes.
func eight(v int32) Mem {
	name := fmt.Sprintf("c%d", v)
	if v < 0 {
		name = fmt.Sprintf("m%d", -int64(v))
	}
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, I32(v))
	}
	constants[name] = m
	return m
}

var constants = map[string]Mem{}

func add(a, b vec) vec {
	y := YMM()
	VPADDD(b, a, y)
	return y
}

// butterfly is a+b and a-b.
func butterfly(a, b vec) (vec, vec) {
	difference := YMM()
	VPSUBD(b, a, difference)
	VPADDD(b, a, a)
	return a, difference
}

func multiply(a vec, c int32) {
	VPMULLD(eight(c), a, a)
}

func left(a vec, n uint64)  { VPSLLD(U8(n), a, a) }
func right(a vec, n uint64) { VPSRAD(U8(n), a, a) }

func rotate(x0, x1 vec, cos, sin int32) (vec, vec) {
	sum := add(x0, x1)
	multiply(sum, cos)
	multiply(x1, sin-cos)
	multiply(x0, cos+sin)
	VPADDD(sum, x1, x1)
	VPSUBD(x0, sum, sum)
	return x1, sum
}

// rows is transformRow for eight rows, given and returned as columns.
func rows(x [8]vec) [8]vec {
	x0, x7, x2, x5, x1, x6, x3, x4 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]

	left(x0, 17)
	left(x1, 17)
	x0, x1 = butterfly(x0, x1)
	x2, x3 = rotate(x2, x3, fixed(halfCos6, 18), -fixed(halfSin6, 18))
	x1, x2 = butterfly(x1, x2)
	x0, x3 = butterfly(x0, x3)

	left(x4, 7)
	left(x7, 7)
	x7, x4 = butterfly(x7, x4)
	multiply(x6, fixed(half, 8))
	multiply(x5, fixed(half, 8))
	x7, x5 = butterfly(x7, x5)
	x4, x6 = butterfly(x4, x6)
	for _, v := range []vec{x4, x5, x6, x7} {
		right(v, 2)
	}
	return odd(x0, x1, x2, x3, x4, x5, x6, x7)
}

// columns is the first part of transformColumns, for eight columns.
func columns(x [8]vec) [8]vec {
	x0, x7, x2, x5, x1, x6, x3, x4 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]

	VPADDD(eight(1<<19), x0, x0)
	x0, x1 = butterfly(x0, x1)
	right(x0, 2)
	right(x1, 2)
	right(x2, 13)
	right(x3, 13)
	x2, x3 = rotate(x2, x3, fixed(halfCos6, 12), -fixed(halfSin6, 12))
	x1, x2 = butterfly(x1, x2)
	x0, x3 = butterfly(x0, x3)

	x7, x4 = butterfly(x7, x4)
	right(x5, 13)
	right(x6, 13)
	multiply(x5, fixed(half, 14))
	multiply(x6, fixed(half, 14))
	x7, x5 = butterfly(x7, x5)
	x4, x6 = butterfly(x4, x6)
	for _, v := range []vec{x4, x5, x6, x7} {
		right(v, 14)
	}
	return odd(x0, x1, x2, x3, x4, x5, x6, x7)
}

// odd is the end of both passes.
func odd(x0, x1, x2, x3, x4, x5, x6, x7 vec) [8]vec {
	x4, x7 = rotate(x4, x7, fixed(cos3, 12), -fixed(sin3, 12))
	x5, x6 = rotate(x5, x6, fixed(cos1, 12), -fixed(sin1, 12))
	x0, x7 = butterfly(x0, x7)
	x1, x6 = butterfly(x1, x6)
	x2, x5 = butterfly(x2, x5)
	x3, x4 = butterfly(x3, x4)
	return [8]vec{x0, x1, x2, x3, x4, x5, x6, x7}
}

func transpose(x [8]vec) [8]vec {
	var pairs, fours, out [8]vec
	for i := 0; i < 8; i += 2 {
		pairs[i], pairs[i+1] = YMM(), YMM()
		VPUNPCKLDQ(x[i+1], x[i], pairs[i])
		VPUNPCKHDQ(x[i+1], x[i], pairs[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for k := range 2 {
			fours[i+2*k], fours[i+2*k+1] = YMM(), YMM()
			VPUNPCKLQDQ(pairs[i+2+k], pairs[i+k], fours[i+2*k])
			VPUNPCKHQDQ(pairs[i+2+k], pairs[i+k], fours[i+2*k+1])
		}
	}
	for i := range 4 {
		out[i], out[i+4] = YMM(), YMM()
		VPERM2I128(U8(0x20), fours[i+4], fours[i], out[i])
		VPERM2I128(U8(0x31), fours[i+4], fours[i], out[i+4])
	}
	return out
}

func transform() {
	TEXT("transformAVX2", NOSPLIT, "func(dst *uint8, stride int, block *int32)")
	Pragma("noescape")
	Doc("transformAVX2 is transform by AVX2.")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	stride := Load(Param("stride"), GP64()).(reg.GPVirtual)
	block := Load(Param("block"), GP64()).(reg.GPVirtual)

	var x [8]vec
	for i := range x {
		x[i] = YMM()
		VMOVDQU(Mem{Base: block, Disp: 32 * i}, x[i])
	}
	zero := YMM()
	VPXOR(zero, zero, zero)
	for i := range x {
		VMOVDQU(zero, Mem{Base: block, Disp: 32 * i})
	}
	x = columns(transpose(rows(x)))

	Comment("Shift to the middle, clip, and store eight rows of bytes.")
	order := GLOBL("order", RODATA|NOPTR)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		DATA(4*i, U32(v))
	}
	middle := GLOBL("middle", RODATA|NOPTR)
	for i := range 16 {
		DATA(2*i, U16(128))
	}
	for i := range x {
		right(x[i], 18)
	}
	for i := 0; i < 8; i += 4 {
		VPACKSSDW(x[i+1], x[i], x[i])
		VPACKSSDW(x[i+3], x[i+2], x[i+2])
		VPADDSW(middle, x[i], x[i])
		VPADDSW(middle, x[i+2], x[i+2])
		VPACKUSWB(x[i+2], x[i], x[i])
		lanes := YMM()
		VMOVDQU(order, lanes)
		VPERMD(x[i], lanes, x[i])
		for k := range 2 {
			quads := XMM()
			VEXTRACTI128(U8(k), x[i], quads)
			for q := range 2 {
				VPEXTRQ(U8(q), quads, Mem{Base: dst})
				if i+2*k+q < 7 {
					ADDQ(stride, dst)
				}
			}
		}
	}
	VZEROUPPER()
	RET()
}
