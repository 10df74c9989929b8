package search

import "unsafe"

// cacheLine is what regions are aligned to.
const cacheLine = 64

// region is memory that is freed by hand.
type region struct {
	bytes []byte
	unmap func()
}

func (r *region) free() {
	r.bytes = nil
	if r.unmap != nil {
		r.unmap()
		r.unmap = nil
	}
}

func heapBytes(n int) []byte {
	b := make([]byte, n+cacheLine)
	first := -int(address(b)) & (cacheLine - 1)
	return b[first : first+n : first+n]
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// words is b as numbers of four bytes, in the processor's byte order.
func words[T uint32 | float32](b []byte) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}
