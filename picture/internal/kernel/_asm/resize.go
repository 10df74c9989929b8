package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// blended is how many columns blend takes at a time, in registers of eight.
const blended = 32

// blend takes the columns from row to row before it goes on to the next.
func blend() {
	TEXT("blendAVX2", NOSPLIT, "func(dst *float32, n int, src *uint8, stride int, weights *float32, rows int)")
	Pragma("noescape")
	Doc("blendAVX2 is blend by AVX2, for n a multiple of 32.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	dst, n, src, stride := load("dst"), load("n"), load("src"), load("stride")
	weights, rows := load("weights"), load("rows")

	Label("columns")
	sums := make([]vec, blended/8)
	for i := range sums {
		sums[i] = YMM()
		VXORPS(sums[i], sums[i], sums[i])
	}
	row, weight, left := GP64(), GP64(), GP64()
	MOVQ(src, row)
	MOVQ(weights, weight)
	MOVQ(rows, left)

	Label("row")
	w := YMM()
	VBROADCASTSS(Mem{Base: weight}, w)
	for i, s := range sums {
		v := YMM()
		VPMOVZXBD(Mem{Base: row, Disp: 8 * i}, v)
		VCVTDQ2PS(v, v)
		VMULPS(w, v, v)
		VADDPS(v, s, s)
	}
	ADDQ(stride, row)
	ADDQ(U8(4), weight)
	DECQ(left)
	JNE(LabelRef("row"))

	for i, s := range sums {
		VMOVUPS(s, Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(I32(4*blended), dst)
	ADDQ(U8(blended), src)
	SUBQ(U8(blended), n)
	JNE(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

// combine makes eight samples at a time: products in groups of four, of which
// the lower half of a register holds one sample's and the upper half those of
// the sample four further on.
func combine() {
	TEXT("combineAVX2", NOSPLIT, "func(dst *float32, n int, row *float32, first *int32, weights *float32, groups int)")
	Pragma("noescape")
	Doc("combineAVX2 is combine by AVX2, for n a multiple of 8.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	dst, n, row, first := load("dst"), load("n"), load("row"), load("first")
	weights, groups := load("weights"), load("groups")
	stride, stride3 := GP64(), GP64()
	MOVQ(groups, stride)
	SHLQ(U8(4), stride)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)

	Label("samples")
	sums := []vec{YMM(), YMM(), YMM(), YMM()}
	for _, s := range sums {
		VXORPS(s, s, s)
	}
	r, w, w4, left, at := GP64(), GP64(), GP64(), GP64(), GP64()
	MOVQ(row, r)
	MOVQ(weights, w)
	MOVQ(groups, left)

	Label("group")
	LEAQ(Mem{Base: w, Index: stride, Scale: 4}, w4)
	for k, s := range sums {
		weight := func(base reg.GPVirtual) Mem {
			return []Mem{
				{Base: base},
				{Base: base, Index: stride, Scale: 1},
				{Base: base, Index: stride, Scale: 2},
				{Base: base, Index: stride3, Scale: 1},
			}[k]
		}
		v, f := YMM(), YMM()
		MOVLQSX(Mem{Base: first, Disp: 4 * k}, at)
		VMOVUPS(Mem{Base: r, Index: at, Scale: 4}, v.AsX())
		MOVLQSX(Mem{Base: first, Disp: 4 * (k + 4)}, at)
		VINSERTF128(U8(1), Mem{Base: r, Index: at, Scale: 4}, v, v)
		VMOVUPS(weight(w), f.AsX())
		VINSERTF128(U8(1), weight(w4), f, f)
		VMULPS(f, v, v)
		VADDPS(v, s, s)
	}
	ADDQ(U8(16), r)
	ADDQ(U8(16), w)
	DECQ(left)
	JNE(LabelRef("group"))

	VHADDPS(sums[1], sums[0], sums[0])
	VHADDPS(sums[3], sums[2], sums[2])
	VHADDPS(sums[2], sums[0], sums[0])
	VMOVUPS(sums[0], Mem{Base: dst})
	ADDQ(U8(32), dst)
	ADDQ(U8(32), first)
	LEAQ(Mem{Base: weights, Index: stride, Scale: 8}, weights)
	SUBQ(U8(8), n)
	JNE(LabelRef("samples"))
	VZEROUPPER()
	RET()
}

// convert takes eight pixels at a time.
func convert() {
	TEXT("convertAVX2", NOSPLIT, "func(a, b, c *float32, n int, m *float32)")
	Pragma("noescape")
	Doc("convertAVX2 is convert by AVX2, for n a multiple of 8.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	a, b, c, n, m := load("a"), load("b"), load("c"), load("n"), load("m")
	broadcast := func(i int) vec {
		y := YMM()
		VBROADCASTSS(Mem{Base: m, Disp: 4 * i}, y)
		return y
	}
	black, gain, redCr, greenCb, greenCr, blueCb := broadcast(0), broadcast(1), broadcast(2), broadcast(3), broadcast(4), broadcast(5)
	middle, white, zero := broadcast(6), broadcast(7), YMM()
	VXORPS(zero, zero, zero)

	Label("pixels")
	y, cb, cr := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: a}, y)
	VMOVUPS(Mem{Base: b}, cb)
	VMOVUPS(Mem{Base: c}, cr)
	VSUBPS(black, y, y)
	VMULPS(gain, y, y)
	VSUBPS(middle, cb, cb)
	VSUBPS(middle, cr, cr)

	red, green, blue, product := YMM(), YMM(), YMM(), YMM()
	VMULPS(redCr, cr, product)
	VADDPS(product, y, red)
	VMULPS(greenCb, cb, product)
	VSUBPS(product, y, green)
	VMULPS(greenCr, cr, product)
	VSUBPS(product, green, green)
	VMULPS(blueCb, cb, product)
	VADDPS(product, y, blue)
	for i, v := range []vec{red, green, blue} {
		VMAXPS(zero, v, v)
		VMINPS(white, v, v)
		VMOVUPS(v, Mem{Base: []reg.GPVirtual{a, b, c}[i]})
	}
	for _, p := range []reg.GPVirtual{a, b, c} {
		ADDQ(U8(32), p)
	}
	SUBQ(U8(8), n)
	JNE(LabelRef("pixels"))
	VZEROUPPER()
	RET()
}
