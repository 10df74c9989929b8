package jpeg

import (
	"bytes"
	"context"
)

// scan decodes a scan, from one restart to the next.
func (d *decoder) scan(ctx context.Context, segment Segment) error {
	s, err := d.frame.ReadScan(segment.Data)
	if err != nil {
		return err
	}
	if err := d.setTables(&s); err != nil {
		return err
	}
	units := s.across * d.limit(&s)
	interval := units
	if d.restarts > 0 {
		interval = d.restarts
	}
	done, err := d.intervals(ctx, &s, segment.Coded, interval, units)
	d.given(&s, done)
	return err
}

// intervals decodes a scan's units, so many from one restart to the next, and
// returns how many are right.
func (d *decoder) intervals(ctx context.Context, s *Scan, coded []byte, interval, units int) (right int, err error) {
	buffer := take(&d.memory.scan, len(coded)+slack)
	number, misnumbered := byte(rst0), -1
	for done := 0; ; {
		p, behind := unstuff(buffer, coded)
		to := min(done+interval, units)
		if done == 0 && len(behind) == 0 {
			to = units // some writers announce restarts and have none
		}
		n, left, err := d.decode(ctx, s, p, done, to)
		done += n
		if done == units || err != nil {
			return done, err
		}
		if len(behind) > 0 && behind[0] != number && misnumbered < 0 {
			misnumbered = done - n
		}
		// Restarts may have other numbers where no data are missing.
		if done < to || len(behind) == 0 || left && behind[0] != number {
			if misnumbered >= 0 {
				done = misnumbered
			}
			return done, damaged("the data of a scan are damaged or end")
		}
		coded = behind[1:]
		if number++; number > rst7 {
			number = rst0
		}
	}
}

// limit is how many rows of the scan's units are decoded.
func (d *decoder) limit(s *Scan) int {
	if len(s.parts) > 1 {
		return min(s.down, d.down)
	}
	return min(s.down, d.down*d.components[s.parts[0].component].V)
}

// given notes that the first units of a scan were decoded.
func (d *decoder) given(s *Scan, units int) {
	if s.refines {
		return
	}
	rows := s.rows(&d.frame, units)
	for _, p := range s.parts {
		c := &d.components[p.component]
		for k := s.from; k <= s.to; k++ {
			c.rows[k] = max(c.rows[k], rows)
		}
	}
}

// setTables gives the scan's components their tables. Where there is no Huffman
// table, it is the standard one.
func (d *decoder) setTables(s *Scan) error {
	for _, p := range s.parts {
		c := &d.components[p.component]
		if c.quant == nil {
			c.quant = d.quants[c.quantiser]
		}
		if !d.frame.Progressive {
			for class, id := range [2]byte{p.dc, p.ac} {
				if d.tables[class][id] == nil && int(id) < len(standardTables[class]) {
					d.tables[class][id] = standardTable(class, id)
				}
			}
		}
		c.dc, c.ac = d.tables[0][p.dc], d.tables[1][p.ac]
		if c.quant == nil {
			return damaged("a scan has no quantisation table (DQT)")
		}
		if c.dc == nil && s.from == 0 && !s.refines || c.ac == nil && s.to > 0 {
			return damaged("a scan has no Huffman table (DHT)")
		}
	}
	return nil
}

// decode decodes the units from one index to another, out of a buffer up to a
// restart. It returns how many it found whole, and whether data are left.
func (d *decoder) decode(ctx context.Context, s *Scan, p interval, from, to int) (units int, left bool, err error) {
	r := &reader{buffer: p.buffer}
	for i := range d.components {
		d.components[i].predictor = 0
	}
	sequential := !d.frame.Progressive
	var coefficients [64]int32
	for unit := from; unit < to; unit++ {
		x, y := unit%s.across, unit/s.across
		if x == 0 && ctx.Err() != nil {
			return unit - from, false, ctx.Err()
		}
		ok := true
		for _, p := range s.parts {
			c := &d.components[p.component]
			if sequential {
				ok = r.unit(c, p, 8*(y*p.down*c.stride+x*p.across), &coefficients) && ok
			} else {
				ok = r.progressiveUnit(c, s, p, y*p.down*c.across+x*p.across) && ok
			}
		}
		if !ok || r.position() > p.size {
			return unit - from, false, nil
		}
	}
	return to - from, r.position() < p.size, nil
}

// unit decodes a component's blocks of a unit to where it begins among the
// component's samples. It is false when the bits are no blocks.
func (r *reader) unit(c *component, p part, at int, coefficients *[64]int32) bool {
	for range p.down {
		for h := range p.across {
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

// interval is the data of a scan up to a restart or its end, of which so many
// bytes, followed by slack.
type interval struct {
	buffer []byte
	size   int
}

// slack is what may be read past an interval before the reader is checked: a
// unit has at most ten blocks, and a block at most 64 codes of 16 bits with
// values of 16 bits.
const slack = maxUnit*64*4 + 2*readAhead

// unstuff copies a scan's data up to a restart without the zero byte that follows
// each 0xff into a buffer with room for all. What is behind begins with the
// restart's number.
func unstuff(buffer, data []byte) (p interval, behind []byte) {
	buffer = buffer[:0]
	for {
		n := bytes.IndexByte(data, 0xff)
		if n < 0 {
			buffer, data = append(buffer, data...), nil
			break
		}
		buffer = append(buffer, data[:n]...)
		for n < len(data) && data[n] == 0xff { // a restart may have fill bytes before
			n++
		}
		data = data[n:]
		if len(data) == 0 || data[0] != 0 {
			break
		}
		buffer = append(buffer, 0xff)
		data = data[1:]
	}
	size := len(buffer)
	buffer = buffer[:size+slack]
	clear(buffer[size:])
	return interval{buffer: buffer, size: size}, data
}
