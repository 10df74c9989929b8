package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"iter"
	"slices"

	"golang.org/x/image/webp"

	"oneton/photo"
)

// webpForm is how many bytes come before the first chunk.
const webpForm = 12

// webpChunks are the chunks of a WebP, by kind (RFC 9649, section 2.3). The last
// may have less than it announces, since decoders begin with it all the same.
func webpChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		const header = 8
		image := false
		for at := webpForm; at+header <= len(data); {
			chunk := data[at+header:]
			kind, length := string(data[at:at+4]), int(binary.LittleEndian.Uint32(data[at+4:]))
			if !yield(kind, chunk[:min(length, len(chunk))]) || length >= len(chunk) {
				return
			}
			image = image || kind == "VP8 " || kind == "VP8L" || kind == "ANMF"
			at += header + length
			// A chunk of odd length is padded with 0, which begins no kind. Some
			// writers leave it out, which decoders do not see behind the image.
			if length%2 == 1 && !(image && data[at] != 0) {
				at++
			}
		}
	}
}

// webpStill is the one picture of a WebP and where it lies.
type webpStill struct {
	// canvas is the whole picture's size, and at where the coded part lies.
	canvas, at image.Point
	// kind and pixels are the chunk that holds the part, alpha is the content of
	// that of its transparency, if there is one.
	kind          string
	pixels, alpha []byte
}

// stillOfWebP finds the picture by what is there, whatever the header's flags
// announce: it is the only one, or the only frame of an animation (RFC 9649,
// section 2.7). It is photo.ErrUnsupported when there are several.
func stillOfWebP(data []byte) (s webpStill, err error) {
	const pictureHeader, frameHeader = 10, 16
	var frame []byte
	frames := 0
	for kind, content := range webpChunks(data) {
		switch {
		case kind == "VP8X" && s.canvas == image.Point{} && len(content) >= pictureHeader:
			s.canvas = image.Pt(1+uint24(content[4:]), 1+uint24(content[7:]))
		case kind == "ANMF" && len(content) >= frameHeader:
			frame = content
			frames++
		default:
			s.add(kind, content)
		}
	}
	switch {
	case frames > 1 || frames > 0 && s.pixels != nil:
		return s, fmt.Errorf("%w: an animated WebP; send one of its pictures as a still", photo.ErrUnsupported)
	case frames == 1:
		s.at = image.Pt(2*uint24(frame), 2*uint24(frame[3:]))
		for kind, content := range webpChunks(frame[frameHeader-webpForm:]) {
			s.add(kind, content)
		}
	}
	if s.pixels == nil {
		return s, fmt.Errorf("%w: the WebP has no picture", photo.ErrCorrupt)
	}
	size, err := s.size()
	switch {
	case err != nil:
		return s, err
	case s.canvas == image.Point{}:
		s.canvas = size
	case frames == 0 && size != s.canvas, !image.Rectangle{Min: s.at, Max: s.at.Add(size)}.In(image.Rectangle{Max: s.canvas}):
		return s, fmt.Errorf("%w: the WebP's picture has %d×%d pixels, its header says %d×%d", photo.ErrCorrupt, size.X, size.Y, s.canvas.X, s.canvas.Y)
	}
	return s, nil
}

// add takes the first chunk of a picture, and of its transparency before it.
func (s *webpStill) add(kind string, content []byte) {
	switch {
	case s.pixels != nil:
	case kind == "ALPH":
		s.alpha = content
	case kind == "VP8 ", kind == "VP8L":
		s.kind, s.pixels = kind, content
	}
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// size is that of the coded part.
func (s *webpStill) size() (image.Point, error) {
	cfg, err := webp.DecodeConfig(bytes.NewReader(riff(riffChunk(s.kind, s.pixels))))
	if err != nil {
		return image.Point{}, err
	}
	if cfg.Width == 0 || cfg.Height == 0 { // no key frame
		return image.Point{}, fmt.Errorf("%w: the WebP's picture cannot be shown alone", photo.ErrCorrupt)
	}
	return image.Pt(cfg.Width, cfg.Height), nil
}

// file is the coded part as a file of its own.
func (s *webpStill) file() ([]byte, error) {
	if s.alpha == nil || s.kind == "VP8L" { // which has its own transparency
		return riff(riffChunk(s.kind, s.pixels)), nil
	}
	const hasAlpha = 1 << 4
	size, err := s.size()
	if err != nil {
		return nil, err
	}
	w, h := size.X-1, size.Y-1
	extended := []byte{hasAlpha, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)}
	return riff(riffChunk("VP8X", extended), riffChunk("ALPH", s.alpha), riffChunk(s.kind, s.pixels)), nil
}

func riff(chunks ...[]byte) []byte {
	content := slices.Concat(chunks...)
	file := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len("WEBP")+len(content)))
	return append(append(file, "WEBP"...), content...)
}

func riffChunk(kind string, content []byte) []byte {
	chunk := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(content))), content...)
	return append(chunk, make([]byte, len(content)%2)...)
}

func sizeOfWebP(data []byte) (image.Point, error) {
	s, err := stillOfWebP(data)
	return s.canvas, err
}

func decodeWebP(ctx context.Context, _ *Decoder, data []byte) (*Picture, error) {
	s, err := stillOfWebP(data)
	if err != nil {
		return nil, err
	}
	file, err := s.file()
	if err != nil {
		return nil, err
	}
	img, err := webp.Decode(&contextReader{ctx: ctx, data: file})
	if err != nil {
		return nil, err
	}
	if s.canvas != img.Bounds().Size() {
		img = s.onCanvas(img)
	}
	return view(img, "image/webp"), nil
}

// onCanvas is the picture with the part where it lies and white around it. A
// part's position is even, as halved colours need it.
func (s *webpStill) onCanvas(part image.Image) image.Image {
	const white, studioWhite, neutral = 255, 235, 128
	whole := image.Rectangle{Max: s.canvas}
	switch m := part.(type) {
	case *image.YCbCr:
		canvas := image.NewYCbCr(whole, m.SubsampleRatio)
		s.placeYCbCr(canvas, m, studioWhite, neutral)
		return canvas
	case *image.NYCbCrA:
		canvas := image.NewNYCbCrA(whole, m.SubsampleRatio)
		s.placeYCbCr(&canvas.YCbCr, &m.YCbCr, studioWhite, neutral)
		place(canvas.A, canvas.AStride, canvas.AOffset(s.at.X, s.at.Y), m.A, m.AStride, m.Rect.Dx(), white)
		return canvas
	case *image.NRGBA:
		canvas := image.NewNRGBA(whole)
		place(canvas.Pix, canvas.Stride, canvas.PixOffset(s.at.X, s.at.Y), m.Pix, m.Stride, 4*m.Rect.Dx(), white)
		return canvas
	}
	return part
}

func (s *webpStill) placeYCbCr(canvas, part *image.YCbCr, white, neutral uint8) {
	y, c := canvas.YOffset(s.at.X, s.at.Y), canvas.COffset(s.at.X, s.at.Y)
	across := (part.Rect.Dx() + 1) / 2
	place(canvas.Y, canvas.YStride, y, part.Y[:part.Rect.Dy()*part.YStride], part.YStride, part.Rect.Dx(), white)
	halved := (part.Rect.Dy() + 1) / 2 * part.CStride
	place(canvas.Cb, canvas.CStride, c, part.Cb[:halved], part.CStride, across, neutral)
	place(canvas.Cr, canvas.CStride, c, part.Cr[:halved], part.CStride, across, neutral)
}

// place fills a plane and copies the rows of another to a position in it.
func place(to []uint8, stride, at int, from []uint8, fromStride, width int, fill uint8) {
	for i := range to {
		to[i] = fill
	}
	for ; len(from) >= width && at < len(to); at += stride {
		copy(to[at:], from[:width])
		from = from[min(fromStride, len(from)):]
	}
}

// losslessCost is how many times as many pixels a lossy WebP may have as one
// that is lossless or has transparency beside: undoing lossless transforms costs
// that much more, and cannot be stopped.
const losslessCost = 3

// checkWebP is photo.ErrTooLarge when a lossless or transparent picture of the size
// has too many pixels.
func checkWebP(data []byte, size image.Point, limits Limits) error {
	s, err := stillOfWebP(data)
	if err != nil {
		return err
	}
	most := limits.Pixels
	if s.kind == "VP8L" || s.alpha != nil {
		most /= losslessCost
	}
	if size.X*size.Y > most {
		return fmt.Errorf("%w: %d×%d pixels, the limit for such a WebP is %d in all", photo.ErrTooLarge, size.X, size.Y, most)
	}
	return nil
}
