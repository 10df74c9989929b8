package jpeg

import "encoding/binary"

// readAhead is how many bytes the reader holds at most.
const readAhead = 8

// reader takes bits from a buffer, most significant first.
type reader struct {
	buffer []byte
	at     int
	// held has count bits at its top.
	held  uint64
	count uint
	// ended is for how many blocks more a progressive scan has no coefficients.
	ended int
}

// position is the first byte of which no bit was taken.
func (r *reader) position() int { return r.at - int(r.count/8) }

// zigzag is the place in the block, column after column, of each coefficient
// in the order of the stream (T.81, figure A.6).
var zigzag = [64]uint8{
	0, 8, 1, 2, 9, 16, 24, 17,
	10, 3, 4, 11, 18, 25, 32, 40,
	33, 26, 19, 12, 5, 6, 13, 20,
	27, 34, 41, 48, 56, 49, 42, 35,
	28, 21, 14, 7, 15, 22, 29, 36,
	43, 50, 57, 58, 51, 44, 37, 30,
	23, 31, 38, 45, 52, 59, 60, 53,
	46, 39, 47, 54, 61, 62, 55, 63,
}

// refill makes at least 56 bits held, enough for a code and its value of at
// most 16 bits each.
func (r *reader) refill() {
	r.held |= binary.BigEndian.Uint64(r.buffer[r.at:]) >> (r.count & 63)
	r.at += int((63 - r.count) >> 3)
	r.count |= 56
}

// symbol reads one code of the table, and its value.
func (r *reader) symbol(t *table) (run int, value int32, ok bool) {
	e := t.fast[r.held>>(64-lookBits)]
	run, value, length := int(e>>runShift)&runMask, int32(e>>16), uint(e&0xff)
	if e&complete == 0 {
		if run, value, length, ok = t.decode(e, r.held); !ok {
			return 0, 0, false
		}
	}
	r.held <<= length & 63
	r.count -= length
	return run, value, true
}

// block reads one block's coefficients, times the quantisation, into b, which
// is zero, and returns the index of the last one in zigzag order. It is false
// when the bits are no block.
func (r *reader) block(c *component, b *[64]int32) (last int, ok bool) {
	r.refill()
	run, difference, ok := r.symbol(c.dc)
	if !ok || run != 0 && run != endOfBlock {
		return 0, false
	}
	// The first coefficient is given by its difference from the last block's.
	c.predictor += difference
	b[0] = c.predictor * c.quant[0]

	fast, quant := &c.ac.fast, c.quant
	held, count := r.held, r.count
	k := 1
	for ; k < len(zigzag); k++ {
		if count < 32 {
			r.held, r.count = held, count
			r.refill()
			held, count = r.held, r.count
		}
		e := fast[held>>(64-lookBits)]
		value := int32(e >> 16)
		if e&complete != 0 {
			held <<= uint(e) & 63
			count -= uint(e) & 63
			k += int(e>>runShift) & runMask
		} else {
			r.held, r.count = held, count
			if run, value, ok = r.symbol(c.ac); !ok {
				return 0, false
			}
			held, count = r.held, r.count
			k += run
		}
		if k >= len(zigzag) {
			break
		}
		b[zigzag[k&63]&63] = value * quant[k&63]
		last = k
	}
	r.held, r.count = held, count
	// Only the end of a block may lead beyond its last coefficient.
	return last, k == len(zigzag) && last == len(zigzag)-1 || k >= endOfBlock
}
