// Package picturetest makes photos that try to cost their decoder as much as
// they can. Each keeps to 20 MiB, 52 megapixels and a side of 12,000.
package picturetest

import (
	"bytes"
	"slices"

	"oneton/photo"
)

// Photo is a crafted photo.
type Photo struct {
	Kind string
	// Refused is what decoding it is; nil when it is taken.
	Refused error
	// Make is its content; some take a second to make.
	Make func() []byte
}

var (
	tooComplex = photo.ErrTooComplex
	tooLarge   = photo.ErrTooLarge
	corrupt    = photo.ErrCorrupt

	unsupported = photo.ErrUnsupported
)

const (
	maxBytes      = 20 << 20
	width, height = 8000, 6500
	pixels        = width * height
	// half and third are heights of pictures of fewer pixels.
	half, third = height / 2, height / 3
)

// Hostile are photos of every kind.
func Hostile() []Photo {
	return slices.Concat(hostileEXIF(), hostileJPEG(), hostilePNG(), hostileWebP(), hostileBMP())
}

// fill repeats a unit as often as it fits beside the rest of a file.
func fill(unit []byte, rest int) []byte {
	return bytes.Repeat(unit, (maxBytes-rest)/len(unit))
}

// msb writes bits, most significant first; stuffed adds a zero byte after each
// 0xff, as a JPEG's scans have it.
type msb struct {
	bytes.Buffer
	stuffed bool
	held    uint64
	count   int
}

func (b *msb) put(value uint64, n int) {
	b.held = b.held<<n | value
	for b.count += n; b.count >= 8; b.count -= 8 {
		v := byte(b.held >> (b.count - 8))
		b.WriteByte(v)
		if v == 0xff && b.stuffed {
			b.WriteByte(0)
		}
	}
}

// pad fills the last byte with ones.
func (b *msb) pad() {
	if b.count > 0 {
		b.put(1<<(8-b.count)-1, 8-b.count)
	}
}

// lsb writes bits, least significant first.
type lsb struct {
	bytes.Buffer
	held  uint64
	count int
}

func (b *lsb) put(value uint64, n int) {
	b.held |= value << b.count
	for b.count += n; b.count >= 8; b.count -= 8 {
		b.WriteByte(byte(b.held))
		b.held >>= 8
	}
}

// code writes a Huffman code, which begins with its most significant bit.
func (b *lsb) code(value uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		b.put(value>>i&1, 1)
	}
}

func (b *lsb) pad() {
	if b.count > 0 {
		b.put(0, 8-b.count)
	}
}
