// Package browsertest has tests use pages as people do, in Chromium.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Chromium is the browser that is tried; its name is Debian's. Without it a test is
// skipped by name. So it is in short runs, which look for races in the server: pages call
// it as other clients do.
func Chromium(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("pages are not tried in short runs")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	return path
}

// Browser is a running one. Its pages share nothing: each has cookies of its own.
type Browser struct {
	ctx    context.Context
	ends   []func()
	folder string
}

// Start starts a browser, which costs seconds: tests of a package share one.
func Start(path string, options ...chromedp.ExecAllocatorOption) (_ *Browser, err error) {
	folder, err := os.MkdirTemp("", "browsertest-*")
	if err != nil {
		return nil, err
	}
	b := &Browser{folder: folder}
	all := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(folder), chromedp.Flag("lang", "en-GB"))
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(all, options...)...)
	b.ends = append(b.ends, end)
	ctx, closeTab := chromedp.NewContext(allocator)
	b.ends = append(b.ends, closeTab)
	if err := chromedp.Do(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	b.ctx = ctx
	return b, nil
}

// Close ends it.
func (b *Browser) Close() {
	for _, end := range slices.Backward(b.ends) {
		end()
	}
	_ = os.RemoveAll(b.folder) // the browser may write its last file still
}

// Patience is how long a page is waited for.
const Patience = 3 * time.Minute

// Page is one that a person looks at.
type Page struct {
	testing.TB

	Ctx context.Context

	mu     sync.Mutex
	errors []string
	// asked are the requests that are under way, with when they were sent.
	asked map[network.RequestID]request
}

// Page opens one, as small as a phone, which is closed with the test.
func (b *Browser) Page(t testing.TB) *Page {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	return newPage(ctx, t)
}

// Another is another tab beside this one, with the same cookies.
func (p *Page) Another() *Page {
	p.Helper()
	ctx, end := chromedp.NewContext(p.Ctx)
	p.Cleanup(end)
	return newPage(ctx, p.TB)
}

func newPage(ctx context.Context, t testing.TB) *Page {
	t.Helper()
	p := &Page{TB: t, Ctx: ctx, asked: map[network.RequestID]request{}}
	require.NoError(t, chromedp.Listen(ctx, p.hear))
	p.Before(remember)
	p.Size(Phone)
	return p
}

// hear keeps what the browser complains of, and what it waits for. What the network
// answers is the test's own affair.
func (p *Page) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.ask(e)
	case *network.EventLoadingFinished:
		p.answer(e.RequestID)
	case *network.EventLoadingFailed:
		p.answer(e.RequestID)
	case *page.EventFrameNavigated:
		p.leave(e.Frame)
	case *inspector.EventTargetCrashed:
		p.complain("browser", "the page has crashed")
	case *log.EventEntryAdded:
		if e.Entry.Source != "network" && (e.Entry.Level == "error" || e.Entry.Level == "warning") {
			p.complain(string(e.Entry.Source), e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			var text strings.Builder
			for _, a := range e.Args {
				fmt.Fprint(&text, " ", string(a.Value), a.Description)
			}
			p.complain("console", text.String())
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.complain("exception", text)
	}
}

func (p *Page) complain(source, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errors = append(p.errors, source+": "+text)
}

// Clean holds that the browser complained of nothing since it was asked last.
func (p *Page) Clean() {
	p.Helper()
	require.Empty(p, p.Complaints())
}

// Complaints are what the browser complained of since it was asked last.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.errors
	p.errors = nil
	return all
}
