package clip

import (
	"bytes"
	"slices"
)

// kind is what a clip's first bytes say that it is.
type kind int

const (
	unknownKind kind = iota
	gifKind
	// jpegKind is JPEGs one behind the other, also as the parts of a multipart
	// stream.
	jpegKind
	aviKind
	mp4Kind
	matroskaKind
)

// sniff tells clips by their signatures. What is told as a video is given to
// ffmpeg as that and nothing else: it looks for no other format, of which some
// name files and hosts.
func sniff(data []byte) kind {
	const boxHeader, riffForm = 8, 12
	switch {
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return gifKind
	case bytes.HasPrefix(data, startOfImage), isMultipart(data):
		return jpegKind
	case len(data) >= riffForm && string(data[:4]) == "RIFF" && string(data[boxHeader:riffForm]) == "AVI ":
		return aviKind
	case bytes.HasPrefix(data, []byte("\x1a\x45\xdf\xa3")):
		return matroskaKind
	case len(data) >= boxHeader && isMP4(data):
		return mp4Kind
	}
	return unknownKind
}

// stillBrands are those of photos in MP4's container.
var stillBrands = []string{"heic", "heix", "mif1", "avif", "crx "}

// isMP4 looks at the name of the first box (ISO/IEC 14496-12, section 4.2; older
// QuickTime files have no ftyp), and leaves out the brands of still pictures.
func isMP4(data []byte) bool {
	switch string(data[4:8]) {
	case "ftyp":
		const brand = 8
		switch {
		case len(data) < brand+4:
			return false
		case slices.Contains(stillBrands, string(data[brand:brand+4])):
			return false
		}
		return true
	case "moov", "mdat", "wide", "free", "skip":
		return true
	}
	return false
}
