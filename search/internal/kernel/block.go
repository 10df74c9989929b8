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

// meta reads a row's scale and its residual, as the kernels see them.
func meta(block []byte, row int) (scale, residual float32) {
	word := binary.LittleEndian.Uint32(block[4*row:])
	return math.Float32frombits(word << halfBits), math.Float32frombits(word)
}

// code is where a row's coordinate lies in a block.
func code(row, coordinate int) int {
	return metaBytes + coordinate/groupSize*groupBytes + row*groupSize + coordinate%groupSize
}

// Put quantises v into a row of a block: v = scale*codes + rest, where the
// residual is at least the length of rest.
func Put(block []byte, row int, v []float32) {
	var top float64
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
	}
	scaleBits := roundUp(top / maxCode)
	scale := float64(fromHalf(scaleBits))
	var rest float64
	for i, x := range v {
		c := math.RoundToEven(float64(x) / scale)
		block[code(row, i)] = byte(int(c) + zeroCode)
		d := float64(x) - scale*c
		rest += d * d
	}
	for i := len(v); i%groupSize != 0; i++ {
		block[code(row, i)] = zeroCode
	}
	residualBits := roundUp(math.Sqrt(rest) * (1 + 1e-9))
	binary.LittleEndian.PutUint32(block[4*row:], residualBits<<halfBits|scaleBits)
}

// Copy copies a row of one block to a row of another of the same dimension.
func Copy(to []byte, toRow int, from []byte, fromRow int) {
	copy(to[4*toRow:4*toRow+4], from[4*fromRow:])
	for at := metaBytes; at < len(from); at += groupBytes {
		copy(to[at+toRow*groupSize:][:groupSize], from[at+fromRow*groupSize:])
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
