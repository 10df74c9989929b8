package picturetest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

func hostileEXIF() []Photo {
	return []Photo{
		{"jpeg: exif of nested directories", nil, func() []byte { return JPEGWithEXIF(directories(60 << 10)) }},
		{"png: exif of nested directories", nil, func() []byte { return PNGWithEXIF(directories(800 << 10)) }},
		{"webp: exif of nested directories", nil, func() []byte { return WebPWithEXIF(directories(800 << 10)) }},
		{"jpeg: exif in many blocks", nil, func() []byte {
			plain, block := plainJPEG(), segment(0xe1, append([]byte("Exif\x00\x00"), entries(5400)...))
			return slices.Concat(plain[:2], fill(block, len(plain)), plain[2:])
		}},
		{"png: exif of all entries, in many chunks", nil, func() []byte {
			return png(header{width: 32, height: 32, depth: 8}, bytes.Repeat(chunk("eXIf", entries(1<<16-1)), 12), chunk("IDAT", rows(32, 33)))
		}},
	}
}

// entries is an EXIF block of one directory that does not say which way is up.
func entries(n uint16) []byte {
	exif := binary.BigEndian.AppendUint16([]byte("MM\x00\x2a\x00\x00\x00\x08"), n)
	return append(exif, make([]byte, 12*int(n)+4)...)
}

// directories is an EXIF block of so many bytes, made of directories whose
// every entry leads to the next directory.
func directories(size int) []byte {
	const entries, entry = 256, 12
	const directory = 2 + entries*entry + 4
	exif := binary.BigEndian.AppendUint32([]byte("MM\x00\x2a"), 8)
	for len(exif)+directory < size-8 {
		next := uint32(len(exif) + directory)
		exif = binary.BigEndian.AppendUint16(exif, entries)
		for i := range entries {
			// Pointers to the EXIF, GPS and sub-directories.
			tag := [...]uint16{0x8769, 0x8825, 0x014a, 0xa005}[i%4]
			exif = binary.BigEndian.AppendUint16(exif, tag)
			exif = binary.BigEndian.AppendUint16(exif, 4)
			exif = binary.BigEndian.AppendUint32(exif, 1)
			exif = binary.BigEndian.AppendUint32(exif, next)
		}
		exif = binary.BigEndian.AppendUint32(exif, next)
	}
	return append(exif, make([]byte, size-8-len(exif))...)
}

// JPEGWithEXIF is a small photo with an EXIF block of up to 65,527 bytes.
func JPEGWithEXIF(exif []byte) []byte {
	plain := plainJPEG()
	app1 := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+8))
	return bytes.Join([][]byte{plain[:2], app1, []byte("Exif\x00\x00"), exif, plain[2:]}, nil)
}

// PNGWithEXIF is a small photo with an EXIF block.
func PNGWithEXIF(exif []byte) []byte {
	const size = 32
	return png(header{width: size, height: size, depth: 8}, chunk("eXIf", exif), chunk("IDAT", rows(size, 1+size)))
}

// WebPWithEXIF is a small photo with an EXIF block.
func WebPWithEXIF(exif []byte) []byte {
	const size, hasEXIF = 32, 1 << 3
	return webp(extended(hasEXIF, size, size), riff("VP8L", lossless(size, size, plain)), riff("EXIF", exif))
}
