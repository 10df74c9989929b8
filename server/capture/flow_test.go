package capture_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/server/browsertest"
)

// heading waits until the page says so.
func (b tab) heading(words string) {
	b.Helper()
	b.Until(fmt.Sprintf(`document.getElementById("heading").innerText === %q`, words))
}

// site is another web site: a page that frames an address and keeps its messages, and a
// place that takes forms.
type site struct {
	*httptest.Server
	forms chan *http.Request
}

func newSite(t testing.TB) site {
	t.Helper()
	s := site{forms: make(chan *http.Request, 8)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /around", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><title>shop</title><iframe src="%s" width="390" height="844" allow="camera"></iframe>
			<script>window.messages = []; addEventListener("message", (e) => messages.push({origin: e.origin, data: e.data}));</script>`,
			strings.ReplaceAll(r.URL.Query().Get("page"), `"`, ""))
	})
	mux.HandleFunc("POST /done", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.forms <- r
		fmt.Fprint(w, `<!doctype html><title>back at the shop</title><h1 id="heading">Welcome back</h1>`)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<!doctype html><title>elsewhere</title>`) })
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// framed opens a page of the site with the capture page in it.
func (b tab) framed(s site, address string) {
	b.Helper()
	b.Go(s.URL + "/around?page=" + url.QueryEscape(address))
}

// touchFrame touches an element in the frame.
func (b tab) touchFrame(id string) {
	b.Helper()
	frames, err := chromedp.Run(b.Ctx, chromedp.Nodes(chromedp.CSS("iframe")))
	require.NoError(b, err)
	b.Do(chromedp.Click(chromedp.CSS(id+":enabled"), chromedp.FromNode(frames[0])))
}

type message struct {
	Origin string
	Data   struct{ Type, SessionID, JWSResult, Error string }
}

func TestResultIsTold(t *testing.T) {
	shop := newSite(t)
	s := newSessions()
	s.plan = []facesession.StepKind{facesession.Look}
	s.stands(facesession.Embedding{Origins: []string{"https://other.example", shop.URL}})
	base := serve(t, s)
	b := browse(t, portrait(t, "obama.jpg"))
	b.framed(shop, base+"/session/"+sessionID)
	b.touchFrame("#first")
	b.Until(`messages.length > 0`)
	told := browsertest.Eval[[]message](b.Page, `messages`)
	require.Len(t, told, 1)
	require.Equal(t, base, told[0].Origin)
	require.Equal(t, "face_session.completed", told[0].Data.Type)
	require.Equal(t, sessionID, told[0].Data.SessionID)
	require.Equal(t, "head.body.sign", told[0].Data.JWSResult)
}

func TestFailureIsTold(t *testing.T) {
	shop := newSite(t)
	s := newSessions()
	s.attempts, s.plan = 1, []facesession.StepKind{facesession.Look}
	s.verdicts = []facesession.Progress{{Failed: facesession.NoMatch}}
	s.stands(facesession.Embedding{Origins: []string{shop.URL}})
	b := browse(t, portrait(t, "obama.jpg"))
	b.framed(shop, serve(t, s)+"/session/"+sessionID)
	b.touchFrame("#first")
	b.Until(`messages.length > 0`)
	told := browsertest.Eval[[]message](b.Page, `messages`)
	require.Equal(t, "face_session.failed", told[0].Data.Type)
	require.Equal(t, "SESSION_INVALIDATED_TOO_MANY_ATTEMPTS", told[0].Data.Error)
	require.Empty(t, told[0].Data.JWSResult)
}

// A page of an origin that the client has not named can neither frame the page nor, if
// its browser let it, hear the result.
func TestOtherOriginsHearNothing(t *testing.T) {
	thief := newSite(t)
	s := newSessions()
	s.plan = []facesession.StepKind{facesession.Look}
	s.stands(facesession.Embedding{Origins: []string{"https://shop.example"}})
	address := serve(t, s) + "/session/" + sessionID
	b := browse(t, portrait(t, "obama.jpg"))
	b.framed(thief, address)
	require.Empty(t, browsertest.Eval[string](b.Page, `new Promise((done) => setTimeout(() => {
		try { done(document.querySelector("iframe").contentDocument?.body?.innerText ?? "") } catch { done("") }
	}, 500))`))
	require.Empty(t, s.called(), "the page has not run")

	_, err := chromedp.Call(b.Ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	require.NoError(t, err)
	b.Before(`if (location.port !== "` + thief.URL[strings.LastIndex(thief.URL, ":")+1:] + `") Object.defineProperty(Location.prototype, "ancestorOrigins", {value: undefined});`)
	s.stands(facesession.Embedding{Origins: []string{"https://shop.example", thief.URL}}) // X-Frame-Options and the like let it through
	b.framed(thief, address)
	s.stands(facesession.Embedding{Origins: []string{"https://shop.example"}})
	b.touchFrame("#first")
	require.Eventually(t, func() bool { return s.ended() }, 20*time.Second, 50*time.Millisecond)
	time.Sleep(time.Second)
	require.Empty(t, browsertest.Eval[[]message](b.Page, `messages`))
}

// The result goes back in a form's body: no address has it, and whoever comes back by the
// browser's button is not sent away again.
func TestResultGoesBack(t *testing.T) {
	shop := newSite(t)
	s := newSessions()
	s.plan = []facesession.StepKind{facesession.Look}
	s.stands(facesession.Embedding{Returns: []string{"https://other.example/", shop.URL + "/done?order=7"}})
	b := browse(t, portrait(t, "obama.jpg"))
	b.Go(serve(t, s) + "/session/" + sessionID + "?return=" + url.QueryEscape(shop.URL+"/done?order=7"))
	b.Click("#first")
	b.heading("Welcome back")
	form := <-shop.forms
	require.Equal(t, url.Values{"sessionId": {sessionID}, "jwsResult": {"head.body.sign"}}, form.PostForm)
	require.Equal(t, "order=7", form.URL.RawQuery)
	require.Empty(t, form.Referer())
	require.NotContains(t, browsertest.Eval[string](b.Page, `location.href`), "head.body")

	b.Do(chromedp.NavigateBack())
	require.Equal(t, "Done. It’s you", b.in("done"))
	time.Sleep(2 * time.Second)
	require.Equal(t, "done", browsertest.Eval[string](b.Page, `document.body.dataset.state`))
	b.Click("#first")
	b.heading("Welcome back")
	require.Equal(t, "head.body.sign", (<-shop.forms).PostForm.Get("jwsResult"))
}

func TestReturnsToNoOtherAddress(t *testing.T) {
	s := newSessions()
	s.stands(facesession.Embedding{Returns: []string{"https://shop.example/done"}})
	b := browse(t, portrait(t, "obama.jpg"))
	b.Go(serve(t, s) + "/session/" + sessionID + "?return=https://thief.example/")
	b.Click("#first")
	require.Equal(t, "Something went wrong", b.in("failed"))
	require.Empty(t, s.called())
}

func TestSecondTab(t *testing.T) {
	s := newSessions()
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	address := serve(t, s) + "/session/" + sessionID
	first := browse(t, portrait(t, "obama.jpg"))
	first.Go(address)
	first.Click("#first")
	first.in("camera")

	second := tab{first.Another()}
	second.Go(address)
	second.Click("#first")
	require.Equal(t, "This check is open elsewhere", second.in("failed"))
	first.heading("Come a little closer")

	// A doubled tab has the storage of the first one.
	doubled := tab{first.Another()}
	doubled.Before(`sessionStorage.setItem("face-session-` + sessionID + `", "b0und")`)
	doubled.Go(address)
	require.Equal(t, "This check is open elsewhere", doubled.in("failed"))
	first.heading("Come a little closer")

	// Another browser has none of it.
	other := browse(t, portrait(t, "biden.jpg"))
	other.Go(address)
	other.Click("#first")
	require.Equal(t, "This check is open elsewhere", other.in("failed"))
	require.Equal(t, 0, s.attempt)
}

func TestReloadAndBackGoOn(t *testing.T) {
	s := newSessions()
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	s.plan = []facesession.StepKind{facesession.Look}
	address := serve(t, s) + "/session/" + sessionID
	b := browse(t, portrait(t, "obama.jpg"))
	b.Go(address)
	b.Click("#first")
	b.heading("Come a little closer")
	b.Do(chromedp.Reload())
	b.in("intro")
	b.Click("#first")
	b.heading("Come a little closer")
	b.Go(newSite(t).URL)
	b.Do(chromedp.NavigateBack())
	b.in("intro")
	b.Click("#first")
	b.heading("Come a little closer")
	s.guide(facesession.GuideOK)
	require.Equal(t, "Done. It’s you", b.in("done"))
	b.Do(chromedp.Reload())
	require.Equal(t, "Done. It’s you", b.in("done"))
}

func TestCameras(t *testing.T) {
	for _, c := range []struct {
		name    string
		film    camera
		before  string
		heading string
		code    facesession.Code
	}{
		{"refused", refused, "", "The camera is blocked", facesession.MediaNotAllowed},
		{"none", noCamera, "", "No camera was found", facesession.MediaNotFound},
		{
			"in use", noCamera, `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("in use", "NotReadableError"))`,
			"The camera is busy", facesession.UserCancel,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSessions()
			b := browse(t, c.film)
			if c.before != "" {
				b.Before(c.before)
			}
			b.Go(serve(t, s) + "/session/" + sessionID)
			b.Click("#first")
			b.heading(c.heading)
			require.False(t, s.ended(), "who allows the camera now goes on")
			b.Click("#first") // try again
			b.heading(c.heading)
			b.Click("#second")
			require.Eventually(t, s.ended, 10*time.Second, 20*time.Millisecond)
			require.Equal(t, c.code, s.end.Code)
			b.heading(texts(t, "en")["fail."+string(c.code)+".heading"])
		})
	}
}

// A camera that goes away in the middle is met, and the check goes on when it is back.
func TestCameraIsLost(t *testing.T) {
	s := newSessions()
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Go(serve(t, s) + "/session/" + sessionID)
	b.Click("#first")
	b.heading("Come a little closer")
	b.Do(chromedp.Evaluate[chromedp.Void](`document.getElementById("video").srcObject.getTracks().forEach((t) => t.stop())`))
	b.heading("The camera stopped")
	b.Click("#first")
	b.heading("Come a little closer")
}

func TestBrowsersWithoutCameras(t *testing.T) {
	s := newSessions()
	b := browse(t, noCamera, chromedp.Flag("host-resolver-rules", "MAP plain.example 127.0.0.1"))
	base := serve(t, s)
	b.Go(strings.Replace(base, "127.0.0.1", "plain.example", 1) + "/session/" + sessionID)
	require.Equal(t, "This page is not safe for your camera", b.in("failed"))
	b.Before(`Object.defineProperty(Navigator.prototype, "mediaDevices", {value: undefined})`)
	b.Go(base + "/session/" + sessionID)
	require.Equal(t, "This browser cannot use a camera", b.in("failed"))
	require.Empty(t, s.called())
}

func TestExpiryInTheMiddle(t *testing.T) {
	shop := newSite(t)
	s := newSessions()
	s.left = 3 * time.Second
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	s.stands(facesession.Embedding{Origins: []string{shop.URL}})
	address := serve(t, s) + "/session/" + sessionID
	b := browse(t, portrait(t, "obama.jpg"))
	b.framed(shop, address)
	b.touchFrame("#first")
	b.Until(`messages.length > 0`)
	told := browsertest.Eval[[]message](b.Page, `messages`)
	require.Equal(t, "face_session.failed", told[0].Data.Type)
	require.Equal(t, "SESSION_EXPIRED_OR_NOT_FOUND", told[0].Data.Error)

	// Whoever waits so long that they cannot begin any more is told of, too.
	late := newSessions()
	late.stands(facesession.Embedding{Origins: []string{shop.URL}})
	b.framed(shop, serve(t, late)+"/session/"+sessionID)
	late.forget()
	b.touchFrame("#first")
	b.Until(`messages.length > 0`)
	told = browsertest.Eval[[]message](b.Page, `messages`)
	require.Equal(t, "SESSION_EXPIRED_OR_NOT_FOUND", told[0].Data.Error)

	// The server may say so before the page's own clock does.
	again := newSessions()
	again.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	b.Go(serve(t, again) + "/session/" + sessionID)
	b.Click("#first")
	b.heading("Come a little closer")
	again.forget()
	require.Equal(t, "This check has ended", b.in("failed"))
	require.Empty(t, browsertest.Eval[string](b.Page, `document.getElementById("video").srcObject === null ? "" : "on"`), "the camera is off")
}

func TestCancelByKeyboard(t *testing.T) {
	s := newSessions()
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Go(serve(t, s) + "/session/" + sessionID)
	b.Until(`!document.getElementById("first").disabled`)
	b.Press(browsertest.Tab, browsertest.Enter) // start
	b.heading("Come a little closer")
	b.Press(browsertest.Tab, browsertest.Enter) // cancel, and the dialog stays first
	b.Until(`document.getElementById("sure").open && document.activeElement.id === "stay"`)
	b.Press(browsertest.Enter)
	b.Until(`!document.getElementById("sure").open`)
	require.False(t, s.ended())
	require.Equal(t, "cancel", browsertest.Eval[string](b.Page, `document.activeElement.id`), "the dialog gives back what it took")
	b.Press(browsertest.Enter)
	b.Until(`document.getElementById("sure").open`)
	b.Press(browsertest.Tab)
	b.Until(`document.activeElement.id === "stop"`)
	b.Press(browsertest.Enter)
	require.Equal(t, "You stopped the check", b.in("failed"))
	require.Equal(t, facesession.UserCancel, s.end.Code)
}

func TestOfflineForAWhile(t *testing.T) {
	s := newSessions()
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	s.plan = []facesession.StepKind{facesession.Look}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Go(serve(t, s) + "/session/" + sessionID)
	b.Click("#first")
	b.heading("Come a little closer")
	b.Network(0, 0)
	b.Until(`document.getElementById("note").innerText.startsWith("No connection")`)
	s.guide(facesession.GuideOK)
	time.Sleep(time.Second)
	b.Network(0, -1)
	require.Equal(t, "Done. It’s you", b.in("done"))
}

// A step of which the answer was lost is not begun anew where the server has judged it.
func TestAnswerLost(t *testing.T) {
	s := newSessions()
	s.plan = []facesession.StepKind{facesession.Look}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Before(`{ const ask = fetch; let lost = false;
		window.fetch = async (address, ...rest) => {
			const answer = await ask(address, ...rest);
			if (!lost && String(address).endsWith("/step")) { lost = true; throw new TypeError("lost"); }
			return answer;
		}; }`)
	b.Go(serve(t, s) + "/session/" + sessionID)
	b.Click("#first")
	require.Equal(t, "Done. It’s you", b.in("done"))
	require.Equal(t, 1, s.attempt)
}

// However quick a camera and a clock are, a step is sent no more pictures than one may
// have: a step of too many would be asked for again and again.
func TestQuickCamera(t *testing.T) {
	s := newSessions()
	s.plan = []facesession.StepKind{facesession.Look, facesession.Blink}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Before(noise)
	b.Before(`{ const now = performance.now.bind(performance); performance.now = () => now() / 2; }`)
	b.Go(serve(t, s) + "/session/" + sessionID)
	b.Click("#first")
	require.Equal(t, "Done. It’s you", b.in("done"))
	sent := len(s.last)
	require.Equal(t, facesession.MaxFrames, sent)
}

// What a hostile address says is sent as it is, and shown nowhere.
func TestHostileAddressInABrowser(t *testing.T) {
	s := newSessions()
	s.plan = []facesession.StepKind{facesession.Look}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Before(`window.alert = () => { document.documentElement.dataset.hurt = "yes" }`)
	const attack = `"><img src=x onerror=alert(1)><script>alert(1)</script>`
	b.Go(serve(t, s) + "/session/" + sessionID + "?nonce=" + url.QueryEscape(attack) + "&lang=" + url.QueryEscape(attack) + "#" + url.PathEscape(attack))
	b.Click("#first")
	b.in("done")
	require.Equal(t, attack, s.nonce)
	require.Empty(t, browsertest.Eval[string](b.Page, `document.documentElement.dataset.hurt ?? ""`))
	require.Equal(t, 0, browsertest.Eval[int](b.Page, `document.querySelectorAll("img, [onerror], script:not([src])").length`))
}

// On a phone with 3G the page guides in seconds, one small picture at a time.
func TestSlowNetwork(t *testing.T) {
	s := newSessions()
	s.guidance = []facesession.GuidanceCode{facesession.GuideCloser}
	s.plan = []facesession.StepKind{facesession.Look, facesession.Blink}
	b := browse(t, portrait(t, "obama.jpg"))
	// What developer tools call 3G: 400 ms there and back, 400 kbit a second.
	b.Go("about:blank")
	b.Network(400*time.Millisecond, 50_000)
	started := time.Now()
	b.Go(serve(t, s) + "/session/" + sessionID)
	b.Click("#first")
	b.heading("Come a little closer")
	guided := time.Since(started)
	painted := browsertest.Eval[float64](b.Page, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
	received := browsertest.Eval[float64](b.Page, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, e) => n + e.transferSize, 0)`)
	t.Logf("first paint %.0f ms, first guidance %v after the address was opened, %.0f bytes received", painted, guided, received)
	require.Less(t, received, 32e3)
	time.Sleep(4 * time.Second)
	require.Equal(t, 1, s.most(), "guiding frames at once")
	s.guide(facesession.GuideOK)
	require.Equal(t, "Done. It’s you", b.in("done"))
	size := 0
	for _, f := range s.last {
		size += len(f.JPEG)
	}
	t.Logf("%d frames of a step, %d bytes", len(s.last), size)
	require.Less(t, size/len(s.last), 12_000)
	require.GreaterOrEqual(t, len(s.last), 12)
}
