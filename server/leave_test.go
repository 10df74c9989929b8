package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// post sends a photo to be searched for faces, in one piece.
func (c caller) post(t *testing.T, conn net.Conn, photo []byte) {
	t.Helper()
	_, err := fmt.Fprintf(conn, "POST /v1/detect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s",
		c.key, len(photo), photo)
	require.NoError(t, err)
}

// Work for a client that has left ends, however it left.
func TestClientThatLeaves(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn) error{
		"closing":  (*net.TCPConn).Close,
		"its side": (*net.TCPConn).CloseWrite,
		"resetting": func(c *net.TCPConn) error {
			if err := c.SetLinger(0); err != nil {
				return err
			}
			return c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			conn := c.dial(t)
			c.post(t, conn, servertest.Scripted(t, servertest.Script{Hold: time.Minute}))
			require.Eventually(t, func() bool { return c.Working() == 1 }, patience, time.Millisecond)
			require.NoError(t, leave(conn.(*net.TCPConn))) //nolint:forcetypeassert // it is one
			require.Eventually(t, func() bool { return c.Working() == 0 }, patience, time.Millisecond)
			require.Eventually(t, func() bool { return strings.Contains(c.Log.String(), `"code":"client_gone"`) }, patience, time.Millisecond)
			require.Contains(t, c.Log.String(), `"status":499`)
		})
	}
}

// A client that waits, asks again on the same connection or asks ahead has not
// left.
func TestClientThatStays(t *testing.T) {
	c := start(t)
	slow := servertest.Scripted(t, servertest.Script{Hold: 50 * time.Millisecond, Faces: []servertest.Shown{{Person: "ada"}}})
	conn := c.dial(t)
	r := bufio.NewReader(conn)
	answered := func() {
		res, err := http.ReadResponse(r, nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, c.Log)
	}
	for range 10 {
		c.post(t, conn, slow)
		answered()
	}
	for range 10 {
		c.post(t, conn, slow)
		time.Sleep(time.Millisecond)
	}
	for range 10 {
		answered()
	}
	require.NotContains(t, c.Log.String(), "client_gone")
}
