package capture_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

	"oneton/embed/embedtest"
	"oneton/server"
	"oneton/server/capture"
)

// chromium is the browser that is tried; its name is Debian's.
func chromium(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	return path
}

// camera is what a camera's film is of.
type camera string

const (
	// noCamera is none at all.
	noCamera camera = ""
	// refused is one that may not be used.
	refused camera = "refused"
)

// tab is one of a browser.
type tab struct {
	testing.TB
	ctx context.Context
}

// browse opens a browser of its own on a camera, closed with the test.
func browse(t testing.TB, film camera, more ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
	)
	switch film {
	case noCamera:
	case refused:
		options = append(options, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("deny-permission-prompts", true))
	default:
		options = append(options, chromedp.Flag("use-fake-device-for-media-stream", true),
			chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", string(film)))
	}
	allocator, end := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(stop)
	b := &tab{t, ctx}
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulatePortrait))
	return b
}

// another is another tab of the browser.
func (b *tab) another() *tab {
	b.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	b.Cleanup(closeTab)
	return &tab{b.TB, ctx}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	require.NoError(b, chromedp.Do(b.ctx, actions...))
}

// open goes to an address.
func (b *tab) open(address string) {
	b.Helper()
	b.do(chromedp.Navigate(address))
}

// click touches an element, once that can be done.
func (b *tab) click(id string) {
	b.Helper()
	b.do(chromedp.WaitEnabled(chromedp.CSS(id)), chromedp.Click(chromedp.CSS(id)))
}

// in waits until the page is in a state, and returns its heading.
func (b *tab) in(state string) string {
	b.Helper()
	b.until(`document.body?.dataset.state === "` + state + `"`)
	return b.text("#heading")
}

// until waits until an expression of the page is true.
func (b *tab) until(expression string) {
	b.Helper()
	require.Eventually(b, func() bool {
		yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		return err == nil && yes
	}, 3*time.Minute, 50*time.Millisecond, "%s; the page shows: %s", expression, b.shown())
}

func (b *tab) shown() fmt.Stringer {
	return lazy(func() string {
		text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
		return fmt.Sprint(text, " ", err)
	})
}

// lazy is a text that is made when it is wanted.
type lazy func() string

func (l lazy) String() string { return l() }

// eval is what a script of the page comes to, once it is settled.
func eval[T any](b *tab, script string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(b, err, "%s", b.shown())
	return v
}

// likes says what the person's system prefers.
func (b *tab) likes(scheme, motion string) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
	require.NoError(b, err)
}

// network makes the tab's so slow: the way there and back, and bytes a second each way;
// none at all is offline.
func (b *tab) network(way time.Duration, rate float64) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Latency: float64(way.Milliseconds()), DownloadThroughput: rate, UploadThroughput: rate, Offline: rate == 0,
		}},
	})
	require.NoError(b, err)
}

// before has a script run in each page before its own.
func (b *tab) before(script string) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	require.NoError(b, err)
}

func (b *tab) text(selector string) string {
	b.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector(`+"`"+selector+"`"+`).innerText`))
	require.NoError(b, err)
	return text
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
