package browsertest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"oneton/server/browsertest"
)

// A page that waits for ever tells what for, what has the focus, and which keys came.
func TestState(t *testing.T) {
	b, err := browsertest.Start(browsertest.Chromium(t))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	asked, leave := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>page</title><link rel="icon" href="data:,"><button id="go" onclick="this.setAttribute('aria-busy', 'true'); fetch('never')">Begin</button>`)
	})
	mux.HandleFunc("GET /never", func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-leave
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		close(leave)
		s.Close()
	})

	p := b.Page(t)
	p.Go(s.URL)
	require.Contains(t, p.State(), "under way: \n")
	p.Use("Begin")
	<-asked
	for _, told := range []string{
		"under way: GET " + s.URL + "/never for ",
		"focus on <button id=\"go\"", "aria-busy=\"true\"></button> Begin\n",
		`"Enter" at <button id="go"`,
		"busy: <button id=\"go\"",
		"shows: Begin",
	} {
		require.Contains(t, p.State(), told)
	}

	p.Go(s.URL + "/?again")
	require.Contains(t, p.State(), "under way: \n", "what another page had asked")
	ctx, end := context.WithTimeout(p.Ctx, 2*time.Second)
	defer end()
	_, _ = chromedp.Call(ctx, page.Crash, cdp.Empty{}) // which a crashed page may not answer
	require.Contains(t, p.State(), "complaints: browser: the page has crashed")
}
