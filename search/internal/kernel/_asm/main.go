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
)

// packed are the bits of every byte that the packed code of one coordinate
// fills.
const packed = 0x3f3f3f3f

// topShift is how far the high bits of a unit's i-th register are from where
// they are in the code that the registers share.
func topShift(i int) U8 { return U8(6 - 2*i) }

const signature = "func(blocks, first *byte, n, units int, masks *uint32, codes, consts, hits *byte) int"

// kind is what a kernel scans.
type kind struct{ name, what string }

var (
	full   = kind{"", "full scan of halved codes"}
	coarse = kind{"Skim", "coarse scan of halved codes"}
	split  = kind{"Split", "coarse scan of packed codes"}
	kinds  = []kind{full, coarse, split}
)

// widths are those of all widths that the kind has kernels for.
func (k kind) widths(all []int) []int {
	if k == coarse {
		return all[:1]
	}
	return all
}

// groups is how many groups of coordinates a unit has codes of.
func (k kind) groups() int {
	if k == split {
		return 4
	}
	return 2
}

// registers is how many times 64 bytes a unit has in a plane.
func (k kind) registers() int {
	if k == split {
		return 3
	}
	return 1
}

func main() {
	if err := arm64("../scan_arm64.s", "../scan_arm64.go"); err != nil {
		log.Fatal(err)
	}
	ConstraintExpr("!noasm")
	for _, kind := range kinds {
		for _, width := range kind.widths([]int{1, 4, 8}) {
			avx512(width, kind)
		}
	}
	gather()
	for _, dots := range []dots{vnni, madd} {
		for _, kind := range kinds {
			for _, width := range kind.widths(dots.widths) {
				avx(dots, width, kind)
			}
		}
	}
	Generate()
}

// call is the state that every kernel keeps in general registers.
type call struct {
	kind  kind
	width int

	blocks, masks, consts, hits reg.GPVirtual
	block, count, size          reg.GPVirtual
	row, code, unit             reg.GPVirtual
	// apart is from a byte of halved codes to that in the other plane.
	apart reg.GPVirtual
}

// begin declares a kernel that works on width probes and loads its arguments.
func begin(name, by string, width int, kind kind) call {
	TEXT(kernelName(name, width, kind), 0, signature)
	Doc(doc(name, by, width, kind))
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c := call{
		kind: kind, width: width,
		blocks: load("blocks"), masks: load("masks"), consts: load("consts"), hits: load("hits"),
		block: GP64(), count: GP64(), size: load("units"),
		row: GP64(), code: GP64(), unit: GP64(),
		apart: GP64(),
	}
	Comment("bytes of a block in a plane")
	IMUL3Q(U8(kind.registers()), c.size, c.size)
	SHLQ(U8(6), c.size)
	ADDQ(U8(metaSize), c.size)
	XORQ(c.block, c.block)
	XORQ(c.count, c.count)
	return c
}

func kernelName(name string, width int, kind kind) string {
	return fmt.Sprintf("scan%s%sx%d", kind.name, name, width)
}

func doc(name, by string, width int, kind kind) string {
	return fmt.Sprintf("%s is the %s for a tile of %d, by %s.", kernelName(name, width, kind), kind.what, width, by)
}

// step begins the loop over the blocks and goes on to the label next when a
// block's mask is zero.
func (c call) step(mask reg.GPVirtual) {
	n := Load(Param("n"), GP64())
	Label("step")
	CMPQ(c.block, n)
	JGE(LabelRef("done"))
	MOVL(Mem{Base: c.masks, Index: c.block, Scale: dword}, mask.As32())
	TESTL(mask.As32(), mask.As32())
	JZ(LabelRef("next"))
}

// dots adds the products of all codes: add adds those of n units after row and
// code. It takes so many groups at a time while there are.
func (c call) dots(unroll int, add func(n int)) {
	Load(Param("codes"), c.code)
	if c.kind == full {
		Load(Param("first"), c.apart)
		SUBQ(Load(Param("blocks"), GP64()), c.apart)
	}
	LEAQ(Mem{Base: c.blocks, Disp: metaSize}, c.row)
	Load(Param("units"), c.unit)
	many := func(n int) {
		add(n)
		ADDQ(I32(n*c.kind.registers()*rows*dword), c.row)
		ADDQ(I32(n*c.kind.groups()*c.width*dword), c.code)
	}
	unroll /= c.kind.groups()
	if unroll > 1 {
		SUBQ(U8(unroll), c.unit)
		JL(LabelRef("rest"))
		Label("unrolled")
		many(unroll)
		SUBQ(U8(unroll), c.unit)
		JGE(LabelRef("unrolled"))
		Label("rest")
		ADDQ(U8(unroll), c.unit)
		JZ(LabelRef("sum"))
	}
	Label("one")
	many(1)
	DECQ(c.unit)
	JNZ(LabelRef("one"))
	Label("sum")
}

// keep appends a hit of probe q if some row of found is set; dots writes the
// hit's. It does so without a branch, since one that was not foreseen stops the
// reading ahead.
func (c call) keep(q int, found reg.GPVirtual, dots func(at Mem)) {
	MOVL(c.block.As32(), Mem{Base: c.hits})
	MOVW(U16(q), Mem{Base: c.hits, Disp: hitProbe})
	MOVW(found.As16(), Mem{Base: c.hits, Disp: hitMask})
	dots(Mem{Base: c.hits, Disp: hitDots})
	kept := GP64()
	NEGL(found)
	SBBQ(kept, kept)
	SUBQ(kept, c.count)
	ANDQ(U8(hitSize), kept)
	ADDQ(kept, c.hits)
}

// probe is where probe q's codes of the g-th group lie.
func (c call) probe(g, q int) Mem { return Mem{Base: c.code, Disp: (g*c.width + q) * dword} }

// next ends the loop over the blocks and the kernel.
func (c call) next() {
	Label("next")
	ADDQ(c.size, c.blocks)
	INCQ(c.block)
	JMP(LabelRef("step"))
	Label("done")
	Store(c.count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// The constants of probe q.
func (c call) bias(q int) Mem  { return Mem{Base: c.consts, Disp: q * dword} }
func (c call) slope(q int) Mem { return Mem{Base: c.consts, Disp: (c.width + q) * dword} }
func (c call) limit(q int) Mem { return Mem{Base: c.consts, Disp: (2*c.width + q) * dword} }
