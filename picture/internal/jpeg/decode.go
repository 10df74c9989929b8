// Package jpeg decodes JPEGs of 8 bits (ITU-T T.81) with Huffman coding:
// baseline, extended sequential and progressive, of any sampling factors. What
// image/jpeg decodes, too, has the same samples, bit for bit, and takes less
// time. Of a damaged or cut file it gives the rows before the damage.
package jpeg

import (
	"context"
	"encoding/binary"
)

// Image is a decoded picture.
type Image struct {
	// Height is how many rows there are from the top; fewer than the frame's
	// when the file is damaged or cut.
	Width, Height int
	Model         Model
	Planes        []Plane
	// Damage is why rows are missing, if any are.
	Damage error
}

// Plane is a component's samples, row after row. It has Across times the
// picture's columns and Down times its rows.
type Plane struct {
	Pix                   []uint8
	Stride, Width, Height int
	Across, Down          float64
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

// component is where a component of the frame is decoded to.
type component struct {
	Component
	quant  *[64]int32
	dc, ac *table
	pix    []uint8
	stride int
	// coefficients are those of progressive pictures, block after block in zigzag
	// order; across is how many blocks a row has.
	coefficients []int16
	// last is for each block the last coefficient that may not be zero.
	last   []uint8
	across int
	// predictor is the last block's DC coefficient.
	predictor int32
	// rows is how many rows of units have the first bits of each coefficient.
	rows [64]int
}

// decoder is the state of one file.
type decoder struct {
	memory *Memory
	frame  Frame
	// down is how many rows of units there may be.
	down       int
	components []component
	// quants are in zigzag order.
	quants   [4]*[64]int32
	tables   [2][4]*table
	restarts int
}

// Decode decodes the file whose frame it is. The image is in memory that the
// next call uses again. The error is a DamageError, when not one row of units is
// there, or the context's.
func (m *Memory) Decode(ctx context.Context, data []byte, frame Frame) (*Image, error) {
	down, err := frame.reach(data)
	if err != nil {
		return nil, err
	}
	d := &decoder{memory: m, frame: frame, down: down}
	d.allocate()
	damage, ended := error(DamageError("the file ends")), false
	for s := range Segments(data) {
		if ended = s.Marker == EOI; ended {
			break
		}
		if err := d.segment(ctx, s); err != nil {
			damage = err
			break
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	rows := d.rows(ended)
	if rows == 0 {
		return nil, damaged("%v after row 0 of %d", damage, frame.Height)
	}
	if frame.Progressive {
		if err := d.reconstruct(ctx, rows); err != nil {
			return nil, err
		}
	}
	return d.image(rows, damage), nil
}

// allocate takes memory for whole units.
func (d *decoder) allocate() {
	across, _ := d.frame.units()
	size := 0
	d.components = make([]component, len(d.frame.Components))
	for i, c := range d.frame.Components {
		d.components[i] = component{Component: c, across: c.H * across, stride: 8 * c.H * across}
		size += 8 * c.H * across * 8 * c.V * d.down
	}
	samples := take(&d.memory.samples, size)
	for i := range d.components {
		c := &d.components[i]
		n := c.stride * 8 * c.V * d.down
		c.pix, samples = samples[:n:n], samples[n:]
		if d.frame.Progressive {
			c.coefficients, c.last = make([]int16, n), make([]uint8, n/64)
		}
	}
}

// segment reads a segment between the first and the end.
func (d *decoder) segment(ctx context.Context, s Segment) error {
	switch s.Marker {
	case DQT:
		return d.quantisation(s.Data)
	case DHT:
		return d.huffman(s.Data)
	case dri:
		if len(s.Data) != 2 {
			return damaged("the restart interval (DRI) has %d bytes", len(s.Data))
		}
		d.restarts = int(binary.BigEndian.Uint16(s.Data))
	case SOS:
		return d.scan(ctx, s)
	}
	return nil
}

func (d *decoder) quantisation(s []byte) error {
	for len(s) > 0 {
		precision, id := s[0]>>4, s[0]&15
		size := 64 << precision
		if precision > 1 || id > maxTable || len(s) < 1+size {
			return damaged("a quantisation table (DQT) is not one")
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
		class, id := s[0]>>4, s[0]&15
		if class > 1 || id > maxTable || len(s) < header {
			return damaged("a Huffman table (DHT) is not one")
		}
		t, n := newTable(s[1:header], s[header:])
		if t == nil {
			return damaged("a Huffman table (DHT) is not one")
		}
		d.tables[class][id] = t
		s = s[header+n:]
	}
	return nil
}

// rows is how many rows of units are there. Of a progressive picture that ended
// as it should, the last coefficients need not have been sent; of one that is
// cut, those rows are there of which each coefficient was.
func (d *decoder) rows(ended bool) int {
	rows := d.down
	for i := range d.components {
		needed := d.components[i].rows[:]
		if ended {
			needed = needed[:1]
		}
		for _, n := range needed {
			rows = min(rows, n)
		}
	}
	return rows
}

// image shows so many rows of units of the picture.
func (d *decoder) image(rows int, damage error) *Image {
	h, v := d.frame.most()
	m := &Image{Width: d.frame.Width, Height: min(d.frame.Height, 8*v*rows), Model: d.frame.Model}
	if m.Height < d.frame.Height {
		m.Damage = damaged("%v after row %d of %d", damage, m.Height, d.frame.Height)
	}
	for i := range d.components {
		c := &d.components[i]
		m.Planes = append(m.Planes, Plane{
			Pix: c.pix, Stride: c.stride, Width: ceil(m.Width*c.H, h), Height: ceil(m.Height*c.V, v),
			Across: float64(c.H) / float64(h), Down: float64(c.V) / float64(v),
		})
	}
	return m
}
