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

const signature = "func(blocks *byte, n, groups int, masks *uint32, codes, consts, hits *byte) int"

func main() {
	if err := arm64("../scan_arm64.s", "../scan_arm64.go"); err != nil {
		log.Fatal(err)
	}
	ConstraintExpr("!noasm")
	avx512(1, 1)
	avx512(4, 2)
	avx512(8, 2)
	for _, dots := range []dots{vnni, madd} {
		for _, width := range dots.widths {
			avx(dots, width)
		}
	}
	Generate()
}

// call is the state that every kernel keeps in general registers.
type call struct {
	blocks, masks, consts, hits reg.GPVirtual
	block, count, size          reg.GPVirtual
	row, code, group            reg.GPVirtual
}

// begin declares a kernel that works on width probes and loads its arguments.
func begin(name string, width int, doc string) call {
	TEXT(fmt.Sprintf("%sx%d", name, width), 0, signature)
	Doc(doc)
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c := call{
		blocks: load("blocks"), masks: load("masks"), consts: load("consts"), hits: load("hits"),
		block: GP64(), count: GP64(), size: load("groups"),
		row: GP64(), code: GP64(), group: GP64(),
	}
	Comment("bytes of a block")
	SHLQ(U8(6), c.size)
	ADDQ(U8(metaSize), c.size)
	XORQ(c.block, c.block)
	XORQ(c.count, c.count)
	return c
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

// dots is the loop over the groups: add adds the products of the u-th group
// after row and code, which has size bytes of code.
func (c call) dots(unroll, size int, add func(u int)) {
	LEAQ(Mem{Base: c.blocks, Disp: metaSize}, c.row)
	Load(Param("codes"), c.code)
	Load(Param("groups"), c.group)
	many := func(n int) {
		for u := range n {
			add(u)
		}
		ADDQ(I32(n*rows*dword), c.row)
		ADDQ(I32(n*size), c.code)
	}
	if unroll > 1 {
		SUBQ(U8(unroll), c.group)
		JL(LabelRef("rest"))
		Label("unrolled")
		many(unroll)
		SUBQ(U8(unroll), c.group)
		JGE(LabelRef("unrolled"))
		Label("rest")
		ADDQ(U8(unroll), c.group)
		JZ(LabelRef("sum"))
	}
	Label("one")
	many(1)
	DECQ(c.group)
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
