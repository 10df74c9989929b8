package picture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"iter"
	"strings"

	"oneton/photo"
)

// pngSignature begins every PNG.
const pngSignature = "\x89PNG\r\n\x1a\n"

// pngChunk is a chunk of a PNG. It may be less than whole at the end of the file;
// it is sound when it is whole and its checksum is right.
type pngChunk struct {
	kind         string
	content      []byte
	whole, sound bool
}

// pngChunks are the chunks of a PNG, by kind, up to its end or to that of the
// file, where the last may have less than it announces. A chunk whose checksum
// is wrong counts as absent, which is libpng's rule, unless it is of image data:
// these have a checksum of their own.
func pngChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for c := range allPNGChunks(data) {
			if (c.sound || c.kind == pngData) && !yield(c.kind, c.content) {
				return
			}
		}
	}
}

// allPNGChunks are the chunks up to the end, sound or not.
func allPNGChunks(data []byte) iter.Seq[pngChunk] {
	return func(yield func(pngChunk) bool) {
		const header, name, sum = 8, 4, 4
		for at := len(pngSignature); at+header <= len(data); {
			kind, content := string(data[at+name:at+header]), data[at+header:]
			length := int(binary.BigEndian.Uint32(data[at:]))
			whole := length+sum <= len(content)
			sound := whole && crc32.ChecksumIEEE(data[at+name:at+header+length]) == binary.BigEndian.Uint32(content[length:])
			if kind == "IEND" || !yield(pngChunk{kind, content[:min(length, len(content))], whole, sound}) || !whole {
				return
			}
			at += header + length + sum
		}
	}
}

// pngData is the kind of the chunks that hold the compressed samples.
const pngData = "IDAT"

// pngHeaderAt is where its content begins.
const pngHeaderAt = 16

// pngHeader is the content of the chunk that comes first.
type pngHeader []byte

func headerOfPNG(data []byte) (pngHeader, error) {
	const length = 13
	for kind, content := range pngChunks(data) {
		if kind == "IHDR" && len(content) == length {
			return content, nil
		}
		break
	}
	return nil, fmt.Errorf("%w: the PNG does not begin with a whole header", photo.ErrCorrupt)
}

func (h pngHeader) size() image.Point {
	return image.Pt(int(binary.BigEndian.Uint32(h)), int(binary.BigEndian.Uint32(h[4:])))
}

func (h pngHeader) depth() int { return int(h[8]) }

// Colour types (PNG third edition, section 11.2.1).
const (
	pngGrey, pngColour, pngPalette, pngGreyAlpha, pngColourAlpha = 0, 2, 3, 4, 6
)

func (h pngHeader) colourType() byte { return h[9] }

func (h pngHeader) interlaced() bool { return h[12] != 0 }

// rowBytes is how many bytes a row's samples take.
func (h pngHeader) rowBytes() int {
	channels := map[byte]int{pngGrey: 1, pngColour: 3, pngPalette: 1, pngGreyAlpha: 2, pngColourAlpha: 4}[h.colourType()]
	return (h.size().X*channels*h.depth() + 7) / 8
}

func sizeOfPNG(data []byte) (image.Point, error) {
	h, err := headerOfPNG(data)
	if err != nil {
		return image.Point{}, err
	}
	return h.size(), nil
}

// endsEarly tells image/png's error, or that of its reader within, on data that
// end before the picture or its checksum do.
func endsEarly(err error) bool {
	var format png.FormatError
	return errors.As(err, &format) && strings.HasSuffix(string(format), "not enough pixel data")
}

func decodePNG(ctx context.Context, _ *Decoder, data []byte) (*Picture, error) {
	data = withoutFill(data)
	plain, err := plainPNG(data, true)
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(&contextReader{ctx: ctx, data: plain})
	switch {
	case endsEarly(err):
		return decodeCutPNG(ctx, data, plain[pngHeaderAt:])
	case err != nil:
		return nil, err
	}
	return view(img, "image/png"), nil
}

// plainPNG is the file with nothing but what its picture is made of, in the form
// that image/png takes: with right checksums and an end, without a palette or a
// transparent colour that the picture cannot have. Without its data it is what
// comes before them.
func plainPNG(data []byte, whole bool) ([]byte, error) {
	h, err := headerOfPNG(data)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, 0, len(data)+64)
	plain = appendPNGChunk(append(plain, pngSignature...), "IHDR", h)
	colours, transparent, samples := 0, false, false
	for kind, content := range pngChunks(data) {
		switch {
		case kind == pngData && !whole:
			return plain, nil
		case kind == pngData:
			samples = true
			if len(content) > 0 {
				plain = appendPNGChunk(plain, pngData, content)
			}
		case samples: // what comes between data and other data is none of the picture's
			return appendPNGChunk(plain, "IEND", nil), nil
		case kind == "PLTE" && h.colourType() == pngPalette && colours == 0:
			colours = min(len(content)/3, 1<<h.depth())
			plain = appendPNGChunk(plain, kind, content[:3*colours])
		case kind == "tRNS" && !transparent:
			if most := h.transparency(colours); most > 0 && (len(content) >= most || colours > 0) {
				transparent = true
				plain = appendPNGChunk(plain, kind, content[:min(most, len(content))])
			}
		}
	}
	return appendPNGChunk(plain, "IEND", nil), nil
}

// transparency is how many bytes say which colours are transparent.
func (h pngHeader) transparency(colours int) int {
	const sample = 2
	switch h.colourType() {
	case pngGrey:
		return sample
	case pngColour:
		return 3 * sample
	case pngPalette:
		return colours
	}
	return 0
}

func appendPNGChunk(file []byte, kind string, content []byte) []byte {
	file = binary.BigEndian.AppendUint32(file, uint32(len(content)))
	from := len(file)
	file = append(append(file, kind...), content...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[from:]))
}

// animatedPNG is photo.ErrUnsupported for a file with more than one picture (APNG,
// part of PNG third edition). One with a single frame is a still.
func animatedPNG(data []byte) error {
	animated := false
	for kind := range pngChunks(data) {
		switch {
		case kind == "acTL":
			animated = true
		case kind == pngData && !animated:
			return nil
		case kind == "fdAT":
			return fmt.Errorf("%w: an animated PNG; send one of its pictures as a still", photo.ErrUnsupported)
		}
	}
	return nil
}

const (
	// maxPNGBytes is the most bytes of samples of a PNG, by the pixels that are
	// allowed: those of 8-bit colour. Inflating takes most of the time.
	maxPNGBytes = 3
	// maxChunks is the most chunks beside the image data, which may be in many.
	maxChunks = 10_000
	// dataCost is how many bytes of samples a byte of compressed data may cost:
	// it may be of tables that stand for no sample.
	dataCost = 22
	// leastPNGWork is so little that no PNG of less is refused.
	leastPNGWork = 64 << 20
)

// checkPNG is photo.ErrTooLarge when the samples take too many bytes and
// photo.ErrTooComplex when there are too many chunks. Of a damaged file it says
// nothing.
func checkPNG(data []byte, _ image.Point, limits Limits) error {
	h, err := headerOfPNG(data)
	if err != nil {
		return err
	}
	samples := h.size().Y * h.rowBytes()
	if samples > maxPNGBytes*limits.Pixels {
		return fmt.Errorf("%w: %d bytes of PNG samples, the limit is %d", photo.ErrTooLarge, samples, maxPNGBytes*limits.Pixels)
	}
	chunks, compressed := 0, 0
	for kind, content := range pngChunks(data) {
		if kind == pngData {
			compressed += len(content)
			continue
		}
		if chunks++; chunks > maxChunks {
			return fmt.Errorf("%w: more than %d PNG chunks", photo.ErrTooComplex, maxChunks)
		}
	}
	// A file may be two fifths as large and have as many samples as is allowed, but
	// not both.
	most := max(maxPNGBytes*limits.Pixels/4*5, dataCost*limits.Bytes/5*2)
	if work := samples + dataCost*compressed; work > max(most, leastPNGWork) {
		return fmt.Errorf("%w: %d bytes of PNG data for %d bytes of samples", photo.ErrTooComplex, compressed, samples)
	}
	return nil
}
