package twoface_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	xdraw "golang.org/x/image/draw"

	"oneton/config"
	"oneton/document/documenttest"
	"oneton/embed/embedtest"
	"oneton/identify"
	"oneton/node"
	"oneton/pool"
)

// upload is a file that somebody sends for a check, and what it is in words.
type upload struct {
	what    string
	content []byte
}

// sent is a check of the upload in a new session, beside other fields.
func (u upload) sent(s *script, c client, path, part string, others m) {
	s.t.Helper()
	fields, shown := m{part: u.content}, []string{part + ": (" + u.what + ")"}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		value := others[name]
		text, ok := value.(string)
		if !ok {
			text = "(a photo of one person)"
		}
		shown = append(shown, name+": "+text)
		fields[name] = value
	}
	contentType, body := multipartOf(s.t, fields)
	s.sent(u.what, c.open(s.t, "SIGNUP"), "POST", path, contentType, body, strings.Join(shown, "\n"))
}

func decoded(t *testing.T, content []byte) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(content))
	require.NoError(t, err)
	return img
}

// shrunk is a photo brought to so many pixels' width.
func shrunk(t *testing.T, img image.Image, width int) []byte {
	t.Helper()
	b := img.Bounds()
	to := image.NewRGBA(image.Rect(0, 0, width, b.Dy()*width/b.Dx()))
	xdraw.CatmullRom.Scale(to, to.Rect, img, b, xdraw.Src, nil)
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, to, nil))
	return file.Bytes()
}

// photosRefused are of every kind that nothing can be said of.
func photosRefused(t *testing.T) (files, faces []upload) {
	t.Helper()
	one := embedtest.Photo(t, "obama.jpg")
	var plain bytes.Buffer
	require.NoError(t, png.Encode(&plain, image.NewGray(image.Rect(0, 0, 40, 40))))
	// The first chunk ends after 8 bytes of the file's and 25 of its own.
	chunks := slices.Concat(plain.Bytes()[:33], bytes.Repeat([]byte("\x00\x00\x00\x00tEXt\x96\x42\xc5\x85"), 10_001), plain.Bytes()[33:])
	vast := bytes.Clone(plain.Bytes())
	copy(vast[16:], "\x00\x00\x27\x10\x00\x00\x27\x10")
	binary.BigEndian.PutUint32(vast[29:], crc32.ChecksumIEEE(vast[12:29]))
	files = []upload{
		{"nothing", nil},
		{"a text", []byte("this is no photo")},
		{"a PDF", []byte("%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj")},
		{"an SVG", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>`)},
		{"a GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")},
		{"a HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1")},
		{"a JPEG that is cut off", one[:400]},
		{"a PNG of 10,000 by 10,000 pixels", vast},
		{"a PNG of 8 by 8 pixels", func() []byte {
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))
			return b.Bytes()
		}()},
		{"a PNG of 10,000 chunks", chunks},
	}
	faces = []upload{
		{"a photo of a cat", embedtest.Photo(t, "chelsea.png")},
		{"a photo of several people", embedtest.Photo(t, "sample5.jpg")},
		{"a photo of a face of few pixels", shrunk(t, decoded(t, one), 44)},
	}
	return files, faces
}

// animated is a GIF of the pictures, each shown for so many hundredths of a second.
func animated(t *testing.T, hundredths int, pictures ...image.Image) []byte {
	t.Helper()
	clip := &gif.GIF{}
	for _, p := range pictures {
		frame := image.NewPaletted(p.Bounds(), palette.Plan9)
		draw.Draw(frame, frame.Rect, p, p.Bounds().Min, draw.Src)
		clip.Image, clip.Delay = append(clip.Image, frame), append(clip.Delay, hundredths)
	}
	var file bytes.Buffer
	require.NoError(t, gif.EncodeAll(&file, clip))
	return file.Bytes()
}

// motion is motion JPEG of the pictures, of which 25 make a second.
func motion(t *testing.T, pictures ...image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	for _, p := range pictures {
		require.NoError(t, jpeg.Encode(&file, p, nil))
	}
	return file.Bytes()
}

// clipsRefused are clips of every kind that nothing can be said of, of somebody and of
// another person.
func clipsRefused(t *testing.T, one, other image.Image) []upload {
	t.Helper()
	still := func(n int, img image.Image) []image.Image { return slices.Repeat([]image.Image{img}, n) }
	dot := image.NewGray(image.Rect(0, 0, 32, 32))
	whole := animated(t, 8, still(24, dot)...)
	huge := bytes.Clone(whole)
	copy(huge[6:], "\xff\xff\xff\xff")
	pair := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for i, img := range []image.Image{one, other} {
		xdraw.CatmullRom.Scale(pair, image.Rect(320*i, 0, 320*i+320, 400), img, img.Bounds(), xdraw.Src, nil)
	}
	return []upload{
		{"nothing", nil},
		{"a text", []byte("this is no clip")},
		{"a PDF", []byte("%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj")},
		{"an SVG", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><animate/></svg>`)},
		{"a playlist", []byte("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")},
		{"a photo", embedtest.Photo(t, "obama.jpg")},
		{"an MP4, where there is no ffmpeg", append([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"), make([]byte, 4<<10)...)},
		{"a GIF that is cut off in its first picture", whole[:800]},
		{"a GIF of 65,535 by 65,535 pixels", huge},
		{"a GIF of a minute", animated(t, 1000, still(6, dot)...)},
		{"a GIF of 10,000 pictures", animated(t, 1, still(10_000, dot)...)},
		{"a clip of a third of a second", motion(t, still(8, one)...)},
		{"a clip of a cat", motion(t, still(25, decoded(t, embedtest.Photo(t, "chelsea.png")))...)},
		{"a clip of two people", motion(t, still(25, pair)...)},
		{"a clip of somebody who becomes another", motion(t, append(still(20, one), still(20, other)...)...)},
	}
}

// bust is somebody's face in a demo photo, with what is around it.
func bust(t *testing.T, n *node.Node, name string) image.Image {
	t.Helper()
	content := embedtest.Photo(t, name)
	seen, err := n.Service.Detect(pool.WithTenant(t.Context(), "test"), identify.DetectRequest{Photo: content})
	require.NoError(t, err)
	b := seen.Faces[0].Box
	cut := documenttest.Bust(decoded(t, content), float64(b.X), float64(b.Y), float64(b.Width), float64(b.Height))
	return decoded(t, shrunk(t, cut, 320))
}

// What the real models cannot use is refused for what it is.
func TestRefusals(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing but what the same calls share with stand-ins")
	}
	t.Setenv("PATH", t.TempDir()) // without ffmpeg
	n, r := realModels(t, nil)
	c := r.backend(t, "acme")
	s := &script{t: t}
	files, faces := photosRefused(t)
	one := m{"document": embedtest.Photo(t, "obama2.jpg")}
	for _, f := range files {
		f.sent(s, c, "/faces/detect", "file", nil)
	}
	for _, f := range append(files, faces...) {
		f.sent(s, c, "/faces/compare", "face", one)
	}
	card := documenttest.CedulaFront(documenttest.Random(rand.New(rand.NewPCG(1, 1))), bust(t, n, "obama.jpg"), 1)
	far := upload{"a card of 150 pixels' width", documenttest.Shoot(card, documenttest.Scene{Width: 600, Fill: 0.25}).JPEG}
	for _, f := range append(files, far) {
		f.sent(s, c, "/documents/validate-document-type", "file", m{"documentType": "CEDULA"})
	}
	s.is("refused-photos")

	s = &script{t: t}
	for _, f := range clipsRefused(t, bust(t, n, "obama.jpg"), bust(t, n, "biden.jpg")) {
		f.sent(s, c, "/faces/check-smile", "clip", nil)
		f.sent(s, c, "/faces/check-blink", "clip", nil)
	}
	_, r = realModels(t, func(cfg *config.Config) { cfg.Clip.Time = time.Millisecond })
	upload{"a clip that takes longer to judge than a clip may", motion(t, slices.Repeat([]image.Image{bust(t, n, "obama.jpg")}, 40)...)}.
		sent(s, r.backend(t, "acme"), "/faces/check-smile", "clip", nil)
	s.is("refused-clips")
}

// A server without the models of documents and clips says so, and counts faces.
func TestRefusedWithoutModels(t *testing.T) {
	folder := t.TempDir()
	models, err := filepath.Glob(filepath.Join(embedtest.Models(t), "face_*.onnx"))
	require.NoError(t, err)
	for _, path := range models {
		require.NoError(t, os.Symlink(path, filepath.Join(folder, filepath.Base(path))))
	}
	_, r := realModels(t, func(cfg *config.Config) { cfg.Setup.Models = folder })
	c, s := r.backend(t, "acme"), &script{t: t}
	photo := upload{"a photo of one person", embedtest.Photo(t, "obama.jpg")}
	photo.sent(s, c, "/faces/detect", "file", nil)
	photo.sent(s, c, "/documents/validate-document-type", "file", m{"documentType": "CEDULA"})
	photo.sent(s, c, "/documents/validate-identity", "file", m{"documentType": "CEDULA", "documentId": cedula})
	clip := upload{"a clip", animated(t, 8, slices.Repeat([]image.Image{image.NewGray(image.Rect(0, 0, 32, 32))}, 24)...)}
	clip.sent(s, c, "/faces/check-smile", "clip", nil)
	clip.sent(s, c, "/faces/check-blink", "clip", nil)
	s.is("refused-without-models")
}
