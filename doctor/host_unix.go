//go:build linux || darwin

package doctor

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const errNotFolder = syscall.ENOTDIR

// writable is why this process may not write to the path; nothing is written.
func writable(path string) error { return unix.Access(path, unix.W_OK) }

// freeBytes is how much of the path's disk this process may still take.
func freeBytes(path string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil //nolint:gosec // a size is positive
}
