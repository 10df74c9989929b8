package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	gatherName      = "gatherAVX2"
	gatherSignature = "func(records *byte, size, lows, wholes int, rows *uint32, n int, codes *byte, sums *int32)"
	gatherDoc       = "adds up the products of some rows' records,"

	// chunk is how many bytes of a record are taken at a time.
	chunk = 16
	// lowBits is how many low bits of a code there are, of which a byte has
	// those of four.
	lowBits, lowMask, lowsInByte = 2, 0x03030303, 4
	// ahead is how many rows before its turn a record is asked for: they lie
	// anywhere.
	ahead = 6
)

// gather writes the kernel that sums up products of records.
func gather() {
	TEXT(gatherName, 0, gatherSignature)
	Doc(gatherName + " " + gatherDoc + " by AVX2.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	records, size, rows, n, sums := load("records"), load("size"), load("rows"), load("n"), load("sums")
	i, record, code, left := GP64(), GP64(), GP64(), GP64()
	mask, one, sum := YMM(), YMM(), YMM()
	constant := GP32()
	MOVL(U32(lowMask), constant)
	VMOVD(constant, mask.AsX())
	VPBROADCASTD(mask.AsX(), mask)
	VPCMPEQW(one, one, one)
	VPSRLW(U8(15), one, one)

	XORQ(i, i)
	Label("row")
	CMPQ(i, n)
	JGE(LabelRef("done"))
	Comment("ask for a record to come, or for the last")
	last := GP64()
	LEAQ(Mem{Base: i, Disp: ahead}, record)
	LEAQ(Mem{Base: n, Disp: -1}, last)
	CMPQ(record, last)
	CMOVQGT(last, record)
	MOVL(Mem{Base: rows, Index: record, Scale: dword}, record.As32())
	IMULQ(size, record)
	ADDQ(records, record)
	LEAQ(Mem{Base: record, Index: size, Scale: 1, Disp: -1}, last)
	Label("ask")
	PREFETCHT0(Mem{Base: record})
	ADDQ(U8(64), record)
	CMPQ(record, last)
	JLE(LabelRef("ask"))
	PREFETCHT0(Mem{Base: last})

	MOVL(Mem{Base: rows, Index: i, Scale: dword}, record.As32())
	IMULQ(size, record)
	ADDQ(records, record)
	ADDQ(U8(dword), record)
	Load(Param("codes"), code)
	VPXOR(sum, sum, sum)

	Comment("the low bits of codes")
	Load(Param("lows"), left)
	at := GP64()
	MOVQ(record, at)
	ADDQ(left, record)
	bytes, low, words, product := YMM(), YMM(), YMM(), YMM()
	Label("low")
	VMOVDQU(Mem{Base: at}, bytes.AsX())
	for k := range lowsInByte {
		to := product
		if k == 0 {
			to = words
		}
		from := bytes
		if k > 0 {
			VPSRLW(U8(k*lowBits), bytes.AsX(), low.AsX())
			from = low
		}
		VPAND(mask.AsX(), from.AsX(), low.AsX())
		VPMADDUBSW(Mem{Base: code, Disp: k * chunk}, low.AsX(), to.AsX())
		if k > 0 {
			VPADDW(to.AsX(), words.AsX(), words.AsX())
		}
	}
	VPMADDWD(one.AsX(), words.AsX(), words.AsX())
	VPADDD(words, sum, sum)
	ADDQ(U8(chunk), at)
	ADDQ(U8(lowsInByte*chunk), code)
	SUBQ(U8(chunk), left)
	JG(LabelRef("low"))

	Comment("whole codes")
	Load(Param("wholes"), left)
	theirs, ours := YMM(), YMM()
	Label("whole")
	VPMOVSXBW(Mem{Base: record}, theirs)
	VPMOVSXBW(Mem{Base: code}, ours)
	VPMADDWD(ours, theirs, theirs)
	VPADDD(theirs, sum, sum)
	ADDQ(U8(chunk), record)
	ADDQ(U8(chunk), code)
	SUBQ(U8(chunk), left)
	JG(LabelRef("whole"))

	half := XMM()
	VEXTRACTI128(U8(1), sum, half)
	VPADDD(half, sum.AsX(), half)
	for _, order := range []uint8{0b01001110, 0b10110001} {
		turned := XMM()
		VPSHUFD(U8(order), half, turned)
		VPADDD(turned, half, half)
	}
	VMOVD(half, Mem{Base: sums, Index: i, Scale: dword})
	INCQ(i)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}
