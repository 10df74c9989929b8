package main

import (
	"bytes"
	"fmt"
	"os"
)

// neon writes the arm64 kernels, for which avo has no assembler. Vector
// instructions that Go's assembler lacks are written as words.
//
// Registers: R0 to R6 are the arguments but first, of which R19 is how far it
// is from R0; R7 counts blocks and R8 hits; R9 and R20 are the row in blocks and
// in first, R10 the code and R11 the units left; R12 is the mask and R21 the
// bytes of a block's units. V0 to V15 hold the sums, four registers of four rows
// for each probe.
type neon struct {
	bytes.Buffer
	width int
	dot   bool
	kind  kind
}

const (
	neonData   = 16 // to 19: four rows each
	neonCode   = 20
	neonLow    = 21
	neonHigh   = 22
	neonLower  = 23 // to 26
	neonEven   = 27 // to 30
	neonScale  = 20 // to 23, after the sums
	neonUpper  = 24 // to 27
	neonFloat  = 28
	neonSigns  = 29
	neonSlope  = 30
	neonFlip   = 31 // bytes of the sign bits and of 8; or of packed
	neonTop    = neonData + 3
	neonParts  = 4
	neonWidest = 4
)

func (a *neon) op(format string, args ...any) { fmt.Fprintf(a, "\t"+format+"\n", args...) }
func (a *neon) label(name string)             { fmt.Fprintf(a, "\n%s:\n", name) }
func (a *neon) word(text string, bits ...int) {
	w := 0
	for _, b := range bits {
		w |= b
	}
	a.op("WORD $0x%08x // %s", w, text)
}

func (a *neon) sdot(d, n, m, element int) {
	a.word(fmt.Sprintf("SDOT V%d.S4, V%d.B16, V%d.B[%d]", d, n, m, element),
		0x4f80e000, element&1<<21, m<<16, element>>1<<11, n<<5, d)
}

func (a *neon) scvtf(d, n int) {
	a.word(fmt.Sprintf("SCVTF V%d.S4, V%d.S4", d, n), 0x4e21d800, n<<5, d)
}

// widen adds to the rows' sums the products of bytes: pairs of products fit
// 16 bits, since no code is below -127.
func (a *neon) widen(d, n, m int) {
	a.word(fmt.Sprintf("SMULL V%d.H8, V%d.B8, V%d.B8", neonLow, n, m), 0x0e20c000, m<<16, n<<5, neonLow)
	a.word(fmt.Sprintf("SMULL2 V%d.H8, V%d.B16, V%d.B16", neonHigh, n, m), 0x4e20c000, m<<16, n<<5, neonHigh)
	a.word(fmt.Sprintf("ADDP V%d.H8, V%d.H8, V%d.H8", neonLow, neonLow, neonHigh), 0x4e60bc00, neonHigh<<16, neonLow<<5, neonLow)
	a.word(fmt.Sprintf("SADALP V%d.S4, V%d.H8", d, neonLow), 0x4e606800, neonLow<<5, d)
}

// scan writes one kernel.
func (a *neon) scan(name string) {
	fmt.Fprintf(a, "\n// %s\nTEXT ·%s(SB), NOSPLIT, $0-72\n", signature, name)
	for i, arg := range []struct {
		name string
		to   int
	}{{"blocks", 0}, {"first", 19}, {"n", 1}, {"units", 2}, {"masks", 3}, {"codes", 4}, {"consts", 5}, {"hits", 6}} {
		a.op("MOVD %s+%d(FP), R%d", arg.name, 8*i, arg.to)
	}
	a.op("MOVD ZR, R7")
	a.op("MOVD ZR, R8")
	flip := middles & 0xff
	switch a.kind {
	case split:
		flip = packed & 0xff
	case full:
		a.op("SUB R0, R19")
	}
	a.op("MOVD $%d, R21", a.kind.registers()*rows*dword)
	a.op("MUL R2, R21")
	a.op("MOVD $%#x, R13", flip)
	a.op("VDUP R13, V%d.B16", neonFlip)

	a.label("step")
	a.op("CMP R1, R7")
	a.op("BGE done")
	a.op("MOVWU (R3)(R7<<2), R12")
	a.op("ADD $%d, R0, R9", metaSize)
	a.op("CBZ R12, skip")
	for i := range a.width * neonParts {
		if a.kind == split {
			a.op("ADD $%d, R5, R13", i/neonParts*dword)
			a.op("VLD1R (R13), [V%d.S4]", i)
			continue
		}
		a.op("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	a.op("MOVD R4, R10")
	if a.kind == full {
		a.op("ADD R19, R9, R20")
	}
	a.op("MOVD R2, R11")
	a.label("unit")
	if a.kind == split {
		a.packed()
	} else {
		a.halved()
	}
	a.op("SUBS $1, R11")
	a.op("BNE unit")

	a.op("VLD1 (R0), [V16.S4, V17.S4, V18.S4, V19.S4]")
	for p := range neonParts {
		a.op("VSHL $%d, V%d.S4, V%d.S4", signed, neonData+p, neonScale+p)
	}
	a.op("VCMEQ V%d.B16, V%d.B16, V%d.B16", neonSigns, neonSigns, neonSigns)
	for q := range a.width {
		a.bound(q)
		for p := range neonParts {
			a.op("VAND V%d.B16, V%d.B16, V%d.B16", neonUpper+p, neonSigns, neonSigns)
		}
	}
	a.op("VMOV V%d.D[0], R13", neonSigns)
	a.op("VMOV V%d.D[1], R14", neonSigns)
	a.op("AND R13, R14, R13")
	a.op("MVN R13, R13")
	a.op("TST $0x8000000080000000, R13")
	a.op("BEQ next")

	a.op("// some row may pass: find which, probe by probe")
	for q := range a.width {
		a.bound(q)
		a.op("MOVD ZR, R15")
		for p := range neonParts {
			for d := range 2 {
				at := neonParts*p + 2*d
				a.op("VMOV V%d.D[%d], R13", neonUpper+p, d)
				a.op("MVN R13, R13")
				a.op("UBFX $31, R13, $1, R14")
				a.op("ORR R14<<%d, R15, R15", at)
				a.op("LSR $63, R13, R14")
				a.op("ORR R14<<%d, R15, R15", at+1)
			}
		}
		a.op("ANDS R12, R15, R15")
		a.op("BEQ miss%d", q)
		a.op("MOVD $%d, R14", q)
		a.op("MOVW R7, (R6)")
		a.op("MOVH R14, %d(R6)", hitProbe)
		a.op("MOVH R15, %d(R6)", hitMask)
		a.op("ADD $%d, R6, R13", hitDots)
		a.op("VST1 [V%d.S4, V%d.S4, V%d.S4, V%d.S4], (R13)", q*neonParts, q*neonParts+1, q*neonParts+2, q*neonParts+3)
		a.op("ADD $%d, R6", hitSize)
		a.op("ADD $1, R8")
		a.label(fmt.Sprintf("miss%d", q))
	}

	a.label("next")
	a.op("MOVD R9, R0")
	a.op("ADD $1, R7")
	a.op("B step")
	a.label("skip")
	a.op("ADD R21, R9, R0")
	a.op("ADD $1, R7")
	a.op("B step")
	a.label("done")
	a.op("MOVD R8, ret+64(FP)")
	a.op("RET")
}

// halved adds the products of a unit of halved codes.
func (a *neon) halved() {
	a.codes()
	for _, data := range []int{neonEven, neonData} {
		if a.dot && a.width == neonWidest {
			a.op("VLD1.P 16(R10), [V%d.B16]", neonCode)
		}
		for q := range a.width {
			if !a.dot || a.width < neonWidest {
				a.op("VLD1R.P 4(R10), [V%d.S4]", neonCode)
			}
			for p := range neonParts {
				if a.dot {
					a.sdot(q*neonParts+p, data+p, neonCode, q)
				} else {
					a.widen(q*neonParts+p, data+p, neonCode)
				}
			}
		}
	}
}

// codes loads a unit of halved codes and makes signed codes of it: those of
// its last group in the registers from neonData on, of the first from neonEven
// on.
func (a *neon) codes() {
	row := 9
	if a.kind == full {
		row = 20
	}
	a.op("VLD1.P 64(R%d), [V16.B16, V17.B16, V18.B16, V19.B16]", row)
	if a.kind == full {
		a.op("VLD1.P 64(R9), [V23.B16, V24.B16, V25.B16, V26.B16]")
	}
	for p := range neonParts {
		a.op("VEOR V%d.B16, V%d.B16, V%d.B16", neonFlip, neonData+p, neonData+p)
		lower := neonLower + p
		if a.kind == coarse {
			lower = neonFlip
		}
		a.op("VORR V%d.B16, V%d.B16, V%d.B16", lower, lower, neonEven+p)
		a.op("VSLI $%d, V%d.B16, V%d.B16", nibble, neonData+p, neonEven+p)
		a.op("VSRI $%d, V%d.B16, V%d.B16", nibble, lower, neonData+p)
	}
}

// packed adds the products of a unit of packed codes, four rows at a time.
func (a *neon) packed() {
	for p := range neonParts {
		for i := range a.kind.registers() {
			a.op("FMOVQ %d(R9), F%d", i*rows*dword+p*rows, neonData+i)
		}
		for i := range a.kind.registers() {
			top := neonTop
			if i > 0 {
				top = neonCode
			}
			a.op("VUSHR $6, V%d.B16, V%d.B16", neonData+i, top)
			if i > 0 {
				a.op("VSLI $%d, V%d.B16, V%d.B16", 2*i, top, neonTop)
			}
			a.op("VAND V%d.B16, V%d.B16, V%d.B16", neonFlip, neonData+i, neonData+i)
		}
		for g := range a.kind.groups() {
			if a.dot && a.width == neonWidest {
				a.op("FMOVQ %d(R10), F%d", g*neonWidest*dword, neonCode)
			}
			for q := range a.width {
				if !a.dot || a.width < neonWidest {
					a.op("FMOVS %d(R10), F%d", (g*a.width+q)*dword, neonCode)
				}
				if a.dot {
					a.sdot(q*neonParts+p, neonData+g, neonCode, q)
				} else {
					a.op("VDUP V%d.S[0], V%d.S4", neonCode, neonCode)
					a.widen(q*neonParts+p, neonData+g, neonCode)
				}
			}
		}
	}
	a.op("ADD $%d, R9", a.kind.registers()*rows*dword)
	a.op("ADD $%d, R10", a.kind.groups()*a.width*dword)
}

// bound computes dot*scale + residual*slope + limit of a probe's rows.
func (a *neon) bound(q int) {
	a.op("ADD $%d, R5, R13", (a.width+q)*dword)
	a.op("VLD1R (R13), [V%d.S4]", neonSlope)
	a.op("ADD $%d, R5, R13", (2*a.width+q)*dword)
	for p := range neonParts {
		a.op("VLD1R (R13), [V%d.S4]", neonUpper+p)
		a.op("VFMLA V%d.S4, V%d.S4, V%d.S4", neonSlope, neonData+p, neonUpper+p)
		a.scvtf(neonFloat, q*neonParts+p)
		a.op("VFMLA V%d.S4, V%d.S4, V%d.S4", neonScale+p, neonFloat, neonUpper+p)
	}
}

// gather writes the kernel that sums up products of records.
//
// Registers: R0 to R7 are the arguments; R8 counts rows; R9 is the record, R10
// the code and R11 the bytes left; R12 is the record to come, R13 its last byte
// and R14 where the low bits are. V0 holds the sum.
func (a *neon) gather(name string) {
	fmt.Fprintf(a, "\n// %s\nTEXT ·%s(SB), NOSPLIT, $0-64\n", gatherSignature, name)
	for i, arg := range []string{"records", "size", "lows", "wholes", "rows", "n", "codes", "sums"} {
		a.op("MOVD %s+%d(FP), R%d", arg, 8*i, i)
	}
	a.op("MOVD $%#x, R13", lowMask&0xff)
	a.op("VDUP R13, V%d.B16", neonFlip)
	a.op("MOVD ZR, R8")

	a.label("row")
	a.op("CMP R5, R8")
	a.op("BGE done")
	a.op("// ask for a record to come, or for the last")
	a.op("ADD $%d, R8, R12", ahead)
	a.op("SUB $1, R5, R13")
	a.op("CMP R13, R12")
	a.op("CSEL GT, R13, R12, R12")
	a.op("MOVWU (R4)(R12<<2), R12")
	a.op("MADD R1, R0, R12, R12")
	a.op("ADD R1, R12, R13")
	a.op("SUB $1, R13")
	a.label("ask")
	a.op("PRFM (R12), PLDL1KEEP")
	a.op("ADD $64, R12")
	a.op("CMP R13, R12")
	a.op("BLE ask")
	a.op("PRFM (R13), PLDL1KEEP")

	a.op("MOVWU (R4)(R8<<2), R9")
	a.op("MADD R1, R0, R9, R9")
	a.op("ADD $%d, R9, R14", dword)
	a.op("ADD R2, R14, R9")
	a.op("MOVD R6, R10")
	a.op("VEOR V0.B16, V0.B16, V0.B16")
	a.op("// the low bits of codes")
	a.op("MOVD R2, R11")
	a.label("low")
	a.op("VLD1.P %d(R14), [V%d.B16]", chunk, neonData)
	for k := range lowsInByte {
		from := neonData
		if k > 0 {
			from = neonLower
			a.op("VUSHR $%d, V%d.B16, V%d.B16", k*lowBits, neonData, neonLower)
		}
		a.op("VAND V%d.B16, V%d.B16, V%d.B16", neonFlip, from, neonLower)
		a.op("VLD1.P %d(R10), [V%d.B16]", chunk, neonCode)
		a.widen(0, neonLower, neonCode)
	}
	a.op("SUBS $%d, R11", chunk)
	a.op("BGT low")
	a.op("// whole codes")
	a.op("MOVD R3, R11")
	a.label("whole")
	a.op("VLD1.P %d(R9), [V%d.B16]", chunk, neonData)
	a.op("VLD1.P %d(R10), [V%d.B16]", chunk, neonCode)
	a.widen(0, neonData, neonCode)
	a.op("SUBS $%d, R11", chunk)
	a.op("BGT whole")

	a.op("VADDV V0.S4, V0")
	a.op("VMOV V0.S[0], R13")
	a.op("MOVW R13, (R7)(R8<<2)")
	a.op("ADD $1, R8")
	a.op("B row")
	a.label("done")
	a.op("RET")
}

// arm64 writes the kernels and their declarations.
func arm64(assembly, stubs string) error {
	var a neon
	var s bytes.Buffer
	const head = "// Code generated by the program in _asm. DO NOT EDIT.\n\n//go:build !noasm\n\n"
	fmt.Fprint(&a, head, "#include \"textflag.h\"\n")
	fmt.Fprint(&s, head, "package kernel\n")
	for _, k := range []struct {
		name, by string
		dot      bool
	}{{"SDOT", "the dot product instructions", true}, {"NEON", "NEON", false}} {
		for _, kind := range kinds {
			for _, width := range kind.widths([]int{1, neonWidest}) {
				a.width, a.dot, a.kind = width, k.dot, kind
				name := kernelName(k.name, width, kind)
				a.scan(name)
				fmt.Fprintf(&s, "\n// %s\n//\n//go:noescape\nfunc %s%s\n", doc(k.name, k.by, width, kind), name, signature[len("func"):])
			}
		}
	}
	const name = "gatherNEON"
	a.gather(name)
	fmt.Fprintf(&s, "\n// %s %s by NEON.\n//\n//go:noescape\nfunc %s%s\n", name, gatherDoc, name, gatherSignature[len("func"):])
	if err := os.WriteFile(assembly, a.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(stubs, s.Bytes(), 0o644)
}
