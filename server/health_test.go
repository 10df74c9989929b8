package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/server"
)

// Readiness tells what is off, and is ready all the same.
func TestReadinessTellsWhatIsOff(t *testing.T) {
	var ready error
	s, err := server.New(server.DefaultConfig(), server.Health{
		Ready: func(context.Context) error { return ready },
		Off:   func() map[string]string { return map[string]string{"video": "ffmpeg is not installed"} },
	}, zerolog.Nop())
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		require.NoError(t, s.Shutdown(context.Background()))
		require.NoError(t, <-served)
	})
	for _, c := range []struct {
		ready error
		body  string
	}{
		{nil, `{"status":"ok","off":{"video":"ffmpeg is not installed"}}`},
		{&server.Degraded{Damaged: map[string]int{"key": 1}}, `{"status":"degraded","damaged":{"key":1},"off":{"video":"ffmpeg is not installed"}}`},
	} {
		ready = c.ready
		res, err := client.Get("http://" + ln.Addr().String() + "/readyz")
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Equal(t, c.body, string(body))
	}
}
