package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"oneton/embed/picture/internal/baseline"
)

// format is one of the formats that are read.
type format struct {
	mediaType string
	config    func(io.Reader) (image.Config, error)
	decode    func(ctx context.Context, d *Decoder, data []byte) (image.Image, error)
	// animated says whether the file is an animation.
	animated func(data []byte) bool
}

// sniff finds the format by the content's first bytes, or is ErrUnsupported.
func sniff(data []byte) (format, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return format{"image/jpeg", jpeg.DecodeConfig, decodeJPEG, never}, nil
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return format{"image/png", png.DecodeConfig, readAll(png.Decode), animatedPNG}, nil
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return format{"image/webp", webp.DecodeConfig, readAll(webp.Decode), animatedWebP}, nil
	}
	return format{}, ErrUnsupported
}

// Decoder decodes photos one after the other and uses memory again. The zero
// value is ready.
type Decoder struct {
	memory baseline.Memory
}

// Decode decodes one photo; see Decoder.Decode.
func Decode(ctx context.Context, data []byte, limits Limits) (*Picture, error) {
	return new(Decoder).Decode(ctx, data, limits)
}

// Decode reads a JPEG, PNG or WebP photo, told apart by content, and turns it
// upright as its EXIF orientation says. Transparent parts are shown on white.
// It is ErrEmpty, ErrUnsupported, ErrCorrupt, ErrTooLarge, ErrTooSmall or the
// context's error. The picture lasts until the next call.
func (d *Decoder) Decode(ctx context.Context, data []byte, limits Limits) (*Picture, error) {
	if len(data) == 0 {
		return nil, ErrEmpty
	}
	if len(data) > limits.Bytes {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(data), limits.Bytes)
	}
	f, err := sniff(data)
	if err != nil {
		return nil, err
	}
	if f.animated(data) {
		return nil, fmt.Errorf("%w: animation", ErrUnsupported)
	}
	cfg, err := f.config(bytes.NewReader(data))
	if err != nil {
		return nil, decodeError(ctx, err)
	}
	if err := limits.check(cfg.Width, cfg.Height); err != nil {
		return nil, err
	}
	img, err := f.decode(ctx, d, data)
	if err != nil {
		return nil, decodeError(ctx, err)
	}
	p := view(img, f.mediaType)
	p.turn(orientation(data, f.mediaType))
	return p, nil
}

// readAll is a decoder of the bytes that ends with the context.
func readAll(decode func(io.Reader) (image.Image, error)) func(context.Context, *Decoder, []byte) (image.Image, error) {
	return func(ctx context.Context, _ *Decoder, data []byte) (image.Image, error) {
		return decode(&contextReader{ctx: ctx, data: data})
	}
}

// decodeJPEG decodes the common case fast and leaves the others, and the word
// on damaged files, to the standard library.
func decodeJPEG(ctx context.Context, d *Decoder, data []byte) (image.Image, error) {
	img, err := d.memory.Decode(ctx, data)
	if errors.Is(err, baseline.ErrDeclined) {
		return readAll(jpeg.Decode)(ctx, d, data)
	}
	return img, err
}

func (l Limits) check(width, height int) error {
	switch {
	case width > l.Side || height > l.Side:
		return fmt.Errorf("%w: %d×%d pixels, the longest side may be %d", ErrTooLarge, width, height, l.Side)
	case width*height > l.Pixels:
		return fmt.Errorf("%w: %d×%d pixels, the limit is %d in all", ErrTooLarge, width, height, l.Pixels)
	case width < l.MinSide || height < l.MinSide:
		return fmt.Errorf("%w: %d×%d pixels, the shortest side may be %d", ErrTooSmall, width, height, l.MinSide)
	}
	return nil
}

// decodeError is the context's error when that is why decoding ended;
// otherwise it tells variants that the decoders do not read from damage.
func decodeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var jpegVariant jpeg.UnsupportedError
	var pngVariant png.UnsupportedError
	if errors.As(err, &jpegVariant) || errors.As(err, &pngVariant) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// contextReader reads data until the context ends. It hands out small pieces,
// because a few bytes of a hostile file can stand for much work.
type contextReader struct {
	ctx  context.Context
	data []byte
}

const pieceSize = 512

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), pieceSize)], r.data)
	r.data = r.data[n:]
	return n, nil
}

// view makes a picture that shares the image's memory where the layout allows
// it, and otherwise draws the image on white.
func view(img image.Image, mediaType string) *Picture {
	size := img.Bounds().Size()
	p := &Picture{Width: size.X, Height: size.Y, MediaType: mediaType}
	switch m := img.(type) {
	case *image.YCbCr:
		p.colour = fullRange
		if mediaType == "image/webp" {
			p.colour = studioRange
		}
		p.planes = yCbCrPlanes(m)
	case *image.Gray:
		p.colour = grey
		p.planes = packed(m.Pix, m.Stride, 1, [3]int{0, 0, 0}, size)
	case *image.Gray16:
		p.colour = grey
		p.planes = packed(m.Pix, m.Stride, 2, [3]int{0, 0, 0}, size)
	case *image.NYCbCrA:
		p = onWhite(m)
	default:
		p.planes = interleaved(img, size)
	}
	return p
}

// interleaved views red, green and blue that lie side by side. Of 16-bit
// samples, which are big-endian, it sees the high byte.
func interleaved(img image.Image, size image.Point) [3]plane {
	switch m := img.(type) {
	case *image.RGBA:
		if m.Opaque() {
			return packed(m.Pix, m.Stride, 4, [3]int{0, 1, 2}, size)
		}
	case *image.NRGBA:
		if m.Opaque() {
			return packed(m.Pix, m.Stride, 4, [3]int{0, 1, 2}, size)
		}
	case *image.RGBA64:
		if m.Opaque() {
			return packed(m.Pix, m.Stride, 8, [3]int{0, 2, 4}, size)
		}
	case *image.NRGBA64:
		if m.Opaque() {
			return packed(m.Pix, m.Stride, 8, [3]int{0, 2, 4}, size)
		}
	}
	canvas := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(canvas, canvas.Bounds(), img, img.Bounds().Min, draw.Over)
	return packed(canvas.Pix, canvas.Stride, 4, [3]int{0, 1, 2}, size)
}

// packed views samples that lie step bytes apart, each plane from its offset.
func packed(pix []uint8, stride, step int, offsets [3]int, size image.Point) [3]plane {
	var planes [3]plane
	for i, offset := range offsets {
		planes[i] = plane{
			pix: pix, origin: offset, dx: step, dy: stride,
			width: size.X, height: size.Y,
			across: axis{scale: 1}, down: axis{scale: 1},
		}
	}
	return planes
}

// yCbCrPlanes views the planes of an image whose bounds start at a multiple of
// the subsampling, as those of decoders do.
func yCbCrPlanes(m *image.YCbCr) [3]plane {
	size := m.Rect.Size()
	planes := packed(m.Y, m.YStride, 1, [3]int{}, size)
	across, down := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		across = 2
	case image.YCbCrSubsampleRatio420:
		across, down = 2, 2
	case image.YCbCrSubsampleRatio440:
		down = 2
	case image.YCbCrSubsampleRatio411:
		across = 4
	case image.YCbCrSubsampleRatio410:
		across, down = 4, 2
	}
	for i, pix := range [][]uint8{m.Cb, m.Cr} {
		planes[i+1] = plane{
			pix: pix, dx: 1, dy: m.CStride,
			width: (size.X + across - 1) / across, height: (size.Y + down - 1) / down,
			across: axis{scale: 1 / float64(across)}, down: axis{scale: 1 / float64(down)},
		}
	}
	return planes
}

// onWhite draws a lossy WebP with transparency on white.
func onWhite(m *image.NYCbCrA) *Picture {
	p := view(&m.YCbCr, "image/webp")
	size := m.Rect.Size()
	pix := make([]uint8, 3*size.X*size.Y)
	for y := range size.Y {
		for x := range size.X {
			i := m.COffset(x, y)
			red, green, blue := matrices[p.colour].Pixel(float32(m.Y[m.YOffset(x, y)]), float32(m.Cb[i]), float32(m.Cr[i]))
			alpha := float32(m.A[m.AOffset(x, y)]) / 255
			for c, v := range [3]float32{red, green, blue} {
				pix[3*(y*size.X+x)+c] = uint8(255 + alpha*(v-255) + 0.5)
			}
		}
	}
	p.colour = rgb
	p.planes = packed(pix, 3*size.X, 3, [3]int{0, 1, 2}, size)
	return p
}
