package capture_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

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
		options = append(options, chromedp.Flag("use-fake-device-for-media-stream", true),
			chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", string(film)))
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

// portrait is a film of a photo with the noise of a camera, so that no picture is as
// another.
func portrait(t testing.TB, photo string) camera {
	t.Helper()
	picture, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, photo)))
	require.NoError(t, err)
	b := picture.Bounds()
	side := min(b.Dx(), b.Dy()*4/3)
	from := image.Rect(b.Min.X, b.Min.Y, b.Min.X+side, b.Min.Y+side*3/4).Add(image.Pt((b.Dx()-side)/2, 0))
	still := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.CatmullRom.Scale(still, still.Bounds(), picture, from, draw.Src, nil)
	noise := rand.New(rand.NewPCG(1, 2))
	var film bytes.Buffer
	shot := image.NewRGBA(still.Bounds())
	for range 30 {
		for i, v := range still.Pix {
			shot.Pix[i] = uint8(max(0, min(255, int(v)+noise.IntN(7)-3)))
		}
		require.NoError(t, jpeg.Encode(&film, shot, &jpeg.Options{Quality: 90}))
	}
	path := filepath.Join(t.TempDir(), "film.mjpeg")
	require.NoError(t, os.WriteFile(path, film.Bytes(), 0o600))
	return camera(path)
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
