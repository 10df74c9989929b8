package clip

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"time"

	"oneton/picture"
)

// GIF's blocks (CompuServe, "Graphics Interchange Format", version 89a).
const (
	gifHeader    = 13 // signature and logical screen
	gifExtension = 0x21
	gifControl   = 0xf9
	gifImage     = 0x2c
	gifTrailer   = 0x3b
	// imageHeader is the length of an image descriptor with its mark, and
	// controlLength that of a graphic control extension.
	imageHeader   = 10
	controlLength = 8
)

// still is one picture of a GIF: where it lies and how it is shown.
type still struct {
	area     image.Rectangle
	disposal byte
	delay    time.Duration
	// file is a GIF of this picture alone.
	file func(prefix []byte) []byte
}

// readGIF decodes an animated GIF picture by picture, with never more than the
// canvas and two of its pictures in memory.
func readGIF(ctx context.Context, data []byte, m *meter) error {
	if len(data) < gifHeader {
		return fmt.Errorf("%w: the GIF ends within its header; send all of it", ErrCorrupt)
	}
	width, height := int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	switch {
	case width > maxSide || height > maxSide:
		return fmt.Errorf("%w: %d×%d pixels, the longest side may be %d", ErrTooLarge, width, height, maxSide)
	case width < minSide || height < minSide:
		return fmt.Errorf("%w: a GIF of %d×%d pixels shows nothing", ErrCorrupt, width, height)
	}
	prefix := data[:min(gifHeader+tableLength(data[10]), len(data))]
	canvas := image.NewRGBA(image.Rectangle{})
	var before []uint8
	at, count := time.Duration(0), 0
	for rest := data[len(prefix):]; ; {
		s, behind, ok := nextStill(rest)
		if !ok {
			break
		}
		rest = rest[behind:]
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.take(at); err != nil {
			return err
		}
		if err := m.size(width, height); err != nil {
			return err
		}
		if !s.area.In(image.Rect(0, 0, width, height)) {
			return fmt.Errorf("%w: a picture of the GIF reaches beyond its canvas", ErrCorrupt)
		}
		if canvas.Rect.Empty() {
			canvas = white(width, height)
		}
		img, err := gif.Decode(bytes.NewReader(s.file(prefix)))
		if err != nil {
			return fmt.Errorf("%w: picture %d of the GIF: %w", ErrCorrupt, count+1, err)
		}
		if s.disposal == gif.DisposalPrevious {
			before = append(before[:0], canvas.Pix...)
		}
		draw.Draw(canvas, s.area, img, s.area.Min, draw.Over)
		count++
		shown := picture.Of(&image.RGBA{Pix: bytes.Clone(canvas.Pix), Stride: canvas.Stride, Rect: canvas.Rect}, "image/gif")
		if err := m.hand(Frame{At: at, Picture: shown}); err != nil {
			return err
		}
		switch s.disposal {
		case gif.DisposalPrevious:
			copy(canvas.Pix, before)
		case gif.DisposalBackground:
			draw.Draw(canvas, s.area, image.NewUniform(color.White), image.Point{}, draw.Src)
		}
		at += s.delay
	}
	switch count {
	case 0:
		return fmt.Errorf("%w: the GIF has no picture that is whole", ErrCorrupt)
	case 1:
		return fmt.Errorf("%w: the GIF is one picture; send a clip", ErrUnsupported)
	}
	return nil
}

func white(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = 0xff
	}
	return m
}

// nextStill finds the next picture, and the position behind it; false when there
// is none that is whole.
func nextStill(data []byte) (s still, behind int, ok bool) {
	var control []byte
	s.delay = usualDelay
	for at := 0; at < len(data); {
		switch data[at] {
		case gifExtension:
			end := blocksEnd(data, at+2)
			if end > len(data) {
				return s, 0, false
			}
			if block := data[at:end]; block[1] == gifControl && len(block) == controlLength {
				control = block
				s.disposal = block[3] >> 2 & 7
				s.delay = delay(binary.LittleEndian.Uint16(block[4:]))
			}
			at = end
		case gifImage:
			if at+imageHeader >= len(data) {
				return s, 0, false
			}
			d := data[at:]
			x, y := int(binary.LittleEndian.Uint16(d[1:])), int(binary.LittleEndian.Uint16(d[3:]))
			w, h := int(binary.LittleEndian.Uint16(d[5:])), int(binary.LittleEndian.Uint16(d[7:]))
			s.area = image.Rect(x, y, x+w, y+h)
			// The table, then the code size, then the blocks.
			end := blocksEnd(data, at+imageHeader+tableLength(d[9])+1)
			if end > len(data) {
				return s, 0, false
			}
			body := data[at:end]
			s.file = func(prefix []byte) []byte {
				return append(bytes.Join([][]byte{prefix, control, body}, nil), gifTrailer)
			}
			return s, end, true
		default: // the trailer, or nothing that is known
			return s, 0, false
		}
	}
	return s, 0, false
}

// blocksEnd is the position behind sub-blocks and the empty one that ends them;
// beyond the data when they are cut.
func blocksEnd(data []byte, at int) int {
	for at < len(data) {
		length := int(data[at])
		at += 1 + length
		if length == 0 {
			return at
		}
	}
	return len(data) + 1
}

// tableLength is the length of the colour table that packed flags announce.
func tableLength(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// usualDelay is how long pictures stay that say nothing, or less than can be
// shown: browsers do so.
const usualDelay = 100 * time.Millisecond

func delay(hundredths uint16) time.Duration {
	if hundredths <= 1 {
		return usualDelay
	}
	return time.Duration(hundredths) * 10 * time.Millisecond
}
