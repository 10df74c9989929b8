package main

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bandwidthBytes is far more than caches hold.
const bandwidthBytes = 512 << 20

// readBandwidth is how many GB a second all cores together read from
// memory, one after the other, at best: the search of a byte that is not
// there, which compares a vector register at a time, over huge pages.
func readBandwidth(rounds int) (float64, error) {
	b, err := unix.Mmap(-1, 0, bandwidthBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return 0, fmt.Errorf("map memory: %w", err)
	}
	defer func() { _ = unix.Munmap(b) }()
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	for i := 0; i < len(b); i += 64 {
		b[i] = 1
	}
	const piece = 1 << 20
	best := time.Duration(1<<63 - 1)
	for range rounds {
		pieces := make(chan []byte, len(b)/piece)
		for at := 0; at < len(b); at += piece {
			pieces <- b[at : at+piece]
		}
		close(pieces)
		var readers sync.WaitGroup
		begin := time.Now()
		for range runtime.GOMAXPROCS(0) {
			readers.Go(func() {
				for p := range pieces {
					if bytes.IndexByte(p, 2) >= 0 {
						panic("found a byte that is not there")
					}
				}
			})
		}
		readers.Wait()
		best = min(best, time.Since(begin))
	}
	return float64(len(b)) / best.Seconds() / 1e9, nil
}
