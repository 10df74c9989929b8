package baseline

import (
	"bytes"
	"context"
	"image"
)

// startOfScan accepts a scan of all components in the frame's order.
func (d *decoder) startOfScan(s []byte) error {
	n := len(d.components)
	if n == 0 || len(s) != 4+2*n || int(s[0]) != n {
		return ErrDeclined
	}
	for i := range d.components {
		c := &d.components[i]
		id, dc, ac := s[1+2*i], s[2+2*i]>>4, s[2+2*i]&15
		if id != c.id || int(dc) >= len(d.tables[0]) || int(ac) >= len(d.tables[1]) {
			return ErrDeclined
		}
		c.quant, c.dc, c.ac = d.quants[c.selector], d.tables[0][dc], d.tables[1][ac]
		if c.quant == nil || c.dc == nil || c.ac == nil {
			return ErrDeclined
		}
	}
	return nil
}

// units says how many units (MCU) lie across and down the picture.
func (d *decoder) units() (across, down int) {
	luma := d.components[0]
	return (d.width + 8*luma.h - 1) / (8 * luma.h), (d.height + 8*luma.v - 1) / (8 * luma.v)
}

// plausible says whether so many bytes can hold the units, each block of which
// takes at least two codes of a bit, before memory is taken for them.
func (d *decoder) plausible(units, size int) bool {
	blocks := 0
	for _, c := range d.components {
		blocks += c.h * c.v
	}
	return 2*units*blocks <= 8*size
}

// allocate makes an image of whole units and shows its visible part.
func (d *decoder) allocate(across, down int) image.Image {
	size := 0
	for i := range d.components {
		c := &d.components[i]
		c.stride = 8 * c.h * across
		size += c.stride * 8 * c.v * down
	}
	samples := take(&d.memory.samples, size)
	for i := range d.components {
		c := &d.components[i]
		n := c.stride * 8 * c.v * down
		c.pix, samples = samples[:n:n], samples[n:]
	}
	luma := d.components[0]
	visible := image.Rect(0, 0, d.width, d.height)
	if len(d.components) == 1 {
		return &image.Gray{Pix: luma.pix, Stride: luma.stride, Rect: visible}
	}
	ratios := map[[2]int]image.YCbCrSubsampleRatio{
		{1, 1}: image.YCbCrSubsampleRatio444, {1, 2}: image.YCbCrSubsampleRatio440,
		{2, 1}: image.YCbCrSubsampleRatio422, {2, 2}: image.YCbCrSubsampleRatio420,
		{4, 1}: image.YCbCrSubsampleRatio411, {4, 2}: image.YCbCrSubsampleRatio410,
	}
	cb, cr := d.components[1], d.components[2]
	return &image.YCbCr{
		Y: luma.pix, Cb: cb.pix, Cr: cr.pix, YStride: luma.stride, CStride: cb.stride,
		SubsampleRatio: ratios[[2]int{luma.h, luma.v}], Rect: visible,
	}
}

// decodeScan decodes all units, from one restart to the next.
func (d *decoder) decodeScan(ctx context.Context, segments []segment, across, down int) error {
	units := across * down
	interval := units
	if d.restarts > 0 {
		interval = d.restarts
	}
	if len(segments) != (units+interval-1)/interval {
		return ErrDeclined
	}
	for i, s := range segments {
		from := i * interval
		if err := d.decodeSegment(ctx, s, from, min(from+interval, units), across); err != nil {
			return err
		}
	}
	return nil
}

// decodeSegment decodes the units from one index to another.
func (d *decoder) decodeSegment(ctx context.Context, s segment, from, to, across int) error {
	r := &reader{buffer: s.buffer, at: s.from}
	for i := range d.components {
		d.components[i].predictor = 0
	}
	var coefficients [64]int32
	for unit := from; unit < to; unit++ {
		x, y := unit%across, unit/across
		if x == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for i := range d.components {
			c := &d.components[i]
			if !r.unit(c, 8*(y*c.v*c.stride+x*c.h), &coefficients) {
				return ErrDeclined
			}
		}
		if r.at > s.to+readAhead {
			return ErrDeclined
		}
	}
	if r.position() != s.to {
		return ErrDeclined
	}
	return nil
}

// unit decodes a component's blocks of a unit to where it begins among the
// component's samples. It is false when the bits are no blocks.
func (r *reader) unit(c *component, at int, coefficients *[64]int32) bool {
	for range c.v {
		for h := range c.h {
			last, ok := r.block(c, coefficients)
			if !ok {
				return false
			}
			reconstruct(c.pix[at+8*h:], c.stride, coefficients, last)
		}
		at += 8 * c.stride
	}
	return true
}

// segment is the part of a buffer from one restart marker to the next.
type segment struct {
	buffer   []byte
	from, to int
}

// slack is what may be read past a segment before the reader is checked: a unit
// has at most ten blocks, and a block at most 64 codes of 16 bits with values of
// 16 bits.
const slack = 10*64*4 + 2*readAhead

// unstuff copies a scan's data without the zero byte that follows each 0xff,
// and cuts it at the restart markers. It returns the length of all segments.
// After the scan the file must end.
func (d *decoder) unstuff(data []byte) (segments []segment, size int, err error) {
	buffer := take(&d.memory.scan, len(data)+slack)[:0]
	from, restart := 0, byte(markerRST0)
	for {
		n := bytes.IndexByte(data, 0xff)
		if n < 0 || n+1 >= len(data) {
			return nil, 0, ErrDeclined
		}
		marker := data[n+1]
		if marker == 0 {
			buffer = append(buffer, data[:n+1]...)
			data = data[n+2:]
			continue
		}
		buffer = append(buffer, data[:n]...)
		data = data[n+2:]
		segments = append(segments, segment{from: from, to: len(buffer)})
		from = len(buffer)
		if marker == markerEOI {
			break
		}
		if marker != restart {
			return nil, 0, ErrDeclined
		}
		if restart++; restart > markerRST7 {
			restart = markerRST0
		}
	}
	clear(buffer[len(buffer) : len(buffer)+slack])
	for i := range segments {
		segments[i].buffer = buffer[:len(buffer)+slack]
	}
	return segments, len(buffer), nil
}
