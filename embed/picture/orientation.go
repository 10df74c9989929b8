package picture

import (
	"bytes"
	"encoding/binary"
)

// upright is the EXIF orientation of a photo that needs no turning.
const upright = 1

// orientation is the EXIF orientation, 1 to 8; upright when the file does not
// say or what it says cannot be read. It looks at the container's headers and
// at the first directory of the first EXIF block, and at nothing they point to.
func orientation(data []byte, mediaType string) int {
	var exif []byte
	switch mediaType {
	case "image/jpeg":
		exif = exifOfJPEG(data)
	case "image/png":
		exif = exifOfPNG(data)
	case "image/webp":
		exif = exifOfWebP(data)
	}
	return orientationOf(exif)
}

// Fields of a TIFF directory (TIFF 6.0, section 2) and of EXIF's orientation
// (CIPA DC-008, section 4.6.4).
const (
	tiffHeader     = 8
	tiffMagic      = 42
	tiffShort      = 3
	entrySize      = 12
	tagOrientation = 0x0112
	// maxEntries is well above the entries that cameras write.
	maxEntries = 512
)

// orientationOf reads the first directory of an EXIF block, which is a TIFF
// file without pixels.
func orientationOf(exif []byte) int {
	if len(exif) < tiffHeader {
		return upright
	}
	var order binary.ByteOrder
	switch string(exif[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return upright
	}
	at := uint64(order.Uint32(exif[4:]))
	if order.Uint16(exif[2:]) != tiffMagic || at+2 > uint64(len(exif)) {
		return upright
	}
	entries := exif[at+2:]
	n := min(int(order.Uint16(exif[at:])), maxEntries, len(entries)/entrySize)
	for i := range n {
		e := entries[i*entrySize:]
		if order.Uint16(e) != tagOrientation {
			continue
		}
		value := int(order.Uint16(e[8:]))
		if order.Uint16(e[2:]) != tiffShort || order.Uint32(e[4:]) != 1 || value < 1 || value > 8 {
			return upright
		}
		return value
	}
	return upright
}

// exifPrefix comes before the EXIF block in a JPEG's segment, and by mistake in
// some WebP files.
var exifPrefix = []byte("Exif\x00\x00")

// exifOfJPEG is the block in the first APP1 segment that has one, before the
// image.
func exifOfJPEG(data []byte) []byte {
	const app1 = 0xe1
	for s := range jpegSegments(data) {
		if s.marker == jpegSOS {
			break
		}
		if exif, ok := bytes.CutPrefix(s.data, exifPrefix); ok && s.marker == app1 {
			return exif
		}
	}
	return nil
}

// exifOfPNG is the block in the eXIf chunk (PNG third edition, section
// 11.3.4.5).
func exifOfPNG(data []byte) []byte {
	for kind, chunk := range pngChunks(data) {
		if kind == "eXIf" {
			return chunk
		}
	}
	return nil
}

// exifOfWebP is the block in the EXIF chunk (RFC 9649, section 2.7).
func exifOfWebP(data []byte) []byte {
	for kind, chunk := range webpChunks(data) {
		if kind == "EXIF" {
			exif, _ := bytes.CutPrefix(chunk, exifPrefix)
			return exif
		}
	}
	return nil
}
