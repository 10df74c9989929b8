package token

import (
	"crypto/sha3"
	"encoding/binary"
	"math"
	"math/bits"
)

// rounds is how many times a vector is mixed: two rounds of signs and Hadamard
// transform spread every vector like a random rotation, whatever it is (Ailon and
// Chazelle, 2009), and three are what is taken for one in practice (Andoni and
// others, "Practical and optimal LSH for angular distance", 2015).
const rounds = 3

// rotation is a keyed random orthogonal map of vectors, and a keyed mask for what
// lies beside them. Each round gives the values random signs, brings them in a
// random order, and takes the Hadamard transform, scaled to keep lengths, of the
// first of them, as many as the greatest power of two has, and then of as many of
// the last. No vector is padded: that zeros come back would tell a right key from a
// wrong one. It costs n·log n additions, and is undone exactly, to rounding.
type rotation struct {
	signs [rounds][]float64
	order [rounds][]uint16
	mask  [masked]byte
}

// newRotation draws the map from SHAKE256 of the key: the mask, and for each round
// the signs, the lowest bit first, and the order, by Fisher and Yates from the last
// place on, whose draws are unbiased.
func newRotation(key []byte, n int) *rotation {
	s := source{xof: sha3.NewSHAKE256()}
	s.xof.Write(key)
	r := new(rotation)
	s.read(r.mask[:])
	for round := range rounds {
		some := make([]byte, (n+7)/8)
		s.read(some)
		signs, order := make([]float64, n), make([]uint16, n)
		for i := range n {
			signs[i] = 1 - 2*float64(some[i/8]>>(i%8)&1)
			order[i] = uint16(i)
		}
		for i := n - 1; i > 0; i-- {
			j := s.below(uint32(i + 1))
			order[i], order[j] = order[j], order[i]
		}
		r.signs[round], r.order[round] = signs, order
	}
	return r
}

// turn rotates v in place.
func (r *rotation) turn(v []float64) {
	moved := make([]float64, len(v))
	for round := range rounds {
		for i, from := range r.order[round] {
			moved[i] = v[from] * r.signs[round][from]
		}
		block := 1 << (bits.Len(uint(len(v))) - 1)
		hadamard(moved[:block])
		if block < len(v) {
			hadamard(moved[len(v)-block:])
		}
		copy(v, moved)
	}
}

// back undoes turn.
func (r *rotation) back(v []float64) {
	moved := make([]float64, len(v))
	for round := rounds - 1; round >= 0; round-- {
		block := 1 << (bits.Len(uint(len(v))) - 1)
		if block < len(v) {
			hadamard(v[len(v)-block:])
		}
		hadamard(v[:block])
		for i, from := range r.order[round] {
			moved[from] = v[i] * r.signs[round][from]
		}
		copy(v, moved)
	}
}

// hadamard is the orthonormal Hadamard transform in the natural order, in place, of
// as many values as a power of two has; it is its own inverse.
func hadamard(v []float64) {
	for half := 1; half < len(v); half *= 2 {
		for at := 0; at < len(v); at += 2 * half {
			low, high := v[at:at+half], v[at+half:at+2*half]
			for i, a := range low {
				b := high[i]
				low[i], high[i] = a+b, a-b
			}
		}
	}
	scale := 1 / math.Sqrt(float64(len(v)))
	for i := range v {
		v[i] *= scale
	}
}

// source is a stream of random bytes.
type source struct {
	xof *sha3.SHAKE
}

func (s source) read(b []byte) { _, _ = s.xof.Read(b) } // which never fails

// below is a number below n, each as likely: draws of the last, cut-off stretch of
// 32 bits are made again.
func (s source) below(n uint32) uint32 {
	limit := math.MaxUint32 - (math.MaxUint32%n+1)%n
	for {
		var b [4]byte
		s.read(b[:])
		if draw := binary.LittleEndian.Uint32(b[:]); draw <= limit {
			return draw % n
		}
	}
}
