package photo

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// signature is what files of a format that is not read have at an offset.
type signature struct {
	at    int
	magic string
	name  string
}

// signatures are the formats that are sent most often for photos. The first that
// fits counts.
var signatures = []signature{
	{0, "GIF8", "a GIF"},
	{0, "II*\x00\x10\x00\x00\x00CR", "a camera's raw photo (CR2)"},
	{0, "II*\x00", "a TIFF or a camera's raw photo (DNG, NEF, ARW)"},
	{0, "MM\x00*", "a TIFF or a camera's raw photo (DNG, NEF, ARW)"},
	{0, "II+\x00", "a TIFF"},
	{0, "MM\x00+", "a TIFF"},
	{0, "IIU\x00", "a camera's raw photo (RW2)"},
	{0, "IIRO", "a camera's raw photo (ORF)"},
	{0, "IIRS", "a camera's raw photo (ORF)"},
	{0, "MMOR", "a camera's raw photo (ORF)"},
	{0, "FUJIFILMCCD-RAW", "a camera's raw photo (RAF)"},
	{0, "\xff\x0a", "a JPEG XL"},
	{0, "\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL"},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000"},
	{0, "\xff\x4f\xff\x51", "a JPEG 2000"},
	{0, "8BPS", "a Photoshop file"},
	{0, "\x00\x00\x01\x00", "an icon"},
	{0, "%PDF-", "a PDF"},
	{0, "\x1a\x45\xdf\xa3", "a video"},
	{8, "AVI ", "a video"},
	{0, "FLV\x01", "a video"},
	{0, "\x00\x00\x01\xba", "a video"},
	{0, "\x00\x00\x01\xb3", "a video"},
	{0, "PK\x03\x04", "a ZIP archive or an office document"},
	{0, "\x1f\x8b", "compressed by gzip"},
	// A JPEG's and a PNG's first bytes after what programs do to text.
	{0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", spoilt},
	{0, "\xef\xbf\xbdPNG", spoilt},
	{0, "\xc3\xbf\xc3\x98\xc3\xbf", spoilt},
	{0, "\xc2\x89PNG", spoilt},
	{0, "\x89PNG", spoilt},
}

const spoilt = "spoilt, as by being read or sent as text"

// MediaType is what the content of a file is, image/jpeg, image/png, image/webp
// or image/bmp, told by its first bytes; else ErrUnsupported with the name of
// what it is, and what to do about it.
func MediaType(data []byte) (string, error) {
	f, ok := sniff(data)
	if !ok {
		return "", foreign(data)
	}
	return f.mediaType, nil
}

// format is one of those that are read, and how people call a file of it.
type format struct {
	mediaType, name string
}

func sniff(data []byte) (f format, ok bool) {
	const webpForm = 12
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return format{"image/jpeg", "a JPEG"}, true
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return format{"image/png", "a PNG"}, true
	case len(data) >= webpForm && string(data[:4]) == "RIFF" && string(data[8:webpForm]) == "WEBP":
		return format{"image/webp", "a WebP"}, true
	case isBMP(data):
		return format{"image/bmp", "a BMP"}, true
	}
	return format{}, false
}

// isBMP looks at the mark and at the length of the header behind it.
func isBMP(data []byte) bool {
	const lengthAt, most = 14, 124
	return bytes.HasPrefix(data, []byte("BM")) && len(data) > lengthAt+4 && binary.LittleEndian.Uint32(data[lengthAt:]) <= most
}

// foreign is ErrUnsupported with the name of what the content is, as far as its
// first bytes tell, and what to do about it.
func foreign(data []byte) error {
	name, advice := named(data), "send a JPEG"
	switch name {
	case "a HEIC":
		advice = "send a JPEG, as iPhones take with Settings, Camera, Formats, Most Compatible"
	case "a video":
		advice = "send one of its pictures as a JPEG"
	case "a PDF", "a ZIP archive or an office document":
		advice = "send the picture in it as a JPEG"
	case spoilt:
		advice = "send its bytes as they are"
	case "":
		name = "of no known format"
	}
	if strings.HasPrefix(name, "base64 text") {
		advice = "send the bytes that it stands for, or the text in a field of a JSON body"
	}
	return fmt.Errorf("%w: the file is %s; %s", ErrUnsupported, name, advice)
}

func named(data []byte) string {
	if name := namedBytes(data); name != "" {
		return name
	}
	return namedText(data)
}

// namedBytes tells files by their signatures.
func namedBytes(data []byte) string {
	for _, s := range signatures {
		if len(data) >= s.at && bytes.HasPrefix(data[s.at:], []byte(s.magic)) {
			return s.name
		}
	}
	return namedByBrand(data)
}

// namedByBrand reads the first box of the files that MP4's container holds
// (ISO/IEC 14496-12, section 4.3): its brand, and those it is compatible with.
func namedByBrand(data []byte) string {
	const box, most = 8, 64
	if len(data) < box+4 || string(data[4:box]) != "ftyp" {
		return ""
	}
	length := int(data[2])<<8 | int(data[3])
	brands := data[box:min(len(data), max(length, box+4), most)]
	name := "a video"
	for ; len(brands) >= 4; brands = brands[4:] {
		switch string(brands[:4]) {
		case "avif", "avis":
			return "an AVIF"
		case "heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1":
			name = "a HEIC"
		case "crx ":
			return "a camera's raw photo (CR3)"
		}
	}
	return name
}

// namedText tells texts by how they begin.
func namedText(data []byte) string {
	const enough = 512
	head := data[:min(len(data), enough)]
	for i := 0; i < utf8.UTFMax && !utf8.Valid(head); i++ { // a character may be cut
		head = head[:max(0, len(head)-1)]
	}
	if len(head) == 0 || !utf8.Valid(head) || bytes.IndexByte(head, 0) >= 0 {
		return ""
	}
	text := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n"))
	switch {
	case strings.Contains(text, "<svg"):
		return "an SVG"
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return "an HTML page"
	case strings.HasPrefix(text, "<"):
		return "XML"
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return "JSON"
	case strings.HasPrefix(text, "data:"):
		return "a data URL"
	}
	if name := namedBase64(head); name != "" {
		return "base64 text of " + name
	}
	return "text"
}

// namedBase64 is what base64 text is of, if that is known.
func namedBase64(head []byte) string {
	const group, few = 4, 64
	head = bytes.TrimLeft(head, " \t\r\n")
	head = head[:min(len(head), few)/group*group]
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(head)))
	n, err := base64.StdEncoding.Decode(decoded, head)
	if err != nil {
		return ""
	}
	decoded = decoded[:n]
	if f, ok := sniff(decoded); ok {
		return f.name
	}
	return namedBytes(decoded)
}
