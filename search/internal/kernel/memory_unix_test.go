//go:build unix

package kernel_test

import (
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// memory returns n bytes after which nothing may be read.
func memory(t interface {
	require.TestingT
	Cleanup(func())
}, n int,
) []byte {
	page := unix.Getpagesize()
	size := (n + page - 1) / page * page
	mapped, err := unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(mapped)) })
	require.NoError(t, unix.Mprotect(mapped[size:], unix.PROT_NONE))
	return mapped[size-n : size : size]
}
