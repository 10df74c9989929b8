package photo_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
)

// What is of a format that is not read is named, and what to do is said.
func TestForeignFilesAreNamed(t *testing.T) {
	box := func(brands string) string { return "\x00\x00\x00" + string(rune(8+len(brands))) + "ftyp" + brands }
	cases := map[string]string{
		box("heic\x00\x00\x00\x00mif1heic"):                  "the file is a HEIC; send a JPEG, as iPhones take",
		box("mif1\x00\x00\x00\x00mif1miafheix"):              "the file is a HEIC; ",
		box("avif\x00\x00\x00\x00avifmif1"):                  "the file is an AVIF; send a JPEG",
		box("mif1\x00\x00\x00\x00mif1avifmiaf"):              "the file is an AVIF; send a JPEG",
		box("crx \x00\x00\x00\x01crx isom"):                  "the file is a camera's raw photo (CR3); send a JPEG",
		box("isom\x00\x00\x02\x00isomiso2avc1mp41"):          "the file is a video; send one of its pictures as a JPEG",
		box("qt  \x00\x00\x02\x00qt  "):                      "the file is a video; ",
		"\x1a\x45\xdf\xa3\x01\x00\x00\x00":                   "the file is a video; ",
		"RIFF\x00\x10\x00\x00AVI LIST":                       "the file is a video; ",
		"\xff\x0a\xfa\x1f":                                   "the file is a JPEG XL; send a JPEG",
		"\x00\x00\x00\x0cJXL \r\n\x87\n\x00":                 "the file is a JPEG XL; send a JPEG",
		"\x00\x00\x00\x0cjP  \r\n\x87\n\x00":                 "the file is a JPEG 2000; send a JPEG",
		"II*\x00\x08\x00\x00\x00":                            "the file is a TIFF or a camera's raw photo (DNG, NEF, ARW); send a JPEG",
		"MM\x00*\x00\x00\x00\x08":                            "the file is a TIFF or a camera's raw photo (DNG, NEF, ARW); send a JPEG",
		"II*\x00\x10\x00\x00\x00CR\x02\x00":                  "the file is a camera's raw photo (CR2); send a JPEG",
		"%PDF-1.7\n":                                         "the file is a PDF; send the picture in it as a JPEG",
		"PK\x03\x04\x14\x00":                                 "the file is a ZIP archive or an office document; ",
		"<?xml version=\"1.0\"?>\n<svg width=\"1\">":         "the file is an SVG; send a JPEG",
		"<svg xmlns=\"http://www.w3.org/2000/svg\"/>":        "the file is an SVG; ",
		"\n<!DOCTYPE html><title>404</title>":                "the file is an HTML page; ",
		"<?xml version=\"1.0\"?><Error/>":                    "the file is XML; ",
		"{\"image\":\"…\"}":                                  "the file is JSON; ",
		"data:image/jpeg;base64,/9j/4AAQ":                    "the file is a data URL; ",
		"not a photo":                                        "the file is text; ",
		strings.Repeat("é", 400):                             "the file is text; ",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdJF": "the file is spoilt, as by being read or sent as text; send its bytes as they are",
		"\x89PNG\n\x1a\n\x00\x00\x00\rIHDR":                  "the file is spoilt, as by being read or sent as text; send its bytes as they are",
		string(make([]byte, 100)):                            "the file is of no known format; send a JPEG",
		"\x00":                                               "the file is of no known format; send a JPEG",
	}
	for content, want := range cases {
		_, err := photo.MediaType([]byte(content))
		require.ErrorIs(t, err, photo.ErrUnsupported, "%q", content)
		_, detail, _ := strings.Cut(err.Error(), photo.ErrUnsupported.Error()+": ")
		require.True(t, strings.HasPrefix(detail, want), "%q: %s", content, detail)
	}
}
