package picturetest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"slices"
)

func hostileJPEG() []Photo {
	return []Photo{
		{"jpeg: a thousand scans", tooComplex, func() []byte { return progressive(half, 3, 1000, 0) }},
		{"jpeg: a thousand scans of few pixels", tooComplex, func() []byte { return progressive(24, 3, 1000, 0) }},
		{"jpeg: a hundred scans", tooComplex, func() []byte { return progressive(height, 1, 99, 0) }},
		{"jpeg: progressive, too many samples", tooLarge, func() []byte { return progressive(height, 4, 0, 0) }},
		{"jpeg: as many scans as are taken", nil, func() []byte { return progressive(height, 3, 11, 0) }},
		{"jpeg: as many scans as are taken, full", nil, func() []byte { return progressive(height, 3, 10, 18<<20) }},
		{"jpeg: as many scans as are taken, grey", nil, func() []byte { return progressive(height, 1, 13, 0) }},
		{"jpeg: progressive without data", corrupt, func() []byte { return progressive(half, 3, 0, -1) }},
		{"jpeg: progressive, cut in the last coefficients", nil, func() []byte {
			data := progressive(height, 1, 0, 18<<20)
			return data[:len(data)*3/4]
		}},
		{"jpeg: progressive, cut in the first coefficients", corrupt, func() []byte {
			data := progressive(height, 3, 11, 0)
			return data[:len(data)/2]
		}},
		{"jpeg: scans of all components again", tooComplex, func() []byte { return sequential(height, 3, 4) }},
		{"jpeg: three components", nil, func() []byte { return sequential(height, 3, 1) }},
		{"jpeg: three components, stray bytes at the end", nil, func() []byte {
			data := sequential(height, 3, 1)
			return slices.Concat(data[:len(data)-2], []byte{0, 0xff, 0xd9})
		}},
		{"jpeg: four components", nil, func() []byte { return sequential(height, 4, 1) }},
		{"jpeg: three components, cut", nil, func() []byte {
			data := sequential(height, 3, 1)
			return data[:len(data)*3/4]
		}},
		{"jpeg: three components, data of a row", corrupt, func() []byte { return sequential(height, 3, 1)[:8000] }},
		{"jpeg: no Huffman tables", nil, func() []byte { return standardTables(height) }},
		{"jpeg: no Huffman tables, no data", corrupt, func() []byte { return standardTables(height)[:300] }},
		{"jpeg: height behind the scan", nil, func() []byte { return linesBehind(height, standardTables(height)) }},
		{"jpeg: height behind the scan, too many pixels", tooLarge, func() []byte { return linesBehind(height+1, standardTables(height)) }},
		{"jpeg: height behind the scan, of few data", corrupt, func() []byte {
			return linesBehind(height, standardTables(8))
		}},
		{"jpeg: most blocks in a unit", nil, func() []byte { return sampled(0x42, 0x11, 0x11) }},
		{"jpeg: more chroma than luma", nil, func() []byte { return sampled(0x11, 0x41, 0x41) }},
		{"jpeg: tables", tooComplex, func() []byte {
			return frame(0xc0, height, 3, fill(segment(0xc4, flatTable(0x00, 0)), 1<<20), scan([]byte{0, 1, 2}, 0, 63, 0, make([]byte, 600<<10)))
		}},
		{"jpeg: tables, many in a segment", tooComplex, func() []byte {
			one := segment(0xc4, bytes.Repeat(flatTable(0x10, 0), 3600))
			return frame(0xc0, height, 3, fill(one, 1<<20), scan([]byte{0, 1, 2}, 0, 63, 0, make([]byte, 600<<10)))
		}},
		{"jpeg: comments", corrupt, func() []byte { return frame(0xc0, height, 3, fill(segment(0xfe, nil), 4096)) }},
		{"jpeg: long comments", corrupt, func() []byte {
			return frame(0xc0, height, 3, fill(segment(0xfe, make([]byte, 65533)), 4096))
		}},
		{"jpeg: fill bytes", corrupt, func() []byte { return frame(0xc0, height, 3, fill([]byte{0xff}, 4096)) }},
		{"jpeg: stray bytes", corrupt, func() []byte { return frame(0xc0, height, 3, fill([]byte{0xff, 0}, 4096)) }},
		{"jpeg: restarts", nil, restarts},
	}
}

// standardTables is a grey picture of few bits, of the codes that a JPEG without
// tables has.
func standardTables(height int) []byte {
	// 00 for the same level as before and 1010 for the end of a block.
	return frame(0xc0, height, 1, scan([]byte{0}, 0, 63, 0, bytes.Repeat([]byte{0x28, 0xa2, 0x8a}, (blocksOf(height)+3)/4)))
}

// linesBehind tells the height of a picture behind its scan.
func linesBehind(height int, data []byte) []byte {
	data = bytes.Clone(data)
	sof := bytes.Index(data, []byte{0xff, 0xc0})
	data[sof+5], data[sof+6] = 0, 0
	return slices.Concat(data[:len(data)-2], segment(0xdc, []byte{byte(height >> 8), byte(height & 0xff)}), data[len(data)-2:])
}

// sampled is a picture of random coefficients with the sampling factors, which
// has as many pixels as it may.
func sampled(factors ...byte) []byte {
	data := sequential(height, 3, 1)
	sof := bytes.Index(data, []byte{0xff, 0xc0})
	for i, f := range factors {
		data[sof+11+3*i] = f
	}
	return data
}

func plainJPEG() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 32)), nil) // a buffer takes all
	return b.Bytes()
}

// segment is a marker with its data.
func segment(marker byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// flatTable is a Huffman table of the class and id whose codes have equal
// length.
func flatTable(class byte, symbols ...byte) []byte {
	counts := make([]byte, 16)
	n := 0
	for 1<<n < len(symbols) {
		n++
	}
	counts[max(n, 1)-1] = byte(len(symbols))
	return slices.Concat([]byte{class}, counts, symbols)
}

// frame is a JPEG of the kind, height and number of components with what is between its
// header and its end.
func frame(kind byte, height int, components byte, rest ...[]byte) []byte {
	sof := []byte{8, byte(height >> 8), byte(height), width >> 8, width & 0xff, components}
	for c := range components {
		sof = append(sof, c+1, 0x11, 0)
	}
	parts := [][]byte{
		{0xff, 0xd8},
		segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)),
		segment(kind, sof),
	}
	if components == 4 {
		parts = append(parts, segment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x02")))
	}
	return slices.Concat(append(append(parts, rest...), []byte{0xff, 0xd9})...)
}

// blocksOf is how many blocks a component has.
func blocksOf(height int) int { return width / 8 * ((height + 7) / 8) }

// scan is a scan's header and data.
func scan(components []byte, from, to, approximation byte, data []byte) []byte {
	header := []byte{byte(len(components))}
	for _, c := range components {
		header = append(header, c+1, 0)
	}
	return append(segment(0xda, append(header, from, to, approximation)), data...)
}

// progressive is a picture with a scan of all first coefficients and more scans
// of the others, over and over, which change nothing. Before those, scans hold
// random coefficients in so many bytes; below zero there is no scan with
// data.
func progressive(height int, components byte, more, coefficients int) []byte {
	blocks := blocksOf(height)
	// A first coefficient is one bit; another is 0 for its end of band, 10 for
	// a band's end in many blocks, 11 for a value of one bit.
	tables := segment(0xc4, append(flatTable(0x00, 0),
		0x10, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xe0, 0x00))
	all := []byte{0, 1, 2, 3}[:components]
	dc := msb{stuffed: true}
	if coefficients >= 0 {
		for range blocks * int(components) {
			dc.put(0, 1)
		}
		dc.pad()
	}
	parts := [][]byte{tables, scan(all, 0, 0, 0, dc.Bytes())}
	if coefficients > 0 {
		parts = append(parts, scan([]byte{0}, 1, 63, 0, randomBlocks(blocks, coefficients)))
	}
	const longest = 1<<15 - 1
	none := msb{stuffed: true}
	for left := blocks; left > 0; left -= min(left, longest) {
		none.put(0b10, 2)
		none.put(longest&(1<<14-1), 14)
	}
	none.pad()
	for i := range more {
		c := []byte{byte(i) % components}
		approximation := byte(0x10)
		if coefficients > 0 && c[0] == 0 {
			approximation = 0 // refining would need a bit for each coefficient
		}
		parts = append(parts, scan(c, 1, 63, approximation, none.Bytes()))
	}
	return frame(0xc2, height, components, parts...)
}

// randomBlocks are blocks whose 63 coefficients are 1 or -1, for about so many
// bytes, and then empty ones.
func randomBlocks(blocks, size int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	b := msb{stuffed: true}
	left := blocks
	for ; left > 0 && b.Len() < size; left-- {
		for range 63 {
			b.put(rng.Uint64N(2), 2) // 0 and a sign
		}
	}
	for ; left > 0; left-- {
		b.put(0b11, 2)
	}
	b.pad()
	return b.Bytes()
}

// sequential is a picture of so many scans of everything, of random
// coefficients.
func sequential(height int, components byte, scans int) []byte {
	blocks := blocksOf(height)
	tables := segment(0xc4, append(flatTable(0x00, 0, 1), flatTable(0x10, 0, 0x01, 0xf0, 0x41)...))
	rng := rand.New(rand.NewPCG(1, 2))
	b := msb{stuffed: true}
	for range blocks * int(components) {
		b.put(0, 1)
		for range min(3, 10_000_000/blocks/int(components)/scans) {
			b.put(0b01, 2)
			b.put(rng.Uint64N(2), 1)
		}
		b.put(0, 2)
	}
	b.pad()
	all := []byte{0, 1, 2, 3}[:components]
	parts := [][]byte{tables}
	for range scans {
		parts = append(parts, scan(all, 0, 63, 0, b.Bytes()))
	}
	return frame(0xc0, height, components, parts...)
}

// restarts is a picture with a restart after each unit.
func restarts() []byte {
	tables := segment(0xc4, append(flatTable(0x00, 0), flatTable(0x10, 0)...))
	blocks := blocksOf(height)
	var data bytes.Buffer
	for i := range blocks {
		data.WriteByte(0x3f)
		if i+1 < blocks {
			data.Write([]byte{0xff, 0xd0 + byte(i)%8})
		}
	}
	return frame(0xc0, height, 1, segment(0xdd, []byte{0, 1}), tables, scan([]byte{0}, 0, 63, 0, data.Bytes()))
}
