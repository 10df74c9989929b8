package browsertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// request is one that a page has sent.
type request struct {
	what   string
	sent   time.Time
	loader cdp.LoaderID
}

func (p *Page) ask(e *network.EventRequestWillBeSent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[e.RequestID] = request{e.Request.Method + " " + e.Request.URL, time.Now(), e.LoaderID}
}

func (p *Page) answer(id network.RequestID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.asked, id)
}

// leave forgets what a page asked that is left for another; its end may never be told.
func (p *Page) leave(to *cdp.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to.ParentID == "" {
		maps.DeleteFunc(p.asked, func(_ network.RequestID, r request) bool { return r.loader != to.LoaderID })
	}
}

// underWay are the requests that have no answer, or not all of it.
func (p *Page) underWay() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, r := range p.asked {
		all = append(all, fmt.Sprintf("%s for %v", r.what, time.Since(r.sent).Round(time.Millisecond)))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// remember has a page remember the last keys that came to it, and what they came to.
const remember = `{
	const keys = [];
	addEventListener("keydown", (e) => { keys.push(JSON.stringify(e.key) + " at " + e.target.cloneNode().outerHTML); if (keys.length > 5) keys.shift(); }, true);
	Object.defineProperty(window, "lastKeys", {value: keys});
}`

const state = `(() => {
	const tag = (e) => e?.cloneNode().outerHTML ?? "nothing";
	return [
		"at " + location.href + ", " + document.readyState + ", " + document.visibilityState,
		"focus on " + tag(document.activeElement) + " " + ` + focused + `,
		"keys: " + (window.lastKeys ?? []).join(", "),
		"busy: " + [...document.querySelectorAll("[aria-busy=true]")].map((e) => tag(e) + " " + e.innerText).join(", "),
		"shows: " + document.body?.innerText,
	].join("\n");
})()`

// State is what is known of a page that does not do what it is waited for.
func (p *Page) State() string {
	ctx, end := context.WithTimeout(p.Ctx, 10*time.Second) // it may answer nothing at all
	defer end()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](state))
	if err != nil {
		text = fmt.Sprintf("the page does not tell: %v", err)
	}
	return fmt.Sprintf("\nunder way: %s\ncomplaints: %s\n%s", p.underWay(), strings.Join(p.Complaints(), ", "), text)
}

// lazy is a text that is made when it is wanted.
type lazy func() string

func (l lazy) String() string { return l() }
