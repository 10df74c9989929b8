package clip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"oneton/photo"
	"oneton/picture"
)

var (
	startOfImage = []byte{0xff, 0xd8, 0xff}
	boundary     = []byte("--")
)

// guessedRate is how many pictures a second a stream of JPEGs has that does not
// say so: what ffmpeg takes, too.
const guessedRate = 25

// maxHeader is the most text before a part of a multipart stream.
const maxHeader = 4 << 10

// isMultipart says that the content begins as the body of
// multipart/x-mixed-replace does, with a JPEG as its first part.
func isMultipart(data []byte) bool {
	data = bytes.TrimLeft(data[:min(len(data), maxHeader)], "\r\n")
	return bytes.HasPrefix(data, boundary) && bytes.Contains(data, startOfImage)
}

// split are the JPEGs in a stream of them, with what lies between them passed
// over. Where one ends is told by its segments, so that the small picture within
// its EXIF is not taken for the next.
func split(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			start := bytes.Index(data, startOfImage)
			if start < 0 {
				return
			}
			data = data[start:]
			end := endOfJPEG(data)
			if !yield(data[:end]) {
				return
			}
			data = data[end:]
		}
	}
}

// endOfJPEG is the length of the JPEG that the data begin with (ITU-T T.81,
// annex B): up to its EOI, to the next one's start, or to the end of the data.
func endOfJPEG(data []byte) int {
	const soi, eoi, sos, rst0, rst7, tem = 0xd8, 0xd9, 0xda, 0xd0, 0xd7, 0x01
	for at := 2; ; {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 || at+i+1 >= len(data) {
			return len(data)
		}
		at += i + 1
		switch marker := data[at]; {
		case marker == 0xff: // fill
		case marker == eoi:
			return at + 1
		case marker == soi:
			return at - 1
		case marker == 0, marker == tem, marker >= rst0 && marker <= rst7:
			at++
		case at+3 > len(data):
			return len(data)
		default:
			// A segment, which may hold anything; what follows a scan's header up to
			// the next marker is passed over by the search for that.
			length := int(data[at+1])<<8 | int(data[at+2])
			at = min(at+1+max(length, 2), len(data))
		}
	}
}

// readMotionJPEG decodes JPEGs that follow each other at the rate. One that is
// damaged is left out, unless all are.
func readMotionJPEG(ctx context.Context, frames iter.Seq[[]byte], rate float64, m *meter) error {
	limits := picture.Limits{Bytes: m.limits.Bytes, Pixels: m.limits.Pixels, Side: maxSide, MinSide: minSide, Time: m.limits.Time}
	var decoder picture.Decoder
	var damage error
	count, good := 0, 0
	for frame := range frames {
		at := time.Duration(float64(count) / rate * float64(time.Second))
		count++
		if len(frame) == 0 {
			continue
		}
		if err := m.take(at); err != nil {
			return err
		}
		p, err := decoder.Decode(ctx, frame, limits)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, photo.ErrCorrupt):
			damage = err
			continue
		case err != nil:
			return fromPhoto(err)
		}
		if err := m.size(p.Width, p.Height); err != nil {
			return err
		}
		good++
		if err := m.hand(Frame{At: at, Picture: p}); err != nil {
			return err
		}
	}
	switch {
	case good == 0 && damage != nil:
		return fmt.Errorf("%w: %w", ErrCorrupt, damage)
	case count == 1:
		return fmt.Errorf("%w: the file is one photo; send a clip", ErrUnsupported)
	case good == 0:
		return fmt.Errorf("%w: it has no pictures", ErrCorrupt)
	}
	return nil
}

// Bounds on the sides of pictures that are decoded here.
const maxSide, minSide = 8192, 16

// fromPhoto is the error of a clip for that of one of its pictures.
func fromPhoto(err error) error {
	switch {
	case errors.Is(err, photo.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, photo.ErrTooComplex):
		return fmt.Errorf("%w: %w", ErrTooComplex, err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
