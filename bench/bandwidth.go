package main

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// memory is what a scan of as many bytes is compared with: all cores together
// read it from one end to the other. It does nothing else with a byte than the
// search for one that is not there, which compares a vector register at a time
// (measured as fast as bare 64-byte loads), over huge pages.
type memory struct{ bytes []byte }

// cached is the size below which caches may hold a gallery, so that its scan
// is not bound by memory.
const cached = 64 << 20

func newMemory(size int) (*memory, error) {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map memory: %w", err)
	}
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	for i := 0; i < len(b); i += 64 {
		b[i] = 1
	}
	return &memory{bytes: b}, nil
}

func (m *memory) close() error { return unix.Munmap(m.bytes) }

// read reads all of it once and returns how long that took.
func (m *memory) read() time.Duration {
	const piece = 1 << 20
	var next atomic.Int64
	var readers sync.WaitGroup
	begin := time.Now()
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for {
				at := int(next.Add(piece)) - piece
				if at >= len(m.bytes) {
					return
				}
				if bytes.IndexByte(m.bytes[at:min(at+piece, len(m.bytes))], 2) >= 0 {
					panic("found a byte that is not there")
				}
			}
		})
	}
	readers.Wait()
	return time.Since(begin)
}
