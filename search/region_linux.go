package search

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const hugePage = 2 << 20

// newRegion returns n zeroed bytes. Large regions lie outside the garbage
// collected heap, on huge pages as far as they fill them.
func newRegion(n int) (region, error) {
	if n < hugePage/2 {
		return region{bytes: heapBytes(n)}, nil
	}
	mapped, err := unix.Mmap(-1, 0, n+hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return region{}, fmt.Errorf("map %d bytes of memory: %w", n, err)
	}
	first := -int(address(mapped)) & (hugePage - 1)
	bytes := mapped[first : first+n : first+n]
	if full := n &^ (hugePage - 1); full > 0 {
		// Without huge pages a scan is slower, not wrong.
		_ = unix.Madvise(bytes[:full], unix.MADV_HUGEPAGE)
	}
	return region{bytes: bytes, unmap: func() { _ = unix.Munmap(mapped) }}, nil
}
