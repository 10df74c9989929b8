package picturetest

import (
	"encoding/binary"
	"slices"
)

func hostileBMP() []Photo {
	return []Photo{
		{"bmp: all the bytes", nil, func() []byte {
			const across = 1800
			down := (maxBytes - 4096) / (3 * across)
			return slices.Concat(bmpHeader(across, down, 24, 0), make([]byte, 3*across*down))
		}},
		{"bmp: one bit a pixel", nil, func() []byte {
			return slices.Concat(bmpHeader(width, height, 1, 2), make([]byte, width/8*height))
		}},
		{"bmp: rows that are not there", corrupt, func() []byte { return bmpHeader(width, height, 32, 0) }},
		{"bmp: too many pixels", tooLarge, func() []byte { return bmpHeader(1<<30, 1<<30, 24, 0) }},
		{"bmp: the least height there is", tooLarge, func() []byte { return bmpHeader(32, -1<<31, 24, 0) }},
		{"bmp: colours that are not there", corrupt, func() []byte { return bmpHeader(32, 32, 8, 256)[:60] }},
	}
}

// bmpHeader is what comes before the rows, colours included.
func bmpHeader(across, down, bits, colours int) []byte {
	const file, info = 14, 40
	h := make([]byte, file+info+4*colours)
	copy(h, "BM")
	binary.LittleEndian.PutUint32(h[10:], uint32(len(h)))
	binary.LittleEndian.PutUint32(h[14:], info)
	binary.LittleEndian.PutUint32(h[18:], uint32(across))
	binary.LittleEndian.PutUint32(h[22:], uint32(down))
	binary.LittleEndian.PutUint16(h[26:], 1)
	binary.LittleEndian.PutUint16(h[28:], uint16(bits))
	binary.LittleEndian.PutUint32(h[46:], uint32(colours))
	return h
}
