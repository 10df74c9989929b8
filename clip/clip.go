// Package clip turns the bytes of a short video into its pictures, each with its
// time: animated GIF and motion JPEG by itself, MP4, MOV and WebM by ffmpeg as a
// confined child process. It bounds what a clip may cost before it pays, and
// leaves nothing of a clip on disk.
package clip

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"oneton/photo"
	"oneton/picture"
)

// Frame is one picture of a clip.
type Frame struct {
	// At is its time from the clip's first.
	At time.Duration
	// Picture is upright, and lasts until the next frame.
	Picture *picture.Picture
}

// Reader reads clips. It may be used from any number of goroutines at once.
type Reader struct {
	limits Config
	// video is nil when videos cannot be read, and off then says why.
	video *ffmpeg
	off   error
}

// New looks for ffmpeg. That there is none is no error: see Video. It is an error
// when the configuration names one that does not run.
func New(cfg Config) (*Reader, error) {
	r := &Reader{limits: cfg.filled()}
	if r.video, r.off = findFFmpeg(r.limits); r.off != nil && cfg.FFmpeg != "" {
		return nil, r.off
	}
	return r, nil
}

// Video is nil when MP4, MOV and WebM are read, and otherwise ErrVideoOff with
// the reason. Animated GIF and motion JPEG are always read.
func (r *Reader) Video() error { return r.off }

// Frames are the clip's pictures in the order of their times, which rise, told
// apart by content alone. The first error ends them: one of this package's, or
// the context's. Who breaks off early leaves nothing running. The pictures of a
// video have sides of Side pixels at most, and no more than Rate come a second.
func (r *Reader) Frames(ctx context.Context, data []byte) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		bound, cancel := context.WithTimeout(ctx, r.limits.Time)
		defer cancel()
		err := r.read(bound, data, func(f Frame) bool { return yield(f, nil) })
		if err == nil || errors.Is(err, errEnough) {
			return
		}
		if bound.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w: it takes more than %v; send a shorter one", ErrTooComplex, r.limits.Time)
		}
		yield(Frame{}, err)
	}
}

// errEnough says that nobody wants more frames.
var errEnough = errors.New("enough frames")

func (r *Reader) read(ctx context.Context, data []byte, yield func(Frame) bool) error {
	switch {
	case len(data) == 0:
		return fmt.Errorf("%w: the file has no bytes; send all of it", ErrEmpty)
	case len(data) > r.limits.Bytes:
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(data), r.limits.Bytes)
	}
	count := &meter{limits: r.limits, yield: yield}
	switch sniff(data) {
	case gifKind:
		return readGIF(ctx, data, count)
	case jpegKind:
		return readMotionJPEG(ctx, split(data), guessedRate, count)
	case aviKind:
		frames, rate, err := splitAVI(data)
		if err != nil {
			return err
		}
		return readMotionJPEG(ctx, frames, rate, count)
	case mp4Kind:
		if err := checkMP4(data); err != nil {
			return err
		}
		return r.readVideo(ctx, data, "mov", count)
	case matroskaKind:
		return r.readVideo(ctx, data, "matroska", count)
	}
	return unsupported(data)
}

func (r *Reader) readVideo(ctx context.Context, data []byte, format string, count *meter) error {
	if r.off != nil {
		return fmt.Errorf("%w; an animated GIF or a motion JPEG is read without it", r.off)
	}
	return r.video.read(ctx, data, format, count)
}

// unsupported is ErrUnsupported with the name of what the content is.
func unsupported(data []byte) error {
	_, err := photo.MediaType(data)
	if err == nil {
		return fmt.Errorf("%w: the file is a photo; send a clip: an MP4, MOV, WebM, animated GIF or motion JPEG", ErrUnsupported)
	}
	return fmt.Errorf("%w: the file is no MP4, MOV, WebM, animated GIF or motion JPEG", ErrUnsupported)
}

// meter hands frames on while the limits let it.
type meter struct {
	limits Config
	yield  func(Frame) bool
	frames int
	pixels int
}

// take counts a picture before it is decoded.
func (m *meter) take(at time.Duration) error {
	m.frames++
	switch {
	case m.frames > m.limits.Frames:
		return fmt.Errorf("%w: more than %d pictures", ErrTooLong, m.limits.Frames)
	case at > m.limits.Duration:
		return fmt.Errorf("%w: more than %v", ErrTooLong, m.limits.Duration)
	}
	return nil
}

// size counts the pixels of a picture.
func (m *meter) size(width, height int) error {
	m.pixels += width * height
	switch {
	case width*height > m.limits.Pixels:
		return fmt.Errorf("%w: pictures of %d×%d pixels, the limit is %d in all", ErrTooLarge, width, height, m.limits.Pixels)
	case m.pixels > allPixels:
		return fmt.Errorf("%w: more than %d million pixels in all its pictures; send a shorter or smaller one", ErrTooComplex, allPixels/1_000_000)
	}
	return nil
}

func (m *meter) hand(f Frame) error {
	if !m.yield(f) {
		return errEnough
	}
	return nil
}

// allPixels is the most pixels that all pictures of a clip that is decoded here
// may have: those of 20 seconds in full HD at 30 a second are 1.2 thousand
// million.
const allPixels = 1_300_000_000
