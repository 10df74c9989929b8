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

// vec is a register of values; nil stands for zeros, with which nothing need
// be computed.
type vec = reg.VecVirtual

// registers makes registers of four or of eight values.
type registers func() vec

func (r registers) copy(a vec) vec {
	y := r()
	VMOVDQA(a, y)
	return y
}

// eight is a constant in all eight lanes.
func eight(v int32) Mem {
	name := fmt.Sprintf("c%d", v)
	if v < 0 {
		name = fmt.Sprintf("m%d", -int64(v))
	}
	return table(name, func() {
		for i := range 8 {
			DATA(4*i, I32(v))
		}
	})
}

var tables = map[string]Mem{}

// table is a constant in memory, made when it is first used.
func table(name string, fill func()) Mem {
	if m, ok := tables[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	fill()
	tables[name] = m
	return m
}

// butterfly is a+b and a-b; one of them may be zeros.
func (r registers) butterfly(a, b vec) (sum, difference vec) {
	if b == nil {
		return a, r.copy(a)
	}
	difference = r()
	VPSUBD(b, a, difference)
	VPADDD(b, a, a)
	return a, difference
}

func multiply(a vec, c int32) {
	if a != nil {
		VPMULLD(eight(c), a, a)
	}
}

func left(a vec, n uint64) {
	if a != nil {
		VPSLLD(U8(n), a, a)
	}
}

func right(a vec, n uint64) {
	if a != nil {
		VPSRAD(U8(n), a, a)
	}
}

func (r registers) rotate(x0, x1 vec, cos, sin int32) (y0, y1 vec) {
	if x1 == nil {
		y1 = r.copy(x0)
		multiply(x0, cos)
		multiply(y1, -sin)
		return x0, y1
	}
	sum := r()
	VPADDD(x1, x0, sum)
	multiply(sum, cos)
	multiply(x1, sin-cos)
	multiply(x0, cos+sin)
	VPADDD(sum, x1, x1)
	VPSUBD(x0, sum, sum)
	return x1, sum
}

// rows is transformRow for eight rows, given and returned as columns.
func (r registers) rows(x [8]vec) [8]vec {
	x0, x7, x2, x5, x1, x6, x3, x4 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]

	left(x0, 17)
	left(x1, 17)
	x0, x1 = r.butterfly(x0, x1)
	x2, x3 = r.rotate(x2, x3, fixed(halfCos6, 18), -fixed(halfSin6, 18))
	x1, x2 = r.butterfly(x1, x2)
	x0, x3 = r.butterfly(x0, x3)

	left(x4, 7)
	left(x7, 7)
	x7, x4 = r.butterfly(x7, x4)
	multiply(x6, fixed(half, 8))
	multiply(x5, fixed(half, 8))
	x7, x5 = r.butterfly(x7, x5)
	x4, x6 = r.butterfly(x4, x6)
	for _, v := range []vec{x4, x5, x6, x7} {
		right(v, 2)
	}
	return r.odd(x0, x1, x2, x3, x4, x5, x6, x7)
}

// columns is the first part of transformColumns, for eight columns.
func (r registers) columns(x [8]vec) [8]vec {
	x0, x7, x2, x5, x1, x6, x3, x4 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]

	VPADDD(eight(1<<19), x0, x0)
	x0, x1 = r.butterfly(x0, x1)
	right(x0, 2)
	right(x1, 2)
	right(x2, 13)
	right(x3, 13)
	x2, x3 = r.rotate(x2, x3, fixed(halfCos6, 12), -fixed(halfSin6, 12))
	x1, x2 = r.butterfly(x1, x2)
	x0, x3 = r.butterfly(x0, x3)

	x7, x4 = r.butterfly(x7, x4)
	right(x5, 13)
	right(x6, 13)
	multiply(x5, fixed(half, 14))
	multiply(x6, fixed(half, 14))
	x7, x5 = r.butterfly(x7, x5)
	x4, x6 = r.butterfly(x4, x6)
	for _, v := range []vec{x4, x5, x6, x7} {
		right(v, 14)
	}
	return r.odd(x0, x1, x2, x3, x4, x5, x6, x7)
}

// odd is the end of both passes.
func (r registers) odd(x0, x1, x2, x3, x4, x5, x6, x7 vec) [8]vec {
	x4, x7 = r.rotate(x4, x7, fixed(cos3, 12), -fixed(sin3, 12))
	x5, x6 = r.rotate(x5, x6, fixed(cos1, 12), -fixed(sin1, 12))
	x0, x7 = r.butterfly(x0, x7)
	x1, x6 = r.butterfly(x1, x6)
	x2, x5 = r.butterfly(x2, x5)
	x3, x4 = r.butterfly(x3, x4)
	return [8]vec{x0, x1, x2, x3, x4, x5, x6, x7}
}

// turn makes rows of the columns of four rows and columns in each half.
func (r registers) turn(x [4]vec) (out [4]vec) {
	var pairs [4]vec
	for i := range 2 {
		pairs[2*i], pairs[2*i+1] = r(), r()
		VPUNPCKLDQ(x[2*i+1], x[2*i], pairs[2*i])
		VPUNPCKHDQ(x[2*i+1], x[2*i], pairs[2*i+1])
	}
	for k := range 2 {
		out[2*k], out[2*k+1] = r(), r()
		VPUNPCKLQDQ(pairs[2+k], pairs[k], out[2*k])
		VPUNPCKHQDQ(pairs[2+k], pairs[k], out[2*k+1])
	}
	return out
}

// transpose makes eight rows of eight columns.
func transpose(x [8]vec) (out [8]vec) {
	left, right := registers(YMM).turn([4]vec(x[:4])), registers(YMM).turn([4]vec(x[4:]))
	for i := range 4 {
		out[i], out[i+4] = YMM(), YMM()
		VPERM2I128(U8(0x20), right[i], left[i], out[i])
		VPERM2I128(U8(0x31), right[i], left[i], out[i+4])
	}
	return out
}

// transposeLow makes four rows of eight columns of four values.
func transposeLow(x [8]vec) (out [8]vec) {
	left, right := registers(XMM).turn([4]vec(x[:4])), registers(XMM).turn([4]vec(x[4:]))
	for i := range 4 {
		out[i] = YMM()
		VINSERTI128(U8(1), right[i], left[i].AsY(), out[i])
	}
	return out
}

const transformSignature = "func(dst *uint8, stride int, block *int32)"

func transform() {
	TEXT("transformAVX2", NOSPLIT, transformSignature)
	Pragma("noescape")
	Doc("transformAVX2 is transform by AVX2.")
	dst, stride, block := transformArguments()
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
	wide := registers(YMM)
	store(wide.columns(transpose(wide.rows(x))), dst, stride)
}

func transformLow() {
	TEXT("transformLowAVX2", NOSPLIT, transformSignature)
	Pragma("noescape")
	Doc("transformLowAVX2 is transform by AVX2 of a block with four rows and columns.")
	dst, stride, block := transformArguments()
	var x [8]vec
	for i := range 4 {
		x[i] = XMM()
		VMOVDQU(Mem{Base: block, Disp: 32 * i}, x[i])
	}
	zero := XMM()
	VPXOR(zero, zero, zero)
	for i := range 4 {
		VMOVDQU(zero, Mem{Base: block, Disp: 32 * i})
	}
	store(registers(YMM).columns(transposeLow(registers(XMM).rows(x))), dst, stride)
}

func transformArguments() (dst, stride, block reg.GPVirtual) {
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	return load("dst"), load("stride"), load("block")
}

// store shifts eight rows to the middle, clips them and stores their bytes.
func store(x [8]vec, dst, stride reg.GPVirtual) {
	for i := range x {
		right(x[i], 18)
	}
	for i := 0; i < 8; i += 4 {
		VPACKSSDW(x[i+1], x[i], x[i])
		VPACKSSDW(x[i+3], x[i+2], x[i+2])
		VPADDSW(middle(), x[i], x[i])
		VPADDSW(middle(), x[i+2], x[i+2])
		VPACKUSWB(x[i+2], x[i], x[i])
		lanes := YMM()
		VMOVDQU(order(), lanes)
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

// order brings each row's two halves together.
func order() Mem {
	return table("order", func() {
		for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
			DATA(4*i, U32(v))
		}
	})
}

// middle is the level 128 in 16 bits.
func middle() Mem {
	return table("middle", func() {
		for i := range 16 {
			DATA(2*i, U16(128))
		}
	})
}
