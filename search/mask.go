package search

import "unsafe"

// Mask chooses rows by id: bit id%64 of word id/64. Ids beyond its end are
// not chosen. A mask is as long as the highest id it chooses, so ids that
// count up from zero keep it small.
type Mask []uint64

// Add chooses id, growing the mask as needed.
func (m *Mask) Add(id uint64) {
	for uint64(len(*m)) <= id/64 {
		*m = append(*m, 0)
	}
	(*m)[id/64] |= 1 << (id % 64)
}

// Remove chooses id no longer.
func (m Mask) Remove(id uint64) {
	if id/64 < uint64(len(m)) {
		m[id/64] &^= 1 << (id % 64)
	}
}

// Has tells whether id is chosen.
func (m Mask) Has(id uint64) bool {
	return id/64 < uint64(len(m)) && m[id/64]>>(id%64)&1 == 1
}

// window returns the bits of 64 ids from first on.
func (m Mask) window(first uint64) uint64 {
	word, shift := first/64, first%64
	var bits uint64
	if word < uint64(len(m)) {
		bits = m[word] >> shift
	}
	if shift > 0 && word+1 < uint64(len(m)) {
		bits |= m[word+1] << (64 - shift)
	}
	return bits
}

// same tells whether two masks are one slice.
func (m Mask) same(o Mask) bool {
	return len(m) == len(o) && (m == nil) == (o == nil) && unsafe.SliceData(m) == unsafe.SliceData(o)
}
