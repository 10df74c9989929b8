package inflate

import "math/bits"

// entry is what a code stands for: its length in the lowest bits, 0 for none, and
//
//   - a literal: its value
//   - a length or a distance: the least there is, and how many bits are added
//   - the end of a block
//   - that the code is longer than the table's index: where the codes that begin so are
type entry uint32

const (
	literal entry = 1 << (5 + iota)
	end
	further
)

func (e entry) length() uint { return uint(e & 31) }
func (e entry) extra() uint  { return uint(e >> 8 & 31) }
func (e entry) value() uint  { return uint(e >> 16) }

func number(least, extra uint) entry { return entry(least<<16 | extra<<8) }

const (
	// longestCode is a code's, indexBits what of it the table's index has.
	longestCode = 15
	indexBits   = 10
)

// table tells what codes stand for by the bits that follow.
type table struct {
	first [1 << indexBits]entry
	// mask is how much of first is used.
	mask uint64
	// rest are the entries of longer codes, in groups by their beginning.
	rest     []entry
	restMask uint64
}

// find is what the code stands for that the bits begin with.
func (t *table) find(held uint64) entry {
	e := t.first[held&t.mask&(1<<indexBits-1)]
	if e&further != 0 {
		e = t.rest[uint64(e.value())+held>>indexBits&t.restMask]
	}
	return e
}

// build makes the table of the code of these lengths (RFC 1951, section 3.2.2),
// whose symbols stand for these entries. It is false when there is none: codes
// stand for all bits, but where there is none at all, or one of one bit.
func (t *table) build(lengths []uint8, symbols []entry) bool {
	var count, next [longestCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	code, most := 0, 0
	for n := 1; n <= longestCode; n++ {
		code <<= 1
		next[n] = code
		code += count[n]
		if count[n] > 0 {
			most = n
		}
	}
	if code != 0 && code != 1<<longestCode && !(most == 1 && count[1] == 1) {
		return false
	}
	used := 1 << min(most, indexBits)
	t.mask = uint64(used - 1)
	t.restMask = 1<<max(0, most-indexBits) - 1
	t.rest = t.rest[:0]
	clear(t.first[:used])
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		at := int(bits.Reverse16(uint16(next[n])) >> (16 - n)) // codes come with their most significant bit first
		next[n]++
		e := symbols[symbol] | entry(n)
		if n <= indexBits {
			for ; at < used; at += 1 << n {
				t.first[at] = e
			}
			continue
		}
		begin := &t.first[at&(1<<indexBits-1)]
		if *begin == 0 {
			*begin = further | number(uint(len(t.rest)), 0)
			for range t.restMask + 1 {
				t.rest = append(t.rest, 0)
			}
		}
		group := t.rest[begin.value():][:t.restMask+1]
		for at >>= indexBits; at < len(group); at += 1 << (n - indexBits) {
			group[at] = e
		}
	}
	return true
}
