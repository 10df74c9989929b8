package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// allocate makes sure that the file has blocks for n bytes at the offset.
func allocate(f *os.File, at, n int64) error {
	for {
		err := syscall.Fallocate(int(f.Fd()), 0, at, n)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOSYS):
			return fillUp(f, at, n)
		default:
			return err
		}
	}
}
