// Package porttest finds ports for servers that tests start.
package porttest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports lie below those that systems give to connections (RFC 6335's dynamic
// ports, Linux's from 32768), so that no connection of another test takes one
// before its server does, or while the server is down.
const lowest, highest = 15_000, 30_000

// Free is the first of count ports in a row of the loopback interface on none of
// which anyone listens.
func Free(count int) (first int, err error) {
	const tries = 100
	for range tries {
		first = lowest + rand.IntN(highest-lowest)
		port := first
		for port < first+count && free(port) {
			port++
		}
		if port == first+count {
			return first, nil
		}
	}
	return 0, errors.New("porttest: no free ports")
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}
