package picture

import (
	"bytes"
	"encoding/binary"
	"iter"

	"oneton/picture/internal/jpeg"
)

// upright is the EXIF orientation of a photo that needs no turning.
const upright = 1

// orientation is the EXIF orientation, 1 to 8; upright when the file does not
// say or what it says cannot be read. Of several EXIF blocks the first that says
// counts. It looks at the container's headers and at the first directory of each
// block, and at nothing that an entry points to, so its work is bounded by the
// file's length. XMP is not read.
func orientation(data []byte, mediaType string) int {
	blocks := map[string]func([]byte) iter.Seq[[]byte]{
		"image/jpeg": exifOfJPEG, "image/png": exifOfPNG, "image/webp": exifOfWebP,
	}
	exif, ok := blocks[mediaType]
	if !ok {
		return upright
	}
	for block := range exif(data) {
		if o, ok := orientationOf(block); ok {
			return o
		}
	}
	return upright
}

// Fields of a TIFF directory (TIFF 6.0, section 2) and of EXIF's orientation
// (CIPA DC-008, section 4.6.4).
const (
	tiffHeader     = 8
	tiffMagic      = 42
	entrySize      = 12
	tagOrientation = 0x0112
)

// orientationOf reads the first directory of an EXIF block, which is a TIFF
// file without pixels. The directory's first entry for the orientation counts.
func orientationOf(exif []byte) (value int, ok bool) {
	for bytes.HasPrefix(exif, exifPrefix) {
		exif = exif[min(len(exifPrefix)+1, len(exif)):]
	}
	if len(exif) < tiffHeader {
		return 0, false
	}
	var order binary.ByteOrder
	switch string(exif[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := uint64(order.Uint32(exif[4:]))
	if order.Uint16(exif[2:]) != tiffMagic || at+2 > uint64(len(exif)) {
		return 0, false
	}
	entries := exif[at+2:]
	n := min(int(order.Uint16(exif[at:])), len(entries)/entrySize)
	for i := range n {
		e := entries[i*entrySize:]
		if order.Uint16(e) == tagOrientation {
			value = wholeNumber(order, e[2:entrySize])
			return value, value >= 1 && value <= 8
		}
	}
	return 0, false
}

// wholeNumber is the first value of an entry, given from its type on, or 0 where
// that is no whole number. The standard has the orientation as a SHORT; some
// writers use other types, which other readers take, too.
func wholeNumber(order binary.ByteOrder, entry []byte) int {
	const (
		tiffByte, tiffShort, tiffLong                   = 1, 3, 4
		tiffSignedByte, tiffSignedShort, tiffSignedLong = 6, 8, 9
	)
	value := entry[6:]
	if order.Uint32(entry[2:]) == 0 {
		return 0
	}
	switch order.Uint16(entry) {
	case tiffByte, tiffSignedByte:
		return int(value[0])
	case tiffShort, tiffSignedShort:
		return int(order.Uint16(value))
	case tiffLong, tiffSignedLong:
		return int(order.Uint32(value))
	}
	return 0
}

// exifPrefix and a byte of padding come before the EXIF block in a JPEG's
// segment, and by mistake in some PNG and WebP files.
var exifPrefix = []byte("Exif\x00")

// exifOfJPEG are the blocks in the APP1 segments before the image.
func exifOfJPEG(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for s := range jpeg.Headers(data) {
			if s.Marker == jpeg.APP1 && bytes.HasPrefix(s.Data, exifPrefix) && !yield(s.Data) {
				return
			}
		}
	}
}

// exifOfPNG are the blocks in the eXIf chunks (PNG third edition, section
// 11.3.4.5).
func exifOfPNG(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for kind, chunk := range pngChunks(data) {
			if kind == "IEND" || kind == "eXIf" && !yield(chunk) {
				return
			}
		}
	}
}

// exifOfWebP are the blocks in the EXIF chunks (RFC 9649, section 2.7).
func exifOfWebP(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for kind, chunk := range webpChunks(data) {
			if kind == "EXIF" && !yield(chunk) {
				return
			}
		}
	}
}
