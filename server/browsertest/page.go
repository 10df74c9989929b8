package browsertest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"oneton/setup"
)

// Keys that people press.
const (
	Tab    = kb.Tab
	Enter  = kb.Enter
	Escape = kb.Escape
	Space  = " "
	Up     = kb.ArrowUp
	Down   = kb.ArrowDown
	Left   = kb.ArrowLeft
	Right  = kb.ArrowRight
)

// Size of a screen.
type Size struct {
	Name          string
	Width, Height int64
}

// The sizes that pages are tried at.
var (
	Phone = Size{"390", 390, 844}
	Desk  = Size{"1440", 1440, 900}
)

// run has the browser do something, which fails the test where it takes too long.
func run[T any](p *Page, action chromedp.Action[T]) T {
	p.Helper()
	ctx, end := context.WithTimeout(p.Ctx, Patience)
	defer end()
	v, err := chromedp.Run(ctx, action)
	require.NoError(p, err, "%s", lazy(p.State))
	return v
}

// call is run of one command of the browser's protocol.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.Helper()
	return run(p, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) })
}

// Do does as is told.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	run(p, chromedp.Steps(actions...))
}

// Size makes the screen so large.
func (p *Page) Size(s Size) {
	p.Helper()
	p.Do(chromedp.EmulateViewport(s.Width, s.Height, chromedp.EmulatePortrait))
}

// Go goes to an address.
func (p *Page) Go(address string) {
	p.Helper()
	p.Do(chromedp.Navigate(address))
}

// Until waits until an expression of the page is true.
func (p *Page) Until(expression string) {
	p.Helper()
	require.Eventually(p, func() bool {
		yes, err := chromedp.Run(p.Ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && yes
	}, Patience, 50*time.Millisecond, "%s%s", expression, lazy(p.State))
}

// Shows waits until a text is seen.
func (p *Page) Shows(text string) {
	p.Helper()
	p.Until(fmt.Sprintf(`document.body.innerText.includes(%s)`, quoted(text)))
}

// Shown is all text that is seen.
func (p *Page) Shown() string {
	p.Helper()
	return Eval[string](p, `document.body?.innerText ?? ""`)
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // which always can
	return string(b)
}

// Eval is what a script of the page comes to, once it is settled.
func Eval[T any](p *Page, script string) T {
	p.Helper()
	return run(p, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// Text is what an element shows.
func (p *Page) Text(selector string) string {
	p.Helper()
	return Eval[string](p, fmt.Sprintf(`document.querySelector(%s).innerText`, quoted(selector)))
}

// Click touches an element, once that can be done.
func (p *Page) Click(selector string) {
	p.Helper()
	p.Do(chromedp.WaitEnabled(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Press presses keys where the focus is.
func (p *Page) Press(keys ...string) {
	p.Helper()
	for _, key := range keys {
		p.Do(chromedp.KeyEvent(key))
	}
}

// Reach presses Tab until the focus is on what has the name, as a screen reader says it
// of buttons, links and fields, and fails where that cannot be reached.
func (p *Page) Reach(name string) {
	p.Helper()
	const most = 200
	at := ""
	for range most {
		at = Eval[string](p, focused)
		if at == name {
			return
		}
		p.Press(Tab)
	}
	require.Fail(p, "cannot be reached by Tab", "%q; the focus is on %q%s", name, at, p.State())
}

// focused is the name of what has the focus.
const focused = `(() => {
	const at = document.activeElement;
	if (!at || at === document.body) return "";
	const label = at.getAttribute("aria-label") ?? at.labels?.[0]?.innerText ?? at.innerText ?? at.value ?? "";
	return label.trim().replace(/\s+/g, " ");
})()`

// Use reaches what has the name by Tab, and presses Enter there.
func (p *Page) Use(name string) {
	p.Helper()
	p.Reach(name)
	p.Press(Enter)
}

// Fill reaches the field of the name by Tab, and writes in it.
func (p *Page) Fill(name, text string) {
	p.Helper()
	p.Reach(name)
	p.Press(text)
}

// Choose puts files into the file input of a selector, as whoever chooses them does.
func (p *Page) Choose(selector string, files ...string) {
	p.Helper()
	p.Do(chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Drop drops files onto the middle of the screen, as whoever drags them there does.
func (p *Page) Drop(files ...string) {
	p.Helper()
	at := Eval[struct{ X, Y float64 }](p, `({x: innerWidth / 2, y: innerHeight / 2})`)
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		call(p, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: kind, X: at.X, Y: at.Y, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1},
		})
	}
}

// Paste pastes a picture, as whoever has copied it does.
func (p *Page) Paste(media string, content []byte) {
	p.Helper()
	Eval[bool](p, fmt.Sprintf(`(() => {
		const clipboard = new DataTransfer();
		clipboard.items.add(new File([Uint8Array.from(atob(%s), (c) => c.charCodeAt(0))], "image", {type: %s}));
		return (document.activeElement ?? document.body).dispatchEvent(new ClipboardEvent("paste", {clipboardData: clipboard, bubbles: true, cancelable: true}));
	})()`, quoted(base64.StdEncoding.EncodeToString(content)), quoted(media)))
}

// Likes says what the person's system prefers.
func (p *Page) Likes(scheme, motion string) {
	p.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
}

// Network makes the page's so slow: the way there and back, and bytes a second each way;
// none at all is offline.
func (p *Page) Network(way time.Duration, rate float64) {
	p.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Latency: float64(way.Milliseconds()), DownloadThroughput: rate, UploadThroughput: rate, Offline: rate == 0,
		}},
	})
}

// Before has a script run in each page before its own.
func (p *Page) Before(script string) {
	p.Helper()
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// Axe holds that axe finds no fault with what is shown, and that nothing is wider than
// the screen.
func (p *Page) Axe() {
	p.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Scripts)
	require.NoError(p, err, "'make setup' comes before the tests")
	axe, err := os.ReadFile(filepath.Join(paths.Scripts, "axe.min.js"))
	require.NoError(p, err)
	p.Do(chromedp.Evaluate[chromedp.Void](string(axe) + ";void 0"))
	require.Empty(p, Eval[[]string](p, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) =>
		[v.impact, v.id, v.help, ...v.nodes.map((n) => n.html + " " + n.failureSummary)].join("\n")))`))
	require.Empty(p, Eval[string](p, `document.documentElement.scrollWidth > innerWidth ?
		[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 120)).slice(0, 5).join("\n") || "wider" : ""`),
		"wider than the screen")
	require.Empty(p, Eval[string](p, `((context) => [...document.querySelectorAll("select")].filter((s) => {
		const { font, paddingLeft } = getComputedStyle(s);
		context.font = font;
		return s.clientWidth && context.measureText(s.selectedOptions[0]?.text ?? "").width + 2 * parseFloat(paddingLeft) > s.clientWidth;
	}).map((s) => s.selectedOptions[0].text).join("\n"))(document.createElement("canvas").getContext("2d"))`), "cut in a choice")
}

// Shots holds that the page is usable at each size, in light and dark, and takes pictures
// of it.
func (p *Page) Shots(name string) {
	p.Helper()
	for _, size := range []Size{Desk, Phone} {
		p.Size(size)
		for _, scheme := range []string{"dark", "light"} {
			p.Likes(scheme, "reduce")
			p.Axe()
			p.Picture(fmt.Sprintf("%s-%s-%s", name, size.Name, scheme))
		}
	}
}

// Picture takes one of the page into the folder that ONETON_TEST_SHOTS names, if it does.
func (p *Page) Picture(name string) {
	p.Helper()
	folder := os.Getenv("ONETON_TEST_SHOTS")
	if folder == "" {
		return
	}
	// Beyond the viewport Chromium draws what is written from the right beside its place.
	shot := chromedp.CaptureScreenshot()
	if Eval[bool](p, `document.documentElement.scrollHeight > innerHeight`) {
		shot = chromedp.FullScreenshot(100)
	}
	png := run(p, shot)
	require.NoError(p, os.MkdirAll(folder, 0o700))
	require.NoError(p, os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600))
}
