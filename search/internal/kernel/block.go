package kernel

import (
	"encoding/binary"
	"math"
)

// LengthTolerance is how far a row's or probe's length may be from one.
const LengthTolerance = 1e-3

const (
	maxCode  = 127
	halfBits = 16
)

// Planes are blocks of rows of one dimension, in one stretch of memory: first
// the high plane of all blocks, then the low plane.
type Planes struct {
	high, low []byte
	// size is the bytes of a block in one plane.
	size int
}

// NewPlanes returns the planes of memory for some blocks, BlockBytes each.
func NewPlanes(b []byte, dimension int) Planes {
	return Planes{high: b[:len(b)/2], low: b[len(b)/2:], size: planeBytes(dimension)}
}

// From returns the planes from a block on.
func (p Planes) From(block int) Planes {
	return Planes{high: p.high[block*p.size:], low: p.low[block*p.size:], size: p.size}
}

// word is where a row's word is in a plane.
func (p Planes) word(row int) int { return row/BlockRows*p.size + row%BlockRows*wordBytes }

// codes is where a row's codes begin in a plane; they go on pairBytes further.
func (p Planes) codes(row int) int {
	return row/BlockRows*p.size + metaBytes + row%BlockRows*groupSize
}

// place is where half of a row's coordinate is in a plane: its byte, and how
// far up in it.
func (p Planes) place(row, coordinate int) (at, shift int) {
	at = p.codes(row) + coordinate/pairSize*pairBytes + coordinate%groupSize
	return at, coordinate % pairSize / groupSize * nibbleBits
}

// coarseCode is the coarse code of which b has the high half in its low bits.
func coarseCode(b byte) int32 { return int32(b<<nibbleBits|middle) - zeroCode }

// meta reads a row's scale and its residual, as the kernels see them.
func meta(plane []byte, at int) (scale, residual float32) {
	word := binary.LittleEndian.Uint32(plane[at:])
	return math.Float32frombits(word << halfBits), math.Float32frombits(word)
}

// Put makes v a row: v = scale*codes + rest in either plane, where the
// residual is at least the length of rest. The low plane's scale makes the
// largest code 127 at most; the high plane's fits its codes best.
func (p Planes) Put(row int, v []float32) {
	var top float64
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
	}
	scaleBits := roundUp(top / maxCode)
	scale := float64(fromHalf(scaleBits))
	var rest, along, square float64
	at := p.codes(row)
	for i := 0; i < len(v); i += pairSize {
		codes := [pairSize]byte{zeroCode, zeroCode, zeroCode, zeroCode, zeroCode, zeroCode, zeroCode, zeroCode}
		for j, x := range v[i:min(i+pairSize, len(v))] {
			c := math.RoundToEven(float64(x) / scale)
			codes[j] = byte(int(c) + zeroCode)
			d := float64(x) - scale*c
			rest += d * d
			h := float64(coarseCode(codes[j] >> nibbleBits))
			along += float64(x) * h
			square += h * h
		}
		high, low := p.high[at:][:groupSize], p.low[at:][:groupSize]
		for j, even := range codes[:groupSize] {
			odd := codes[groupSize+j]
			high[j] = even>>nibbleBits | odd&^lowNibble
			low[j] = even&lowNibble | odd<<nibbleBits
		}
		at += pairBytes
	}
	putMeta(p.low[p.word(row):], scaleBits, rest)

	scaleBits = roundUp(max(0, along/square))
	scale, rest = float64(fromHalf(scaleBits)), 0
	for i := 0; i < len(v); i += groupSize {
		at, shift := p.place(row, i)
		high := p.high[at:][:groupSize]
		for j, x := range v[i:min(i+groupSize, len(v))] {
			d := float64(x) - scale*float64(coarseCode(high[j]>>shift))
			rest += d * d
		}
	}
	putMeta(p.high[p.word(row):], scaleBits, rest)
}

// putMeta writes the word of a row with that square of its rest's length.
func putMeta(to []byte, scaleBits uint32, rest float64) {
	residualBits := roundUp(math.Sqrt(rest) * (1 + 1e-9))
	binary.LittleEndian.PutUint32(to, residualBits<<halfBits|scaleBits)
}

// Copy makes a row the same as a row of other planes of the same dimension.
func (p Planes) Copy(row int, from Planes, fromRow int) {
	copyRow(p.high[row/BlockRows*p.size:][:p.size], row%BlockRows, from.high[fromRow/BlockRows*p.size:], fromRow%BlockRows)
	copyRow(p.low[row/BlockRows*p.size:][:p.size], row%BlockRows, from.low[fromRow/BlockRows*p.size:], fromRow%BlockRows)
}

// copyRow copies a row of a block in one plane: its word and its codes have
// the same form.
func copyRow(to []byte, row int, from []byte, fromRow int) {
	for at := 0; at < len(to); at += pairBytes {
		copy(to[at+row*groupSize:][:groupSize], from[at+fromRow*groupSize:])
	}
}

// roundUp returns the bits of the smallest bfloat16 that is at least x, which
// is not negative.
func roundUp(x float64) uint32 {
	f := float32(x)
	if float64(f) < x {
		f = math.Nextafter32(f, math.MaxFloat32)
	}
	bits := math.Float32bits(f)
	return (bits + 1<<halfBits - 1) >> halfBits
}

func fromHalf(bits uint32) float32 { return math.Float32frombits(bits << halfBits) }
