package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"time"

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
	// check refuses a file of the size whose decoding would take too much work.
	check func(data []byte, size image.Point, limits Limits) error
}

// sniff finds the format by the content's first bytes, or is ErrUnsupported.
func sniff(data []byte) (format, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return format{"image/jpeg", jpeg.DecodeConfig, decodeJPEG, func([]byte) bool { return false }, checkJPEG}, nil
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return format{"image/png", png.DecodeConfig, readAll(png.Decode), animatedPNG, checkPNG}, nil
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return format{"image/webp", webp.DecodeConfig, readAll(webp.Decode), animatedWebP, checkWebP}, nil
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
// It is ErrEmpty, ErrUnsupported, ErrCorrupt, ErrTooLarge, ErrTooSmall,
// ErrTooComplex or the context's error. The picture lasts until the next call.
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
	if err := f.check(data, image.Pt(cfg.Width, cfg.Height), limits); err != nil {
		return nil, err
	}
	img, err := d.decode(ctx, f, data, limits.Time)
	if err != nil {
		return nil, err
	}
	p := view(img, f.mediaType)
	p.turn(orientation(data, f.mediaType))
	return p, nil
}

// decode decodes for no longer than the time, if there is one.
func (d *Decoder) decode(ctx context.Context, f format, data []byte, limit time.Duration) (image.Image, error) {
	bound := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		bound, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	img, err := f.decode(bound, d, data)
	switch {
	case err == nil:
		return img, nil
	case bound.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("%w: decoding takes more than %v", ErrTooComplex, limit)
	}
	return nil, decodeError(ctx, err)
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
