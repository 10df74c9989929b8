// Command _asm writes the kernels.
package main

import (
	"fmt"
	"log"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The layout of a block, as kernel.go describes it.
const (
	rows     = 16
	dword    = 4
	metaSize = rows * dword
	signed   = 16 // bits that a row's scale is shifted up by
)

// The layout of a Hit.
const (
	hitProbe = 4
	hitMask  = 6
	hitDots  = 8
	hitSize  = hitDots + rows*dword
)

// The halves of codes: the low half that a coarse scan takes for granted, and
// the high bits of every byte.
const (
	middles  = 0x88888888
	highHalf = 0xf0f0f0f0
	nibble   = 4
	skim     = "Skim"
)

const signature = "func(blocks *byte, apart, n, pairs int, masks *uint32, codes, consts, hits *byte) int"

func main() {
	if err := arm64("../scan_arm64.s", "../scan_arm64.go"); err != nil {
		log.Fatal(err)
	}
	ConstraintExpr("!noasm")
	avx512(1, 1, false)
	avx512(4, 2, false)
	avx512(8, 2, false)
	avx512(1, 1, true)
	for _, dots := range []dots{vnni, madd} {
		for _, width := range dots.widths {
			avx(dots, width, false)
		}
		avx(dots, 1, true)
	}
	Generate()
}

// call is the state that every kernel keeps in general registers.
type call struct {
	blocks, masks, consts, hits reg.GPVirtual
	block, count, size          reg.GPVirtual
	row, apart, code, pair      reg.GPVirtual
}

// begin declares a kernel that works on width probes and loads its arguments.
func begin(name, by string, width int, coarse bool) call {
	TEXT(kernelName(name, width, coarse), 0, signature)
	Doc(doc(name, by, width, coarse))
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c := call{
		blocks: load("blocks"), masks: load("masks"), consts: load("consts"), hits: load("hits"),
		block: GP64(), count: GP64(), size: load("pairs"),
		row: GP64(), apart: GP64(), code: GP64(), pair: GP64(),
	}
	Comment("bytes of a block in a plane")
	SHLQ(U8(6), c.size)
	ADDQ(U8(metaSize), c.size)
	XORQ(c.block, c.block)
	XORQ(c.count, c.count)
	return c
}

func kernelName(name string, width int, coarse bool) string {
	if coarse {
		name = skim + name
	}
	return fmt.Sprintf("scan%sx%d", name, width)
}

func doc(name, by string, width int, coarse bool) string {
	kind := "full"
	if coarse {
		kind = "coarse"
	}
	return fmt.Sprintf("%s is the %s scan for a tile of %d, by %s.", kernelName(name, width, coarse), kind, width, by)
}

// step begins the loop over the blocks, of which it takes deep at a time, and
// goes on to the label next when their masks are zero.
func (c call) step(deep int, mask reg.GPVirtual) {
	n := Load(Param("n"), GP64())
	Label("step")
	CMPQ(c.block, n)
	JGE(LabelRef("done"))
	at := Mem{Base: c.masks, Index: c.block, Scale: dword}
	if deep == 2 {
		MOVQ(at, mask)
		TESTQ(mask, mask)
	} else {
		MOVL(at, mask.As32())
		TESTL(mask.As32(), mask.As32())
	}
	JZ(LabelRef("next"))
}

// dots is the loop over the pairs of groups: add adds the products of n pairs
// after row and code, which has size bytes of code for a pair.
func (c call) dots(unroll, size int, add func(n int)) {
	LEAQ(Mem{Base: c.blocks, Disp: metaSize}, c.row)
	Load(Param("apart"), c.apart)
	Load(Param("codes"), c.code)
	Load(Param("pairs"), c.pair)
	many := func(n int) {
		add(n)
		ADDQ(I32(n*rows*dword), c.row)
		ADDQ(I32(n*size), c.code)
	}
	if unroll > 1 {
		SUBQ(U8(unroll), c.pair)
		JL(LabelRef("rest"))
		Label("unrolled")
		many(unroll)
		SUBQ(U8(unroll), c.pair)
		JGE(LabelRef("unrolled"))
		Label("rest")
		ADDQ(U8(unroll), c.pair)
		JZ(LabelRef("sum"))
	}
	Label("one")
	many(1)
	DECQ(c.pair)
	JNZ(LabelRef("one"))
	Label("sum")
}

// end returns the number of hits.
func (c call) end() {
	Store(c.count, ReturnIndex(0))
}

// The constants of probe q of a tile of width probes.
func (c call) bias(width, q int) Mem  { return Mem{Base: c.consts, Disp: q * dword} }
func (c call) slope(width, q int) Mem { return Mem{Base: c.consts, Disp: (width + q) * dword} }
func (c call) limit(width, q int) Mem { return Mem{Base: c.consts, Disp: (2*width + q) * dword} }
