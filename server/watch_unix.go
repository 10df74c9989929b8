//go:build unix

package server

import (
	"errors"
	"net"
	"syscall"
)

// hungUp waits until the peer has closed its side of the connection or reset
// it, which is true, or something can be read or the read deadline has passed.
// It takes nothing from what there is to read.
func hungUp(c net.Conn) bool {
	s, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	var n int
	var failed error
	err = raw.Read(func(fd uintptr) (done bool) {
		for {
			n, _, failed = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
			if !errors.Is(failed, syscall.EINTR) {
				return !errors.Is(failed, syscall.EAGAIN)
			}
		}
	})
	return err == nil && n <= 0
}
