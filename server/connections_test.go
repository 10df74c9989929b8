package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

// dialFrom dials from another address of this machine.
func (c caller) dialFrom(t *testing.T, address string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(c.URL, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// ask is the status of a request without a body on the connection.
func (c caller) ask(t *testing.T, conn net.Conn, method, path string) int {
	t.Helper()
	_, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", method, path, c.key)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func closedByServer(t *testing.T, conn net.Conn) {
	t.Helper()
	n, err := io.Copy(io.Discard, conn)
	require.NoError(t, err)
	require.Zero(t, n)
}

// Connections that ask nothing take nobody's place, whether they say nothing,
// do not end a header, do not read or have had their answer; the log says who has so many.
func TestWaitingConnectionsYield(t *testing.T) {
	for name, text := range map[string]string{
		"silent":          "",
		"within a header": "POST /v1/detect HTTP/1.1\r\nX-Drip: ",
		"before a body":   "POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\n",
		"not reading":     strings.Repeat("GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n", 200),
		"idle":            "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := startWith(t, func(cfg *server.Config) { cfg.PeerConcurrency = 4 })
			held := make([]net.Conn, 100)
			for i := range held {
				held[i] = c.dial(t)
				require.NoError(t, held[i].(*net.TCPConn).SetReadBuffer(1)) //nolint:forcetypeassert // it is one
				_, err := io.WriteString(held[i], text)
				require.NoError(t, err)
			}
			fresh := c.dial(t)
			for _, path := range []string{"/livez", "/readyz", "/v1/galleries/staff"} {
				require.Equal(t, http.StatusOK, c.ask(t, fresh, "GET", path))
			}
			require.Equal(t, 1, strings.Count(c.Log.String(), "as many connections as may be"))
			require.Contains(t, c.Log.String(), `"peer":"127.0.0.1/32"`)
			if text == "" {
				closedByServer(t, held[0])
			}
		})
	}
}

// While all of an address's connections are at work, another one of it learns
// of the server's health and nothing else; other addresses are served.
func TestBusyPeerLearnsOfHealth(t *testing.T) {
	c := startWith(t, func(cfg *server.Config) { cfg.PeerConcurrency = 2 })
	for range 2 {
		c.post(t, c.dial(t), servertest.Scripted(t, servertest.Script{Hold: patience}))
	}
	require.Eventually(t, func() bool { return c.Working() == 2 }, patience, time.Millisecond)

	conn := c.dial(t)
	_, err := fmt.Fprintf(conn, "GET /v1/galleries/staff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", c.key)
	require.NoError(t, err)
	readProblem(t, conn, http.StatusServiceUnavailable, "busy")
	for range 200 { // more silent ones than spare connections
		c.dial(t)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		require.Equal(t, http.StatusOK, c.ask(t, c.dial(t), "GET", path))
	}
	require.Equal(t, http.StatusOK, c.ask(t, c.dialFrom(t, "127.0.0.2"), "GET", "/v1/galleries/staff"))
	require.Equal(t, 2, c.Working(), "who is at work stays")
}

// When the server is full, whoever has most connections loses one.
func TestLargestPeerYields(t *testing.T) {
	c := startWith(t, func(cfg *server.Config) { cfg.Concurrency = 6 })
	ours := c.dialFrom(t, "127.0.0.2")
	require.Equal(t, http.StatusOK, c.ask(t, ours, "GET", "/livez"))
	for range 50 {
		c.dialFrom(t, "127.0.0.3")
	}
	require.Equal(t, http.StatusOK, c.ask(t, ours, "GET", "/livez"), "the oldest stays")
	for _, address := range []string{"127.0.0.4", "127.0.0.5"} {
		require.Equal(t, http.StatusOK, c.ask(t, c.dialFrom(t, address), "GET", "/v1/galleries/staff"))
	}
	require.Equal(t, http.StatusOK, c.ask(t, ours, "GET", "/livez"))
}

// A thousand connections that announce the largest body take some kB each,
// with a key that is not valid or without one, and health is answered.
func TestAnnouncedBodiesTakeNoMemory(t *testing.T) {
	c := startWith(t, func(cfg *server.Config) { cfg.PeerConcurrency = cfg.Concurrency })
	for name, header := range map[string]string{
		"without a key": "",
		"unknown key":   "Authorization: Bearer ot_0123456789abcdef_" + strings.Repeat("0", 52) + "\r\n",
		"valid key":     "Authorization: Bearer " + c.key + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			const n = 500
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for range n {
				conn := c.dial(t)
				_, err := fmt.Fprintf(conn, "POST /v1/detect HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\nx", header, 32<<20)
				require.NoError(t, err)
			}
			require.Equal(t, http.StatusOK, c.ask(t, c.dial(t), "GET", "/livez"))
			runtime.GC()
			runtime.ReadMemStats(&after)
			require.Less(t, int64(after.HeapInuse)-int64(before.HeapInuse), int64(n*100<<10))
		})
	}
}
