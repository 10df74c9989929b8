package picturetest

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
)

func hostileWebP() []Photo {
	const alpha = 1 << 4
	return []Photo{
		{"webp: lossless, too many pixels", tooLarge, func() []byte { return webp(riff("VP8L", lossless(width, height, plain))) }},
		{"webp: lossless, too many pixels, data announced that are not there", tooLarge, func() []byte {
			return announced(webp(riff("VP8L", lossless(width, height, plain))), 0)
		}},
		{"webp: transparency, too many pixels, data announced that are not there", corrupt, func() []byte {
			alphas := append([]byte{1}, lossless(width, half, transforms)[5:]...)
			before := extended(alpha, width, half)
			return announced(webp(before, riff("ALPH", alphas)), len(before))
		}},
		{"webp: lossless, one colour", nil, func() []byte { return webp(riff("VP8L", lossless(width, third, plain))) }},
		{"webp: lossless, transforms", nil, func() []byte { return webp(riff("VP8L", lossless(width, third, transforms|random))) }},
		{"webp: lossless, transforms and cached colours", nil, func() []byte {
			return webp(riff("VP8L", lossless(width, third, transforms|random|cached)))
		}},
		{"webp: lossless, palette", nil, func() []byte { return webp(riff("VP8L", lossless(width, third, transforms|indexed))) }},
		{"webp: lossless, groups of tables", nil, func() []byte { return webp(riff("VP8L", lossless(width, third, groups|random))) }},
		{"webp: lossless, cut short", corrupt, func() []byte {
			data := webp(riff("VP8L", lossless(width, third, transforms|random)))
			return data[:len(data)-100]
		}},
		{"webp: lossy", nil, func() []byte { return webp(riff("VP8 ", lossy(width, height, 9<<20))) }},
		{"webp: lossy, little data", corrupt, func() []byte { return webp(riff("VP8 ", lossy(width, height, 1<<10))) }},
		{"webp: lossy, transparency", nil, func() []byte {
			alphas := append([]byte{1 | 3<<2}, lossless(width, third, transforms)[5:]...)
			return webp(extended(alpha, width, third), riff("ALPH", alphas), riff("VP8 ", lossy(width, third, 8<<20)))
		}},
		{"webp: lossless, transparency", nil, func() []byte {
			return webp(extended(alpha, width, third), riff("VP8L", lossless(width, third, transforms|random)))
		}},
		{"webp: a large canvas for a small frame", nil, func() []byte { return webp(extended(animation, width, third), alone("VP8L", lossless(32, 32, plain))) }},
		{"webp: a large canvas for a small lossy frame", nil, func() []byte {
			return webp(extended(animation, width, height), alone("VP8 ", lossy(32, 32, 1<<20)))
		}},
		{"webp: too large a canvas for a small lossless frame", tooLarge, func() []byte {
			return webp(extended(animation, width, height), alone("VP8L", lossless(32, 32, plain)))
		}},
		{"webp: far too large a canvas for a small frame", tooLarge, func() []byte {
			return webp(extended(animation, 1<<24, 1<<24), alone("VP8L", lossless(32, 32, plain)))
		}},
		{"webp: thousands of frames", unsupported, func() []byte {
			return webp(extended(animation, 32, 32), fill(alone("VP8L", lossless(32, 32, plain)), 4096))
		}},
		{"webp: empty frames", unsupported, func() []byte {
			return webp(extended(animation, 32, 32), fill(riff("ANMF", make([]byte, 16)), 4096), riff("VP8L", lossless(32, 32, plain)))
		}},
		{"webp: frames in a frame", corrupt, func() []byte {
			inner := fill(riff("ANMF", make([]byte, 16)), 4096)
			return webp(extended(animation, 32, 32), riff("ANMF", append(make([]byte, 16), inner...)))
		}},
		{"webp: empty chunks", nil, func() []byte {
			return webp(extended(0, 32, 32), fill(riff("TEST", nil), 4096), riff("VP8L", lossless(32, 32, plain)))
		}},
		{"webp: without data", corrupt, func() []byte { return webp(riff("VP8L", lossless(width, third, plain)[:12])) }},
	}
}

// animation is the flag of the extended header.
const animation = 1 << 1

// alone is a frame at the canvas's first pixel.
func alone(kind string, data []byte) []byte {
	return riff("ANMF", append(make([]byte, 16), riff(kind, data)...))
}

// Lossless is a picture of few bytes whose decoding cannot be interrupted once
// it has been read.
func Lossless(width, height int) []byte {
	return webp(riff("VP8L", lossless(width, height, transforms)))
}

func webp(chunks ...[]byte) []byte {
	content := append([]byte("WEBP"), slices.Concat(chunks...)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(content))), content...)
}

// announced makes a file, and its chunk that has so many bytes of chunks before
// it, announce far more than they have.
func announced(file []byte, before int) []byte {
	const form, name, most = 12, 4, 1 << 30
	binary.LittleEndian.PutUint32(file[name:], 2*most)
	binary.LittleEndian.PutUint32(file[form+before+name:], most)
	return file
}

func riff(kind string, data []byte) []byte {
	c := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data))), data...)
	return append(c, make([]byte, len(data)&1)...)
}

// extended is the VP8X chunk.
func extended(flags byte, width, height int) []byte {
	w, h := width-1, height-1
	return riff("VP8X", []byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
}

// shape says what a lossless picture consists of.
type shape int

const (
	// transforms are all that cost: prediction, colours and green.
	transforms shape = 1 << iota
	// indexed is a palette, too.
	indexed
	// random pixels take a bit each.
	random
	// cached looks every second pixel up in the cache of colours.
	cached
	// groups has as many groups of tables as are taken, each for some tiles.
	groups

	plain shape = 0
)

// lossless is the content of a VP8L chunk (RFC 9649, section 3).
func lossless(width, height int, s shape) []byte {
	var b lsb
	b.put(0x2f, 8)
	b.put(uint64(width-1), 14)
	b.put(uint64(height-1), 14)
	b.put(1, 1)
	b.put(0, 3)
	if s&transforms != 0 {
		const tile = 9 - 2
		for _, transform := range []uint64{0, 1} {
			b.put(1, 1)
			b.put(transform, 2)
			b.put(tile, 3)
			b.put(0, 1)
			b.single(11, 11, 11, 11, 0) // predictor 11 costs most
		}
		b.put(1, 1)
		b.put(2, 2)
	}
	if s&indexed != 0 {
		b.put(1, 1)
		b.put(3, 2)
		b.put(255, 8)
		b.put(0, 1)
		b.single(1, 1, 1, 1, 0)
	}
	b.put(0, 1)
	if s&cached != 0 {
		b.put(1, 1)
		b.put(11, 4)
	} else {
		b.put(0, 1)
	}
	tables := 1
	if s&groups != 0 {
		tables = b.groups(width, height)
	} else {
		b.put(0, 1)
	}
	for range tables {
		switch {
		case s&cached != 0:
			b.literalOrCached()
			b.single(7, 7, 7, 0)
		case s&random != 0:
			b.put(0b11, 2) // two symbols, of a bit each
			b.put(1, 1)
			b.put(3, 8)
			b.put(200, 8)
			b.single(7, 7, 7, 0)
		default:
			b.single(7, 7, 7, 7, 0)
		}
	}
	if s&random != 0 {
		rng := rand.New(rand.NewPCG(1, 2))
		for n := width * height; n > 0; n -= 32 {
			b.put(rng.Uint64()&(1<<32-1), 32)
		}
	}
	b.pad()
	return append(b.Bytes(), make([]byte, 8)...)
}

// single writes tables of one symbol each, which takes no bits.
func (b *lsb) single(symbols ...uint64) {
	for _, s := range symbols {
		b.put(0b1, 1) // simple
		b.put(0, 1)   // one symbol
		b.put(1, 1)   // of 8 bits
		b.put(s, 8)
	}
}

// literalOrCached writes a table of two symbols, the literal 0 and the first
// cached colour, in an alphabet with a cache of 11 bits.
func (b *lsb) literalOrCached() {
	b.put(0, 1)
	b.put(0, 4)
	// Codes of lengths 17, 18, 0, 1: 18 and 1 have a bit.
	for _, n := range []uint64{0, 1, 0, 1} {
		b.put(n, 3)
	}
	b.put(0, 1)
	const least, most = 11, 138
	zeros := func(n int) {
		for n > 0 {
			r := min(n, most)
			if rest := n - r; rest > 0 && rest < least {
				r -= least
			}
			b.put(1, 1)
			b.put(uint64(r-least), 7)
			n -= r
		}
	}
	b.put(0, 1)
	zeros(279)
	b.put(0, 1)
	zeros(2047)
}

// groups writes the picture that says which of 2,600 groups of tables a tile
// has, and returns how many there are.
func (b *lsb) groups(width, height int) int {
	const tile, most = 4, 2600
	b.put(1, 1)
	b.put(tile-2, 3)
	b.put(0, 1)
	// Red has the high byte and green the low one, so that all 256 of green and
	// 10 of red are coded: green with 8 bits each, red with 4 of 16.
	b.flat(280, 8)
	b.flat(256, 3)
	b.single(0, 0, 0)
	tiles := ((width + 1<<tile - 1) >> tile) * ((height + 1<<tile - 1) >> tile)
	for i := range tiles {
		group := uint64(i) % 2048
		b.code(group&255, 8)
		b.code(group>>8, 3)
	}
	return 2048
}

// flat writes a table whose first 2^n symbols have n bits each.
func (b *lsb) flat(alphabet, n int) {
	b.put(0, 1)
	// Codes of lengths 17, 18, 0, 1, …, 16 in that order: 18 has one bit, n and
	// 16 have two.
	order := []int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	b.put(uint64(len(order)-4), 4)
	for _, length := range order {
		switch length {
		case 18:
			b.put(1, 3)
		case n, 16:
			b.put(2, 3)
		default:
			b.put(0, 3)
		}
	}
	b.put(0, 1)
	b.code(0b10, 2)
	for left := 1<<n - 1; left > 0; {
		r := min(left, 6)
		if left-r == 1 || left-r == 2 {
			r = 3
		}
		b.code(0b11, 2)
		b.put(uint64(r-3), 2)
		left -= r
	}
	for left := alphabet - 1<<n; left > 0; left -= min(left, 138) {
		b.code(0, 1)
		b.put(uint64(min(left, 138)-11), 7)
	}
}

// lossy is the content of a VP8 chunk: a key frame (RFC 6386, section 9) with
// the strongest filter and so many random bytes for coefficients.
func lossy(width, height, coefficients int) []byte {
	const modes = 1<<19 - 1
	first := boolEncoder{span: 255, bits: 24}
	first.literal(0, 1) // colour space
	first.literal(0, 1) // clamping
	first.literal(0, 1) // no segments
	first.literal(0, 1) // the costlier filter
	first.literal(63, 6)
	first.literal(0, 3)
	first.literal(0, 1) // no adjustments
	first.literal(0, 2) // one partition
	first.literal(40, 7)
	first.literal(0, 5)
	rng := rand.New(rand.NewPCG(1, 2))
	for len(first.bytes) < modes-64 {
		first.literal(rng.Uint64()&(1<<16-1), 16)
	}
	data := slices.Concat(first.bytes, make([]byte, modes-len(first.bytes)))
	tag := uint32(len(data))<<5 | 1<<4
	head := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), 0x9d, 0x01, 0x2a, byte(width), byte(width >> 8), byte(height), byte(height >> 8)}
	second := make([]byte, coefficients)
	for i := range second {
		second[i] = byte(rng.Uint64())
	}
	return slices.Concat(head, data, second)
}

// boolEncoder is the arithmetic encoder of RFC 6386, section 7.3, for bits of
// even odds. It begins with a range of 255 and 24 bits to go.
type boolEncoder struct {
	bytes  []byte
	span   uint32
	bottom uint32
	bits   int
}

func (e *boolEncoder) literal(value uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		e.bit(value>>i&1 != 0)
	}
}

func (e *boolEncoder) bit(set bool) {
	const even = 128
	split := 1 + (e.span-1)*even>>8
	if set {
		e.bottom += split
		e.span -= split
	} else {
		e.span = split
	}
	for e.span < 128 {
		e.span <<= 1
		if e.bottom>>31 != 0 {
			e.carry()
		}
		e.bottom <<= 1
		if e.bits--; e.bits == 0 {
			e.bytes = append(e.bytes, byte(e.bottom>>24))
			e.bottom &= 1<<24 - 1
			e.bits = 8
		}
	}
}

func (e *boolEncoder) carry() {
	for i := len(e.bytes) - 1; i >= 0; i-- {
		if e.bytes[i]++; e.bytes[i] != 0 {
			return
		}
	}
}
