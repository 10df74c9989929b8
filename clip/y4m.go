package clip

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"
	"time"

	"oneton/picture"
)

// errStream means that ffmpeg's output is not what it was asked for.
var errStream = errors.New("clip: ffmpeg's output is no YUV4MPEG2 stream")

// readY4M hands on the pictures of a YUV4MPEG2 stream (yuv4mpeg(5) of mjpegtools)
// of Rate pictures a second in 4:2:0 at full range. One that equals the one before
// is left out: it only fills time.
func readY4M(stream io.Reader, m *meter) error {
	r := bufio.NewReaderSize(stream, 1<<16)
	header, err := r.ReadString('\n')
	if errors.Is(err, io.EOF) && header == "" {
		return nil
	}
	width, height, err := y4mSize(header, err)
	if err != nil {
		return err
	}
	now, last := newYCbCr(width, height), newYCbCr(width, height)
	for n := 0; ; n++ {
		switch line, err := r.ReadString('\n'); {
		case errors.Is(err, io.EOF) && line == "":
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", errStream, err)
		case !strings.HasPrefix(line, "FRAME"):
			return errStream
		}
		for _, plane := range [][]uint8{now.Y, now.Cb, now.Cr} {
			if _, err := io.ReadFull(r, plane); err != nil {
				return fmt.Errorf("%w: %w", errStream, err)
			}
		}
		if n > 0 && bytes.Equal(now.Y, last.Y) && bytes.Equal(now.Cb, last.Cb) && bytes.Equal(now.Cr, last.Cr) {
			continue
		}
		at := time.Duration(n) * time.Second / Rate
		if err := m.take(at); err != nil {
			return err
		}
		if err := m.hand(Frame{At: at, Picture: picture.Of(now, "video")}); err != nil {
			return err
		}
		now, last = last, now
	}
}

func newYCbCr(width, height int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
}

// y4mSize reads the stream's header.
func y4mSize(header string, err error) (width, height int, _ error) {
	fields := strings.Fields(header)
	if err != nil || len(fields) == 0 || fields[0] != "YUV4MPEG2" {
		return 0, 0, errStream
	}
	for _, f := range fields[1:] {
		switch f[0] {
		case 'W':
			width, _ = strconv.Atoi(f[1:])
		case 'H':
			height, _ = strconv.Atoi(f[1:])
		}
	}
	if width < 1 || height < 1 || width > Side || height > Side {
		return 0, 0, errStream
	}
	return width, height, nil
}
