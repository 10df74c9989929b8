package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/bmp"

	"oneton/photo"
)

func sizeOfBMP(data []byte) (image.Point, error) {
	cfg, err := bmp.DecodeConfig(bytes.NewReader(data))
	if errors.Is(err, bmp.ErrUnsupported) {
		return image.Point{}, fmt.Errorf("%w: a BMP that is compressed, or of 16 bits or an old or odd header; send a JPEG", photo.ErrUnsupported)
	}
	return image.Pt(cfg.Width, cfg.Height), err
}

// checkBMP is photo.ErrCorrupt when the file is shorter than its rows.
func checkBMP(data []byte, size image.Point, _ Limits) error {
	const pixelsAt, bitsAt, word = 10, 28, 32 // sizeOfBMP has seen them
	bits := int(binary.LittleEndian.Uint16(data[bitsAt:]))
	row := (size.X*bits + word - 1) / word * (word / 8)
	if need := int(binary.LittleEndian.Uint32(data[pixelsAt:])) + row*size.Y; need > len(data) {
		return fmt.Errorf("%w: the file ends before the picture does; send all of it", photo.ErrCorrupt)
	}
	return nil
}

func decodeBMP(ctx context.Context, _ *Decoder, data []byte) (*Picture, error) {
	img, err := bmp.Decode(&contextReader{ctx: ctx, data: data})
	if err != nil {
		return nil, err
	}
	if m, ok := img.(*image.NRGBA); ok {
		opaque(m)
	}
	return view(img, "image/bmp"), nil
}

// opaque leaves out transparency that would hide all of the picture, which is
// how programs that know of none fill the byte; browsers do so, too.
func opaque(m *image.NRGBA) {
	const step, alpha = 4, 3
	for i := alpha; i < len(m.Pix); i += step {
		if m.Pix[i] != 0 {
			return
		}
	}
	for i := alpha; i < len(m.Pix); i += step {
		m.Pix[i] = 255
	}
}
