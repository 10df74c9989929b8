package main

import (
	"bytes"
	"net/http"
	"net/http/httptrace"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/picture/picturetest"
)

// TestStopEndsWhateverAWorkerDoes raises the limit on pixels so far that a photo
// keeps its worker for many seconds, in which nothing can interrupt it.
func TestStopEndsWhateverAWorkerDoes(t *testing.T) {
	const side = 12_000
	cmd := serving(t.TempDir())
	cmd.Env = append(cmd.Env, "ONETON_SERVER_DRAIN=1s", "ONETON_IMAGE_MAX_PIXELS=500000000")
	p := start(t, cmd, cmd.Args[3])
	photo := picturetest.Lossless(side, side)
	arrived := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(arrived) },
	})
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/v1/detect", bytes.NewReader(photo))
		if err != nil {
			return
		}
		req.Header.Set("Authorization", "Bearer "+p.key)
		req.Header.Set("Content-Type", "image/webp")
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-arrived
	time.Sleep(time.Second) // a worker has it, and is not done
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	var exit *exec.ExitError
	require.ErrorAs(t, p.cmd.Wait(), &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, p.log.String(), "longer than server.drain")
}
