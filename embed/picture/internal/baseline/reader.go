package baseline

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

// block reads one block's coefficients, times the quantisation, into b, which
// is zero, and returns the index of the last one in zigzag order. It is false
// when the bits are no block.
func (r *reader) block(c *component, b *[64]int32) (last int, ok bool) {
	buffer, at, held, count := r.buffer, r.at, r.held, r.count

	held |= binary.BigEndian.Uint64(buffer[at:]) >> (count & 63)
	at += int((63 - count) >> 3)
	count |= 56
	e := c.dc.fast[held>>(64-lookBits)]
	run, value, length := int(e>>runShift)&runMask, int32(e>>16), uint(e&0xff)
	if e&complete == 0 {
		if run, value, length, ok = c.dc.decode(e, held); !ok {
			return 0, false
		}
	}
	held <<= length & 63
	count -= length
	// The first coefficient is given by its difference from the last block's.
	c.predictor += value
	ok = run == 0 || run == endOfBlock

	fast, quant := &c.ac.fast, c.quant
	b[0] = c.predictor * quant[0]
	for k := 1; k < len(zigzag); k++ {
		// One code and its value have at most 16 bits each.
		if count < 32 {
			held |= binary.BigEndian.Uint64(buffer[at:]) >> (count & 63)
			at += int((63 - count) >> 3)
			count |= 56
		}
		e := fast[held>>(64-lookBits)]
		run, value, length := int(e>>runShift)&runMask, int32(e>>16), uint(e&0xff)
		if e&complete == 0 {
			var known bool
			if run, value, length, known = c.ac.decode(e, held); !known {
				return 0, false
			}
		}
		held <<= length & 63
		count -= length
		if k += run; k >= len(zigzag) {
			// Only the end of a block may lead beyond its last coefficient.
			ok = ok && k >= endOfBlock
			break
		}
		b[zigzag[k&63]&63] = value * quant[k&63]
		last = k
	}
	r.at, r.held, r.count = at, held, count
	return last, ok
}
