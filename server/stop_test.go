package server_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A stop does not wait for idle connections one after the other, whatever was
// refused on them.
func TestStopWaitsForNoIdleConnection(t *testing.T) {
	c := start(t)
	for range 40 {
		conn := c.dial(t)
		_, err := io.WriteString(conn, "POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusUnauthorized, res.StatusCode)
		require.False(t, res.Close, "the connection stays")
	}
	// One after the other would take two seconds each.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, c.Server.Shutdown(ctx))
	require.NoError(t, ctx.Err())
}
