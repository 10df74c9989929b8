package capture_test

import (
	"context"
	"net"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/server"
	"oneton/server/browsertest"
	"oneton/server/capture"
)

// camera is what a camera's film is of.
type camera string

const (
	// noCamera is none at all.
	noCamera camera = ""
	// refused is one that may not be used.
	refused camera = "refused"
)

// tab is one of a browser.
type tab struct{ *browsertest.Page }

// browse opens a browser of its own on a camera, closed with the test.
func browse(t testing.TB, film camera, options ...chromedp.ExecAllocatorOption) tab {
	t.Helper()
	switch film {
	case noCamera:
	case refused:
		options = append(options, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("deny-permission-prompts", true))
	default:
		options = append(options, browsertest.Camera(string(film))...)
	}
	b, err := browsertest.Start(browsertest.Chromium(t), options...)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return tab{b.Page(t)}
}

// in waits until the page is in a state, and returns its heading.
func (b tab) in(state string) string {
	b.Helper()
	b.Until(`document.body?.dataset.state === "` + state + `"`)
	return b.Text("#heading")
}

// portrait is a film of a demo photo.
func portrait(t testing.TB, photo string) camera {
	t.Helper()
	return camera(browsertest.Film(t, embedtest.Photo(t, photo)))
}

// serve serves the page of the sessions until the test ends, and returns its address.
func serve(t testing.TB, s capture.Sessions) string {
	t.Helper()
	api, err := capture.New(s)
	require.NoError(t, err)
	srv, err := server.New(server.DefaultConfig(), server.Health{}, zerolog.Nop(), api)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Shutdown(context.Background()))
		require.NoError(t, <-done)
	})
	return "http://" + ln.Addr().String()
}
