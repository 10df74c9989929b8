package jpeg

// lookBits is how many bits of the stream are looked up at once.
const lookBits = 10

// table decodes one Huffman code.
type table struct {
	// fast is indexed by the next lookBits bits; see entry.
	fast [1 << lookBits]entry
	// Codes of length n+1 are below limits[n], aligned to 16 bits, and the
	// symbol of such a code is at offsets[n] plus the code.
	limits  [16]uint32
	offsets [16]int32
	symbols []byte
	// codes are what fast is made from: a symbol and the length of its code. They
	// are there once a progressive scan has asked for them.
	codes []uint16
}

// entry packs what is known from the bits looked up:
//
//	bits  0-7   how many bits the code and, when complete, the value take
//	bit   8     complete: the value is in the entry
//	bits  9-15  run: how many zero coefficients come before the value
//	bits 16-31  the value, signed; else the number of its bits
//
// A zero entry means that the code is longer than what was looked up.
type entry int32

const (
	complete = 1 << 8
	runShift = 9
	runMask  = 1<<7 - 1
	// endOfBlock is a run that leads further beyond a block than any other.
	endOfBlock = runMask
)

// Symbols of AC tables without a value (T.81, F.1.2.2.1): no more
// coefficients, and 16 zero coefficients. In DC tables the first stands for
// the value zero.
const (
	symbolEOB = 0x00
	symbolZRL = 0xf0
)

// newTable reads a table's definition (T.81, B.2.4.2): the number of codes of
// each length, and the symbols. It returns how many symbols it took, or no
// table when the definition is wrong. A table may have no code at all.
func newTable(counts, symbols []byte) (*table, int) {
	n := 0
	for _, c := range counts {
		n += int(c)
	}
	if n > 256 || n > len(symbols) {
		return nil, 0
	}
	t := &table{symbols: symbols[:n]}
	code, next := uint32(0), 0
	for i, count := range counts {
		length := i + 1
		t.offsets[i] = int32(next) - int32(code)
		for range count {
			if code >= 1<<length {
				return nil, 0
			}
			t.enter(code, length, symbols[next])
			code++
			next++
		}
		t.limits[i] = code << (16 - length)
		code <<= 1
	}
	return t, n
}

// enter fills the entries of all look-ups that begin with the code.
func (t *table) enter(code uint32, length int, symbol byte) {
	if length > lookBits {
		return
	}
	rest := lookBits - length
	first := code << rest
	for i := range uint32(1) << rest {
		t.fast[first+i] = newEntry(length, symbol, i, rest)
	}
}

// newEntry is the entry for a code of the length, followed by the given bits.
func newEntry(length int, symbol byte, following uint32, bits int) entry {
	run, size := entry(symbol>>4), int(symbol&15)
	switch {
	case symbol == symbolEOB:
		return entry(length) | complete | endOfBlock<<runShift
	case symbol == symbolZRL:
		return entry(length) | complete | run<<runShift
	case size > 0 && size <= bits:
		value := extend(int32(following>>(bits-size)), size)
		return entry(length+size) | complete | run<<runShift | entry(value)<<16
	default:
		return entry(length) | run<<runShift | entry(size)<<16
	}
}

// extend turns the bits that follow a code into the value they stand for
// (T.81, F.2.2.1).
func extend(bits int32, size int) int32 {
	if bits < 1<<(size-1) {
		return bits - 1<<size + 1
	}
	return bits
}

// long finds the symbol and length of a code that begins the 16 bits and is
// longer than what is looked up. The length is 0 when there is none.
func (t *table) long(bits uint32) (symbol byte, length uint) {
	for i := lookBits; i < len(t.limits); i++ {
		if bits < t.limits[i] {
			return t.symbols[t.offsets[i]+int32(bits>>(15-i))], uint(i + 1)
		}
	}
	return 0, 0
}

// symbol finds the symbol and length of the code that begins the 16 bits. The
// length is 0 when there is none.
func (t *table) symbol(bits uint32) (symbol byte, length uint) {
	if t.codes == nil {
		t.codes = make([]uint16, 1<<lookBits)
		for i := range t.codes {
			for n := range lookBits {
				if at := uint32(i) << (16 - lookBits); at < t.limits[n] {
					t.codes[i] = uint16(t.symbols[t.offsets[n]+int32(at>>(15-n))])<<8 | uint16(n+1)
					break
				}
			}
		}
	}
	if c := t.codes[bits>>(16-lookBits)]; c != 0 {
		return byte(c >> 8), uint(c & 0xff)
	}
	return t.long(bits)
}

// decode is what an entry stands for that is not complete, given the bits that
// begin with its code, at the top of held.
func (t *table) decode(e entry, held uint64) (run int, value int32, length uint, ok bool) {
	run, size, length := int(e>>runShift), int(e>>16), uint(e&0xff)
	if e == 0 {
		var symbol byte
		symbol, length = t.long(uint32(held >> 48))
		run, size = int(symbol>>4), int(symbol&15)
		switch {
		case length == 0:
			return 0, 0, 0, false
		case symbol == symbolEOB:
			return endOfBlock, 0, length, true
		case symbol == symbolZRL:
			return run, 0, length, true
		}
	}
	if size == 0 {
		return 0, 0, 0, false
	}
	value = extend(int32(held<<length>>(64-size)), size)
	return run & 15, value, length + uint(size), true
}
