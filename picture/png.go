package picture

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"iter"

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

// rowBytes is how many bytes the samples of a row of the width take.
func (h pngHeader) rowBytes(width int) int {
	channels := map[byte]int{pngGrey: 1, pngColour: 3, pngPalette: 1, pngGreyAlpha: 2, pngColourAlpha: 4}[h.colourType()]
	return (width*channels*h.depth() + 7) / 8
}

// samples is how many bytes the filtered rows take.
func (h pngHeader) samples() int {
	size := h.size()
	if !h.interlaced() {
		return size.Y * (1 + h.rowBytes(size.X))
	}
	all := 0
	// Passes begin at a column and row, and step (PNG third edition, section 8.1).
	for _, p := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		if across, down := (size.X-p[0]+p[2]-1)/p[2], (size.Y-p[1]+p[3]-1)/p[3]; across > 0 && down > 0 {
			all += down * (1 + h.rowBytes(across))
		}
	}
	return all
}

func sizeOfPNG(data []byte) (image.Point, error) {
	h, err := headerOfPNG(data)
	if err != nil {
		return image.Point{}, err
	}
	return h.size(), nil
}

// decodePNG is the picture of the rows that a file has whole, where it ends
// before its last. An interlaced one has no such rows.
func decodePNG(ctx context.Context, _ *Decoder, data []byte) (*Picture, error) {
	data = withoutFill(data)
	h, err := headerOfPNG(data)
	if err != nil {
		return nil, err
	}
	before := plainPNG(data, h)
	compressed, sound := compressedPNG(data)
	if len(compressed) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	rows := newPNGRows(ctx, before, h, compressed)
	img, err := png.Decode(rows)
	if rows.cut() && sound < len(compressed) {
		// Without the checksum at the end, nothing else tells of damage: what
		// inflates from there on may be rows of anything.
		rows = newPNGRows(ctx, before, h, compressed[:sound])
		img, err = png.Decode(rows)
	}
	switch {
	case rows.err != nil && (h.interlaced() || !rows.cut()):
		return nil, rows.err
	case err != nil:
		return nil, err
	}
	p := view(img, "image/png")
	if whole := rows.have / len(rows.row); !h.interlaced() && whole < p.Height {
		p.lacks(fmt.Errorf("the file ends after row %d of %d", whole, p.Height))
		p.Height = whole
		for i := range p.planes {
			p.planes[i].height = whole
		}
	}
	return p, nil
}

// compressedPNG is the compressed data of the samples, and how many of its bytes
// come before the first chunk whose checksum is wrong.
func compressedPNG(data []byte) (compressed []byte, sound int) {
	compressed = make([]byte, 0, len(data))
	sound = len(data)
	for c := range allPNGChunks(data) {
		switch {
		case c.kind == pngData:
			if c.whole && !c.sound {
				sound = min(sound, len(compressed))
			}
			compressed = append(compressed, c.content...)
		case c.sound && len(compressed) > 0: // what comes between data and other data is none of the picture's
			return compressed, sound
		}
	}
	return compressed, sound
}

// plainPNG is what comes before the samples, with nothing but what the picture is
// made of, in the form that image/png takes: with right checksums, without a
// palette or a transparent colour that the picture cannot have.
func plainPNG(data []byte, h pngHeader) []byte {
	plain := appendPNGChunk([]byte(pngSignature), "IHDR", h)
	colours, transparent := 0, false
	for kind, content := range pngChunks(data) {
		switch {
		case kind == pngData:
			return plain
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
	return plain
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
	// allowed: those of 8-bit colour.
	maxPNGBytes = 3
	// maxChunks is the most chunks beside the image data, which may be in many.
	maxChunks = 10_000
)

// checkPNG is photo.ErrTooLarge when the samples take too many bytes and
// photo.ErrTooComplex when there are too many chunks. Of a damaged file it says
// nothing.
func checkPNG(data []byte, _ image.Point, limits Limits) error {
	h, err := headerOfPNG(data)
	if err != nil {
		return err
	}
	samples := h.size().Y * h.rowBytes(h.size().X)
	if samples > maxPNGBytes*limits.Pixels {
		return fmt.Errorf("%w: %d bytes of PNG samples, the limit is %d", photo.ErrTooLarge, samples, maxPNGBytes*limits.Pixels)
	}
	chunks := 0
	for kind := range pngChunks(data) {
		if kind == pngData {
			continue
		}
		if chunks++; chunks > maxChunks {
			return fmt.Errorf("%w: more than %d PNG chunks", photo.ErrTooComplex, maxChunks)
		}
	}
	return nil
}
