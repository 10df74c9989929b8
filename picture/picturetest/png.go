package picturetest

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"math/rand/v2"
	"slices"
)

// Colour types (PNG third edition, section 11.2.1).
const (
	grey, colour, palette, greyAlpha, colourAlpha = 0, 2, 3, 4, 6
)

func hostilePNG() []Photo {
	const largest = 3 * pixels // bytes of samples
	whole := func(h header, samples int, before ...[]byte) func() []byte {
		return func() []byte {
			h.width, h.height = width, height
			if n := samples * int(h.depth) / 8; n*width*height > largest {
				h.height = largest / (n * width)
			}
			return png(h, append(before, chunk("IDAT", h.rows(samples)))...)
		}
	}
	colours := chunk("PLTE", bytes.Repeat([]byte{1, 2, 3}, 256))
	transparent := chunk("tRNS", make([]byte, 256))
	small := func(before ...[]byte) []byte {
		const size = 32
		return png(header{width: size, height: size, depth: 8}, append(before, chunk("IDAT", rows(size, 1+size)))...)
	}
	return []Photo{
		{"png: 8 bits, colour", nil, whole(header{depth: 8, colour: colour}, 3)},
		{"png: 8 bits, one transparent colour", nil, whole(header{depth: 8, colour: colour}, 3, chunk("tRNS", make([]byte, 6)))},
		{"png: 8 bits, transparency", nil, whole(header{depth: 8, colour: colourAlpha}, 4)},
		{"png: 8 bits, grey, transparency", nil, whole(header{depth: 8, colour: greyAlpha}, 2)},
		{"png: 8 bits, grey, one transparent level", nil, whole(header{depth: 8, colour: grey}, 1, chunk("tRNS", make([]byte, 2)))},
		{"png: 1 bit, grey, one transparent level", nil, whole(header{depth: 1, colour: grey}, 1, chunk("tRNS", make([]byte, 2)))},
		{"png: 16 bits, transparency", nil, whole(header{depth: 16, colour: colourAlpha}, 4)},
		{"png: 16 bits, colour", nil, whole(header{depth: 16, colour: colour}, 3)},
		{"png: 16 bits, grey, transparency", nil, whole(header{depth: 16, colour: greyAlpha}, 2)},
		{"png: 16 bits, grey, one transparent level", nil, whole(header{depth: 16, colour: grey}, 1, chunk("tRNS", make([]byte, 2)))},
		{"png: palette", nil, whole(header{depth: 8, colour: palette}, 1, colours)},
		{"png: palette of one bit", nil, whole(header{depth: 1, colour: palette}, 1, chunk("PLTE", make([]byte, 6)))},
		{"png: palette, transparency", nil, whole(header{depth: 8, colour: palette}, 1, colours, transparent)},
		{"png: interlaced", nil, whole(header{depth: 8, colour: colour, interlaced: true}, 3)},
		{"png: interlaced, transparency", nil, whole(header{depth: 8, colour: colourAlpha, interlaced: true}, 4)},
		{"png: interlaced, 16 bits, transparency", nil, whole(header{depth: 16, colour: colourAlpha, interlaced: true}, 4)},
		{"png: interlaced palette, transparency", nil, whole(header{depth: 8, colour: palette, interlaced: true}, 1, colours, transparent)},
		{"png: too many bytes of samples", tooLarge, func() []byte {
			return png(header{width: width, height: height, depth: 16, colour: colourAlpha}, chunk("IDAT", rows(1, 10)))
		}},
		{"png: cut short", nil, func() []byte {
			data := whole(header{depth: 8, colour: colour}, 3)()
			return data[:len(data)-100]
		}},
		{"png: without data", corrupt, func() []byte { return png(header{width: width, height: height, depth: 8, colour: colour}) }},
		{"png: empty chunks", tooComplex, func() []byte { return small(fill(chunk("teSt", nil), 4096)) }},
		{"png: empty chunks of text", tooComplex, func() []byte { return small(fill(chunk("zTXt", nil), 4096)) }},
		{"png: compressed text", nil, func() []byte { return small(slices.Concat(bomb("zTXt"), bomb("iTXt"))) }},
		{"png: chunks with wrong checksums", nil, func() []byte {
			odd := chunk("teSt", nil)
			odd[len(odd)-1] ^= 1
			return small(fill(odd, 4096))
		}},
		{"png: a chunk of all the file with a wrong checksum", nil, func() []byte {
			odd := chunk("teSt", make([]byte, maxBytes-4096))
			odd[len(odd)-1] ^= 1
			return small(odd)
		}},
		{"png: one frame, announced with many", nil, func() []byte { return small(chunk("acTL", []byte{255, 255, 255, 255, 0, 0, 0, 0})) }},
		{"png: thousands of frames", unsupported, func() []byte {
			const size = 32
			data := rows(size, 1+size)
			return png(header{width: size, height: size, depth: 8}, chunk("acTL", []byte{0, 1, 0, 0, 0, 0, 0, 0}),
				chunk("IDAT", data), fill(append(chunk("fcTL", make([]byte, 26)), chunk("fdAT", append(make([]byte, 4), data...))...), 4096))
		}},
		{"png: compressed profile", nil, func() []byte { return small(bomb("iCCP")) }},
		{"png: empty chunks of data", nil, func() []byte {
			const size = 3000
			data := rows(size, 1+size)
			return png(header{width: size, height: size, depth: 8},
				chunk("IDAT", data[:10]), fill(chunk("IDAT", nil), len(data)+4096), chunk("IDAT", data[10:]))
		}},
		{"png: chunks of a byte of data", nil, func() []byte {
			data := rows(height, 1+width)
			var all []byte
			for i := range data {
				all = append(all, chunk("IDAT", data[i:i+1])...)
			}
			return png(header{width: width, height: height, depth: 8}, all)
		}},
		{"png: too many narrow tables", tooComplex, func() []byte { return tables(narrowTable, maxBytes) }},
		{"png: too many wide tables", tooComplex, func() []byte { return tables(wideTable, maxBytes) }},
		{"png: as many narrow tables as are taken", nil, func() []byte { return tables(narrowTable, mostTables) }},
		{"png: as many wide tables as are taken", nil, func() []byte { return tables(wideTable, mostTables) }},
		{"png: noise", nil, noise},
		{"png: short matches", nil, shortMatches},
	}
}

// header is an IHDR chunk's content.
type header struct {
	width, height int
	depth, colour byte
	interlaced    bool
}

// png is a file with the chunks between its header and its end.
func png(h header, chunks ...[]byte) []byte {
	ihdr := binary.BigEndian.AppendUint32(nil, uint32(h.width))
	ihdr = binary.BigEndian.AppendUint32(ihdr, uint32(h.height))
	ihdr = append(ihdr, h.depth, h.colour, 0, 0, 0)
	if h.interlaced {
		ihdr[12] = 1
	}
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", ihdr), slices.Concat(chunks...), chunk("IEND", nil))
}

func chunk(kind string, data []byte) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	c = append(append(c, kind...), data...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
}

// rows are the compressed rows of pixels of so many samples.
func (h header) rows(samples int) []byte {
	length := func(width int) int { return 1 + (width*samples*int(h.depth)+7)/8 }
	if !h.interlaced {
		return rows(h.height, length(h.width))
	}
	// Passes begin at a column and row, and step (PNG third edition, section 8.1).
	var all []byte
	for _, p := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		across, down := (h.width-p[0]+p[2]-1)/p[2], (h.height-p[1]+p[3]-1)/p[3]
		all = append(all, plainRows(down, length(across))...)
	}
	return compress(all, 1)
}

// plainRows are rows of zeros behind the filter that costs most.
func plainRows(n, length int) []byte {
	const paeth = 4
	all := make([]byte, n*length)
	for i := range n {
		all[i*length] = paeth
	}
	return all
}

// rows are compressed rows of so many bytes.
func rows(n, length int) []byte { return compress(plainRows(1, length), n) }

// compress compresses a part that is repeated.
func compress(part []byte, n int) []byte {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed) // a valid level
	for range n {
		_, _ = w.Write(part) // a buffer takes all
	}
	_ = w.Close()
	return b.Bytes()
}

// bomb is a chunk that inflates to 500 MB.
func bomb(kind string) []byte {
	return chunk(kind, append([]byte("name\x00\x00"), compress(make([]byte, 1<<20), 500)...))
}

// mostTables is about how many blocks a PNG's data may have.
const mostTables = 1<<18 - 4000

// tables is a picture of as many samples as there may be, whose compressed data
// begin with so many blocks that have tables and nothing else, or with those that
// fit.
func tables(block func(*lsb), n int) []byte {
	var samples bytes.Buffer
	w, _ := flate.NewWriter(&samples, flate.BestSpeed) // a valid level
	sum := adler32.New()
	row := plainRows(1, 1+3*width)
	for range height {
		_, _ = w.Write(row) // a buffer takes all
		_, _ = sum.Write(row)
	}
	_ = w.Close()
	const rest = 1000
	var b lsb
	for ; n > 0 && b.Len() < maxBytes-samples.Len()-rest; n-- {
		block(&b)
	}
	// A stored block of nothing ends with a whole byte.
	b.put(0, 3)
	b.pad()
	b.put(0xffff_0000, 32)
	z := slices.Concat([]byte{0x78, 1}, b.Bytes(), samples.Bytes(), sum.Sum(nil))
	return png(header{width: width, height: height, depth: 8, colour: colour}, chunk("IDAT", z))
}

// noise is a picture of about as many samples as a file holds that cannot be
// compressed well.
func noise() []byte {
	const height = maxBytes * 8 / 7 / (3 * width)
	random := rand.New(rand.NewPCG(1, 1))
	samples := plainRows(height, 1+3*width)
	for i := range samples {
		if i%(1+3*width) > 0 {
			samples[i] = byte(random.NormFloat64() * 25)
		}
	}
	return png(header{width: width, height: height, depth: 8, colour: colour}, chunk("IDAT", compress(samples, 1)))
}

// shortMatches is a picture of as many samples as there may be in matches of three
// bytes that have two bits each.
func shortMatches() []byte {
	const paeth, match, row = 4, 257, 1 + 3*width
	var b lsb
	b.put(1, 1)
	b.put(2, 2)
	b.put(match+1-257, 5)
	b.put(0, 5)
	b.put(19-4, 4)
	// The codes of lengths 0 to 15 have four bits, in the order 16, 17, 18, 0, ….
	for i := range 19 {
		b.put(uint64(min(1, i/3))*4, 3)
	}
	lengths := map[int]uint64{0: 2, paeth: 3, match - 1: 3, match: 1}
	for symbol := range match + 1 {
		b.code(lengths[symbol], 4)
	}
	b.code(1, 4) // the distance of one byte
	sum := adler32.New()
	for range height {
		b.code(0b110, 3)
		for range 3 {
			b.code(0b10, 2)
		}
		for range width - 1 {
			b.put(0, 2)
		}
		_, _ = sum.Write(plainRows(1, row))
	}
	b.code(0b111, 3)
	b.pad()
	z := slices.Concat([]byte{0x78, 1}, b.Bytes(), sum.Sum(nil))
	return png(header{width: width, height: height, depth: 8, colour: colour}, chunk("IDAT", z))
}

// narrowTable is a block (RFC 1951, section 3.2.7) of few bytes whose only code
// is its end.
func narrowTable(b *lsb) {
	b.put(0, 1)
	b.put(2, 2)
	b.put(0, 5)
	b.put(0, 5)
	b.put(18-4, 4)
	// Codes of lengths, in the order 16, 17, 18, 0, …, 1: 18 has one bit, 0 and
	// 1 have two.
	for _, n := range []uint64{0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2} {
		b.put(n, 3)
	}
	for _, zeros := range []uint64{138, 118} {
		b.code(0, 1)
		b.put(zeros-11, 7)
	}
	b.code(0b11, 2) // the end has one bit
	b.code(0b10, 2) // and no distance has any
	b.code(0, 1)
}

// wideTable is a block with every code that there may be.
func wideTable(b *lsb) {
	b.put(0, 1)
	b.put(2, 2)
	b.put(29, 5)
	b.put(29, 5)
	b.put(12-4, 4)
	// Codes of lengths, in the order 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4:
	// 16 has one bit; 4, 5, 8 and 10 have three.
	for _, n := range []uint64{1, 0, 0, 0, 3, 0, 0, 0, 3, 3, 0, 3} {
		b.put(n, 3)
	}
	lengths := map[int]uint64{4: 0b100, 5: 0b101, 8: 0b110, 10: 0b111}
	put := func(length, n int) {
		b.code(lengths[length], 3)
		for n--; n > 2; {
			r := min(n, 6)
			if n-r == 1 || n-r == 2 {
				r = 3
			}
			b.code(0, 1)
			b.put(uint64(r-3), 2)
			n -= r
		}
		for range n {
			b.code(lengths[length], 3)
		}
	}
	const eights, tens = 246, 40
	put(8, eights)
	put(10, tens)
	put(4, 2)
	put(5, 28)
	b.code(eights<<2+256-eights, 10) // the end
}
