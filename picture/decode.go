package picture

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"time"

	"oneton/photo"
	"oneton/picture/internal/jpeg"
)

// format is how files of one media type are read. Its functions are given the
// file.
type format struct {
	// size is the picture's, in pixels, before it is turned.
	size func(data []byte) (image.Point, error)
	// animated refuses a file of more than one picture.
	animated func(data []byte) error
	// check refuses a file of the size whose decoding would take too much work.
	check  func(data []byte, size image.Point, limits Limits) error
	decode func(ctx context.Context, d *Decoder, data []byte) (*Picture, error)
}

// formats are by what photo.MediaType tells.
var formats = map[string]format{
	"image/jpeg": {sizeOfJPEG, single, checkJPEG, decodeJPEG},
	"image/png":  {sizeOfPNG, animatedPNG, checkPNG, decodePNG},
	"image/webp": {sizeOfWebP, single, checkWebP, decodeWebP},
	"image/bmp":  {sizeOfBMP, single, checkBMP, decodeBMP},
}

// single is for formats whose files have one picture, or whose size tells.
func single([]byte) error { return nil }

// Decoder decodes photos one after the other and uses memory again. The zero
// value is ready.
type Decoder struct {
	memory jpeg.Memory
}

// Decode decodes one photo; see Decoder.Decode.
func Decode(ctx context.Context, data []byte, limits Limits) (*Picture, error) {
	return new(Decoder).Decode(ctx, data, limits)
}

// Decode reads a JPEG, PNG, WebP or BMP photo, told apart by content, and turns it
// upright as its EXIF orientation says. Transparent parts are shown on white.
// Of a file that is cut or damaged it may be the rows before that; see Damage.
// It is photo.ErrEmpty, photo.ErrUnsupported, photo.ErrCorrupt, photo.ErrTooLarge, photo.ErrTooSmall,
// photo.ErrTooComplex or the context's error. The picture lasts until the next call.
func (d *Decoder) Decode(ctx context.Context, data []byte, limits Limits) (*Picture, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: the file has no bytes; send all of it", photo.ErrEmpty)
	}
	if len(data) > limits.Bytes {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", photo.ErrTooLarge, len(data), limits.Bytes)
	}
	mediaType, err := photo.MediaType(data)
	if err != nil {
		return nil, err
	}
	f := formats[mediaType]
	if err := f.animated(data); err != nil {
		return nil, err
	}
	size, err := f.size(data)
	if err != nil {
		return nil, decodeError(ctx, err)
	}
	if err := limits.check(size.X, size.Y); err != nil {
		return nil, err
	}
	if err := f.check(data, size, limits); err != nil {
		return nil, err
	}
	p, err := d.decode(ctx, f, data, limits.Time)
	if err != nil {
		return nil, err
	}
	if p.Height < limits.MinSide {
		return nil, fmt.Errorf("%w: %w; send the whole file", photo.ErrCorrupt, p.damage)
	}
	p.turn(orientation(data, mediaType))
	return p, nil
}

// decode decodes for no longer than the time, if there is one.
func (d *Decoder) decode(ctx context.Context, f format, data []byte, limit time.Duration) (*Picture, error) {
	bound := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		bound, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	p, err := f.decode(bound, d, data)
	switch {
	case err == nil:
		return p, nil
	case bound.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("%w: decoding takes more than %v", photo.ErrTooComplex, limit)
	}
	return nil, decodeError(ctx, err)
}

func (l Limits) check(width, height int) error {
	switch {
	case width > l.Side || height > l.Side:
		return fmt.Errorf("%w: %d×%d pixels, the longest side may be %d", photo.ErrTooLarge, width, height, l.Side)
	case width*height > l.Pixels:
		return fmt.Errorf("%w: %d×%d pixels, the limit is %d in all", photo.ErrTooLarge, width, height, l.Pixels)
	case width < l.MinSide || height < l.MinSide:
		return fmt.Errorf("%w: %d×%d pixels, the shortest side may be %d", photo.ErrTooSmall, width, height, l.MinSide)
	}
	return nil
}

// decodeError is the context's error when that is why decoding ended;
// otherwise it tells variants that the decoders do not read from damage.
func decodeError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, photo.ErrCorrupt), errors.Is(err, photo.ErrUnsupported), errors.Is(err, photo.ErrTooComplex):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the file ends before the picture does; send all of it", photo.ErrCorrupt)
	}
	var jpegVariant jpeg.UnsupportedError
	var pngVariant png.UnsupportedError
	if errors.As(err, &jpegVariant) || errors.As(err, &pngVariant) {
		return fmt.Errorf("%w: %w", photo.ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %w", photo.ErrCorrupt, err)
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
