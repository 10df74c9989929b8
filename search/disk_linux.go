package search

import (
	"os"

	"golang.org/x/sys/unix"
)

// readCached fills b from the file when that needs no waiting for the disk,
// and tells whether it has.
func readCached(f *os.File, b []byte, at int64) bool {
	n, err := unix.Preadv2(int(f.Fd()), [][]byte{b}, at, unix.RWF_NOWAIT)
	return err == nil && n == len(b)
}

// readAhead begins to read a part of the file from the disk.
func readAhead(f *os.File, at int64, size int) {
	// Without it reading takes longer, no more.
	_ = unix.Fadvise(int(f.Fd()), at, int64(size), unix.FADV_WILLNEED)
}

// beginWriting begins to write a part of the file to the disk.
func beginWriting(f *os.File, at, size int64) {
	// Without it the sync at the end takes longer, no more.
	_ = unix.SyncFileRange(int(f.Fd()), at, size, unix.SYNC_FILE_RANGE_WRITE)
}
