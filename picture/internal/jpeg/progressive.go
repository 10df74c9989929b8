package jpeg

import "context"

// progressiveUnit decodes what a scan has of a component's blocks of a unit, the
// first of which is given by its index. It is false when the bits are not that.
func (r *reader) progressiveUnit(c *component, s *Scan, p part, block int) bool {
	for range p.down {
		for i := range p.across {
			b, last := (*[64]int16)(c.coefficients[64*(block+i):]), &c.last[block+i]
			ok := true
			switch {
			case s.from == 0 && s.refines:
				b[0] |= int16(r.bits(1) << s.low)
			case s.from == 0:
				ok = r.first(c, b, s.low)
			case s.refines:
				ok = r.refine(c, b, last, s)
			default:
				ok = r.others(c, b, last, s)
			}
			if !ok {
				return false
			}
		}
		block += c.across
	}
	return true
}

// bits reads up to 16 bits.
func (r *reader) bits(n int) int32 {
	if n == 0 {
		return 0
	}
	if r.count < 16 {
		r.refill()
	}
	v := r.held >> (64 - uint(n))
	r.held <<= uint(n)
	r.count -= uint(n)
	return int32(v)
}

// code reads a code of the table, without a value.
func (r *reader) code(t *table) (symbol byte, ok bool) {
	if r.count < 16 {
		r.refill()
	}
	symbol, length := t.symbol(uint32(r.held >> 48))
	r.held <<= length
	r.count -= length
	return symbol, length > 0
}

// value reads a value of so many bits, without its lowest. It is false when it
// is none that a coefficient can have.
func (r *reader) value(size, low int) (v int16, ok bool) {
	if size == 0 {
		return 0, true
	}
	return fits(extend(r.bits(size), size) << low)
}

func fits(v int32) (int16, bool) { return int16(v), v == int32(int16(v)) }

// first reads the first coefficient, by its difference from the last block's.
func (r *reader) first(c *component, b *[64]int16, low int) bool {
	size, ok := r.code(c.dc)
	if !ok || size > 15 {
		return false
	}
	difference, ok := r.value(int(size), 0)
	if !ok {
		return false
	}
	c.predictor += int32(difference)
	b[0], ok = fits(c.predictor << low)
	return ok
}

// others reads the first bits of coefficients other than the first (T.81,
// G.1.2.2).
func (r *reader) others(c *component, b *[64]int16, last *uint8, s *Scan) bool {
	if r.ended > 0 {
		r.ended--
		return true
	}
	for k := s.from; k <= s.to; k++ {
		symbol, ok := r.code(c.ac)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), int(symbol&15)
		switch {
		case size > 0:
			if k += run; k > s.to {
				return false
			}
			if b[k], ok = r.value(size, s.low); !ok {
				return false
			}
			*last = max(*last, uint8(k))
		case run < longRun:
			r.ended = 1<<run - 1 + int(r.bits(run))
			return true
		default:
			k += longRun
		}
	}
	return true
}

// longRun is a run of zeros with another behind it; fewer, without a value, say
// for how many blocks there are no more coefficients.
const longRun = 15

// refine reads one bit more of coefficients other than the first (T.81,
// G.1.2.3).
func (r *reader) refine(c *component, b *[64]int16, last *uint8, s *Scan) bool {
	bit := int16(1) << s.low
	k := s.from
	for ; r.ended == 0 && k <= s.to; k++ {
		symbol, ok := r.code(c.ac)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), symbol&15
		value := int16(0)
		switch {
		case size == 1:
			if value = -bit; r.bits(1) == 1 {
				value = bit
			}
		case size > 1:
			return false
		case run < longRun:
			r.ended = 1<<run + int(r.bits(run))
		}
		if r.ended > 0 {
			break
		}
		if k = r.correct(b, k, s.to, run, bit); k > s.to {
			return false
		}
		if value != 0 {
			b[k] = value
			*last = max(*last, uint8(k))
		}
	}
	if r.ended > 0 {
		r.ended--
		r.correct(b, k, min(s.to, int(*last)), 64, bit) // behind the last there is nothing to correct
	}
	return true
}

// correct reads a bit for each coefficient that is not zero, up to the place
// behind so many zeros, which it returns.
func (r *reader) correct(b *[64]int16, k, to, zeros int, bit int16) int {
	for ; k <= to; k++ {
		switch v := b[k]; {
		case v == 0 && zeros == 0:
			return k
		case v == 0:
			zeros--
		case r.bits(1) == 0:
		case v > 0:
			b[k] = v + bit
		default:
			b[k] = v - bit
		}
	}
	return k
}

// reconstruct writes the samples of so many rows of units from their
// coefficients.
func (d *decoder) reconstruct(ctx context.Context, rows int) error {
	var b [64]int32
	for i := range d.components {
		c := &d.components[i]
		for y := range rows * c.V {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			for x := range c.across {
				block, last := y*c.across+x, 0
				for k, v := range c.coefficients[64*block : 64*block+1+int(c.last[block])] {
					if v != 0 {
						b[zigzag[k]] = int32(v) * c.quant[k]
						last = k
					}
				}
				reconstruct(c.pix[8*(y*c.stride+x):], c.stride, &b, last)
			}
		}
	}
	return nil
}
