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

// Layout says how the codes of a set's rows lie in planes.
type Layout struct {
	// Dimension is that of the rows.
	Dimension int
	// Split is how many first coordinates the first plane tells of; a multiple
	// of SplitStep below Dimension. When it is zero, codes are halved.
	Split int
}

// SplitStep divides every Layout.Split.
const SplitStep = packSize

// sizes is the bytes of a block of rows in either plane.
func (l Layout) sizes() (first, second int) {
	if l.Split == 0 {
		size := metaBytes + pairBytes*l.units()
		return size, size
	}
	return metaBytes + packBytes*l.units(), BlockRows * l.recordBytes()
}

// BlockBytes is the size of a block of rows in both planes.
func (l Layout) BlockBytes() int {
	first, second := l.sizes()
	return first + second
}

// units is how many a block of the first plane has.
func (l Layout) units() int {
	if l.Split == 0 {
		return pairs(l.Dimension)
	}
	return l.Split / packSize
}

// lows and wholes are the bytes of low bits and of whole codes of a record.
func (l Layout) lows() int   { return l.Split * lowBits / 8 }
func (l Layout) wholes() int { return roundedUp(l.Dimension-l.Split, chunkBytes) }

func (l Layout) recordBytes() int { return wordBytes + l.lows() + l.wholes() }

func roundedUp(n, step int) int { return (n + step - 1) / step * step }

// Planes are blocks of rows of one layout, in one stretch of memory: first
// the first plane of all blocks, then the second.
type Planes struct {
	layout        Layout
	first, second plane
}

// plane is one plane of some blocks.
type plane struct {
	bytes []byte
	// size is the bytes of a block.
	size int
}

// NewPlanes returns the planes of memory for some blocks, of
// layout.BlockBytes each.
func NewPlanes(b []byte, layout Layout) Planes {
	first, second := layout.sizes()
	end := len(b) / (first + second) * first
	return Planes{layout: layout, first: plane{b[:end], first}, second: plane{b[end:], second}}
}

// From returns the planes from a block on.
func (p Planes) From(block int) Planes {
	p.first.bytes = p.first.bytes[block*p.first.size:]
	p.second.bytes = p.second.bytes[block*p.second.size:]
	return p
}

// word is a row's word in a plane of blocks.
func (p plane) word(row int) []byte {
	return p.bytes[row/BlockRows*p.size+row%BlockRows*wordBytes:][:wordBytes]
}

// secondWord is a row's word in the second plane.
func (p Planes) secondWord(row int) []byte {
	if p.layout.Split > 0 {
		return p.record(row)[:wordBytes]
	}
	return p.second.word(row)
}

// record is a split row's.
func (p Planes) record(row int) []byte {
	size := p.layout.recordBytes()
	return p.second.bytes[row*size:][:size]
}

// codes is where a row's codes begin; they go on pairBytes further.
func (p plane) codes(row int) int {
	return row/BlockRows*p.size + metaBytes + row%BlockRows*groupSize
}

// place is where half of a row's coordinate is in planes of halved codes: its
// byte, and how far up in it.
func (p Planes) place(row, coordinate int) (at, shift int) {
	at = p.first.codes(row) + coordinate/pairSize*pairBytes + coordinate%groupSize
	return at, coordinate % pairSize / groupSize * nibbleBits
}

// coarseCode is the coarse code of which b has the high half in its low bits.
func coarseCode(b byte) int32 { return int32(b<<nibbleBits|middle) - zeroCode }

// meta reads a row's scale and its residual, as the kernels see them.
func meta(word []byte) (scale, residual float32) {
	bits := binary.LittleEndian.Uint32(word)
	return math.Float32frombits(bits << halfBits), math.Float32frombits(bits)
}

// Put makes v a row: v = scale*codes + rest, where the second plane's residual
// is at least the length of rest. The scale makes the largest code 127 at most.
func (p Planes) Put(row int, v []float32) {
	var top float64
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
	}
	scale := roundUp(top / maxCode)
	if p.layout.Split > 0 {
		p.putSplit(row, v, scale)
	} else {
		p.putHalved(row, v, scale)
	}
}

// putSplit writes packed codes and a record. The first plane's residual is that
// of the first coordinates' rest, emphasis times as long, and all of the others.
func (p Planes) putSplit(row int, v []float32, scaleBits uint32) {
	scale := float64(fromHalf(scaleBits))
	record := p.record(row)
	clear(record)
	lows, wholes := record[wordBytes:][:p.layout.lows()], record[wordBytes+p.layout.lows():]
	at := p.first.codes(row)
	var rest, firstRest, others float64
	for i := 0; i < p.layout.Split; i += packSize {
		var codes [packSize]byte
		for j, x := range v[i : i+packSize] {
			c := math.RoundToEven(float64(x) / scale)
			codes[j] = byte(int(c) + zeroCode)
			d := float64(x) - float64(scale*c)
			rest += float64(d * d)
			d = float64(x) - float64(scale*packedValue(codes[j]))
			firstRest += float64(d * d)
		}
		for j := range groupSize {
			last := codes[packUnits*groupSize+j] >> lowBits
			for u := range packUnits {
				code := codes[u*groupSize+j]
				p.first.bytes[at+u*pairBytes+j] = code>>lowBits | last>>(lowBits*u)<<packBits
				lows[i/groupSize+j] |= code & lowMask << (lowBits * u)
			}
			lows[i/groupSize+j] |= codes[packUnits*groupSize+j] & lowMask << (lowBits * packUnits)
		}
		at += packBytes
	}
	for i, x := range v[p.layout.Split:] {
		c := math.RoundToEven(float64(x) / scale)
		wholes[i] = byte(int8(c))
		d := float64(x) - float64(scale*c)
		rest += float64(d * d)
		others += float64(float64(x) * float64(x))
	}
	putMeta(record, scaleBits, rest)
	putMeta(p.first.word(row), scaleBits, float64(emphasis*emphasis*firstRest)+others)
}

// packedValue is the middle of the values that codes of the same high bits
// stand for.
func packedValue(code byte) float64 {
	return float64(code&^lowMask) + float64(lowMask)/2 - zeroCode
}

// putHalved writes halves of codes. The first plane has a scale that fits its
// codes best, and their residual.
func (p Planes) putHalved(row int, v []float32, scaleBits uint32) {
	scale := float64(fromHalf(scaleBits))
	var rest, along, square float64
	at := p.first.codes(row)
	for i := 0; i < len(v); i += pairSize {
		codes := [pairSize]byte{zeroCode, zeroCode, zeroCode, zeroCode, zeroCode, zeroCode, zeroCode, zeroCode}
		for j, x := range v[i:min(i+pairSize, len(v))] {
			c := math.RoundToEven(float64(x) / scale)
			codes[j] = byte(int(c) + zeroCode)
			d := float64(x) - float64(scale*c)
			rest += float64(d * d)
			h := float64(coarseCode(codes[j] >> nibbleBits))
			along += float64(float64(x) * h)
			square += float64(h * h)
		}
		high, low := p.first.bytes[at:][:groupSize], p.second.bytes[at:][:groupSize]
		for j, even := range codes[:groupSize] {
			odd := codes[groupSize+j]
			high[j] = even>>nibbleBits | odd&^lowNibble
			low[j] = even&lowNibble | odd<<nibbleBits
		}
		at += pairBytes
	}
	putMeta(p.second.word(row), scaleBits, rest)

	scaleBits = roundUp(max(0, along/square))
	scale, rest = float64(fromHalf(scaleBits)), 0
	for i := 0; i < len(v); i += groupSize {
		at, shift := p.place(row, i)
		high := p.first.bytes[at:][:groupSize]
		for j, x := range v[i:min(i+groupSize, len(v))] {
			d := float64(x) - float64(scale*float64(coarseCode(high[j]>>shift)))
			rest += float64(d * d)
		}
	}
	putMeta(p.first.word(row), scaleBits, rest)
}

// putMeta writes the word of a row with that square of its rest's length.
func putMeta(to []byte, scaleBits uint32, rest float64) {
	residualBits := roundUp(math.Sqrt(rest) * (1 + 1e-9))
	binary.LittleEndian.PutUint32(to, residualBits<<halfBits|scaleBits)
}

// Copy makes a row the same as a row of other planes of the same layout.
func (p Planes) Copy(row int, from Planes, fromRow int) {
	p.first.copy(row, from.first, fromRow)
	if p.layout.Split > 0 {
		copy(p.record(row), from.record(fromRow))
	} else {
		p.second.copy(row, from.second, fromRow)
	}
}

// copy copies a row's word and its codes in a plane of blocks, which have the
// same form.
func (p plane) copy(row int, from plane, fromRow int) {
	to, source := p.bytes[row/BlockRows*p.size:][:p.size], from.bytes[fromRow/BlockRows*p.size:]
	for at := 0; at < len(to); at += pairBytes {
		copy(to[at+row%BlockRows*groupSize:][:groupSize], source[at+fromRow%BlockRows*groupSize:])
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
