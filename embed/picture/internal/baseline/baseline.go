// Package baseline decodes the JPEG files that cameras and phones write faster
// than image/jpeg does, to the same samples bit for bit: 8-bit baseline or
// extended sequential Huffman coding (ITU-T T.81), grey or YCbCr, in one scan.
// It declines every other file, damaged ones included, so that image/jpeg can
// have the word on them.
package baseline

import (
	"context"
	"encoding/binary"
	"errors"
	"image"
)

// ErrDeclined means that the file is not one of those decoded here.
var ErrDeclined = errors.New("baseline: declined")

// Markers (T.81, table B.1).
const (
	markerSOF0  = 0xc0
	markerSOF1  = 0xc1
	markerDHT   = 0xc4
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP14 = 0xee
	markerAPP15 = 0xef
	markerCOM   = 0xfe
)

// component is one colour plane of the frame and where it is decoded to.
type component struct {
	id       byte
	h, v     int
	selector byte
	quant    *[64]int32
	dc, ac   *table
	pix      []uint8
	stride   int
	// predictor is the last block's DC coefficient.
	predictor int32
}

// Memory is what Decode works in, kept from one file to the next. The zero
// value is ready.
type Memory struct {
	samples, scan []byte
}

// kept bounds what is kept after a large file.
const kept = 32 << 20

// take is n bytes of arbitrary content.
func take(memory *[]byte, n int) []byte {
	if cap(*memory) >= n {
		return (*memory)[:n]
	}
	fresh := make([]byte, n)
	if n <= kept {
		*memory = fresh
	}
	return fresh
}

// decoder is the state of one file.
type decoder struct {
	memory *Memory

	width, height int
	components    []component
	// quants are in zigzag order.
	quants   [4]*[64]int32
	tables   [2][4]*table
	restarts int
}

// Decode decodes the file. The result is an *image.Gray or *image.YCbCr, in
// memory that the next call uses again; the error is ErrDeclined or the
// context's.
func (m *Memory) Decode(ctx context.Context, data []byte) (image.Image, error) {
	d := &decoder{memory: m}
	scan, err := d.headers(data)
	if err != nil {
		return nil, err
	}
	segments, size, err := d.unstuff(scan)
	if err != nil {
		return nil, err
	}
	across, down := d.units()
	if !d.plausible(across*down, size) {
		return nil, ErrDeclined
	}
	img := d.allocate(across, down)
	if err := d.decodeScan(ctx, segments, across, down); err != nil {
		return nil, err
	}
	return img, nil
}

// headers reads the segments up to the scan and returns the scan's data.
func (d *decoder) headers(data []byte) (scan []byte, err error) {
	if len(data) < 2 || data[0] != 0xff || data[1] != markerSOI {
		return nil, ErrDeclined
	}
	for data = data[2:]; ; {
		const header = 4
		if len(data) < header || data[0] != 0xff {
			return nil, ErrDeclined
		}
		marker := data[1]
		length := int(binary.BigEndian.Uint16(data[2:])) + 2
		if length < header || length > len(data) {
			return nil, ErrDeclined
		}
		segment := data[header:length]
		data = data[length:]
		if marker == markerSOS {
			return data, d.startOfScan(segment)
		}
		if err := d.segment(marker, segment); err != nil {
			return nil, err
		}
	}
}

func (d *decoder) segment(marker byte, s []byte) error {
	switch {
	case marker == markerDQT:
		return d.quantisation(s)
	case marker == markerDHT:
		return d.huffman(s)
	case marker == markerSOF0 || marker == markerSOF1:
		return d.startOfFrame(s)
	case marker == markerDRI && len(s) == 2:
		d.restarts = int(binary.BigEndian.Uint16(s))
		return nil
	case marker == markerAPP14:
		// Adobe's segment says when the planes are not YCbCr.
		const adobe, transform, unknown = "Adobe", 11, 0
		if len(s) > transform && string(s[:len(adobe)]) == adobe && s[transform] == unknown {
			return ErrDeclined
		}
		return nil
	case marker >= markerAPP0 && marker <= markerAPP15 || marker == markerCOM:
		return nil
	}
	return ErrDeclined
}

func (d *decoder) quantisation(s []byte) error {
	for len(s) > 0 {
		precision, id := s[0]>>4, s[0]&15
		size := 64 << precision
		if precision > 1 || int(id) >= len(d.quants) || len(s) < 1+size {
			return ErrDeclined
		}
		q := new([64]int32)
		for i := range q {
			if precision == 0 {
				q[i] = int32(s[1+i])
			} else {
				q[i] = int32(binary.BigEndian.Uint16(s[1+2*i:]))
			}
		}
		d.quants[id] = q
		s = s[1+size:]
	}
	return nil
}

func (d *decoder) huffman(s []byte) error {
	for len(s) > 0 {
		const header = 17
		if len(s) < header {
			return ErrDeclined
		}
		class, id := s[0]>>4, s[0]&15
		if int(class) >= len(d.tables) || int(id) >= len(d.tables[0]) {
			return ErrDeclined
		}
		t, n := newTable(s[1:header], s[header:])
		if t == nil {
			return ErrDeclined
		}
		d.tables[class][id] = t
		s = s[header+n:]
	}
	return nil
}

func (d *decoder) startOfFrame(s []byte) error {
	const header, each, precision = 6, 3, 8
	if d.components != nil || len(s) < header || s[0] != precision {
		return ErrDeclined
	}
	d.height = int(binary.BigEndian.Uint16(s[1:]))
	d.width = int(binary.BigEndian.Uint16(s[3:]))
	n := int(s[5])
	if d.height == 0 || d.width == 0 || n != 1 && n != 3 || len(s) != header+each*n {
		return ErrDeclined
	}
	for i := range n {
		c := s[header+each*i:]
		if int(c[2]) >= len(d.quants) {
			return ErrDeclined
		}
		d.components = append(d.components, component{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), selector: c[2]})
	}
	return checkComponents(d.components)
}

// checkComponents accepts the layouts that image/jpeg takes for YCbCr: chroma
// sampled once for one, two or four columns and one or two rows of luma.
func checkComponents(c []component) error {
	if len(c) == 1 {
		// The sampling factors of a lone component have no meaning.
		c[0].h, c[0].v = 1, 1
		return nil
	}
	luma, cb, cr := c[0], c[1], c[2]
	switch {
	case luma.h != 1 && luma.h != 2 && luma.h != 4, luma.v != 1 && luma.v != 2,
		cb.h != 1, cb.v != 1, cr.h != 1, cr.v != 1,
		luma.id == cb.id, luma.id == cr.id, cb.id == cr.id,
		luma.id == 'R' && cb.id == 'G' && cr.id == 'B':
		return ErrDeclined
	}
	return nil
}
