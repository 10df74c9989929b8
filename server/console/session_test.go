package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/server/browsertest"
	"oneton/store"
)

const (
	mine   = "Oneton-Console: 1"
	asleep = "Oneton-Console: 0"
)

// signIn is the cookie of a new session of a key.
func (h *house) signIn(t testing.TB, key string, headers ...string) (cookie string, a answer) {
	t.Helper()
	a = h.send(t, "POST", "/console/session", map[string]string{"key": key}, append([]string{mine, "Origin: " + h.url}, headers...)...)
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	require.Len(t, a.Header.Values("Set-Cookie"), 1)
	cookie, _, _ = strings.Cut(a.Header.Get("Set-Cookie"), ";")
	return "Cookie: " + cookie, a
}

// What the browser keeps is in a cookie that no script, no other site and over TLS no
// other host and no listener reads, and that ends with the browser; the key is in no log.
func TestCookie(t *testing.T) {
	h := open(t)
	cookie, _ := h.signIn(t, h.key)
	const overTLS, own = "Oneton-Console: 1s", "Sec-Fetch-Site: same-origin"
	require.Equal(t, http.StatusOK, h.send(t, "GET", "/console/session", nil, mine, own, cookie).StatusCode)
	require.Equal(t, http.StatusUnauthorized, h.send(t, "GET", "/console/session", nil, overTLS, own, cookie).StatusCode, "another host of the domain can set it")
	cookie, _ = h.signIn(t, h.key, overTLS, own)
	require.Contains(t, cookie, "__Host-")
	require.Equal(t, http.StatusOK, h.send(t, "GET", "/console/session", nil, overTLS, own, cookie).StatusCode)
	_, a := h.signIn(t, h.key)
	require.Regexp(t, `^oneton-console=[0-9a-z]{52}; path=/; HttpOnly; SameSite=Strict$`, a.Header.Get("Set-Cookie"))
	require.NotContains(t, string(a.body), h.key)
	_, a = h.signIn(t, h.key, "Origin: https://"+strings.TrimPrefix(h.url, "http://"))
	require.Regexp(t, `^__Host-oneton-console=[0-9a-z]{52}; path=/; HttpOnly; secure; SameSite=Strict$`, a.Header.Get("Set-Cookie"))
	var told struct {
		Tenant string
		Key    struct{ ID, Name string }
		Scopes []string
	}
	a.into(t, &told)
	require.Equal(t, string(h.tenant), told.Tenant)
	require.Equal(t, []string{"*"}, told.Scopes)
	for _, bad := range []any{map[string]string{}, map[string]string{"key": "", "link": ""}, map[string]string{"key": "a", "link": "b"}, map[string]any{"key": 1}, []byte("{"), nil} {
		a := h.send(t, "POST", "/console/session", bad, mine, "Origin: "+h.url)
		require.Contains(t, []int{400, 415}, a.StatusCode, "%s", a.body)
		require.Empty(t, a.Header.Values("Set-Cookie"))
	}
	for _, wrong := range []map[string]string{{"key": h.key[:len(h.key)-1] + "u"}, {"link": strings.Repeat("0", 52)}, {"key": strings.Repeat("x", 10_000)}} {
		a := h.send(t, "POST", "/console/session", wrong, mine, "Origin: "+h.url)
		require.Equal(t, http.StatusUnauthorized, a.StatusCode, "%s", a.body)
		require.Empty(t, a.Header.Values("Set-Cookie"))
	}
	secret := h.key[strings.LastIndex(h.key, "_")+1:]
	token, _, _ := strings.Cut(strings.TrimPrefix(a.Header.Get("Set-Cookie"), "__Host-oneton-console="), ";")
	require.NotContains(t, h.log.String(), secret)
	require.NotContains(t, h.log.String(), token)
	require.Contains(t, h.log.String(), told.Key.ID, "the log names the key")
}

// The cookie alone authorises nothing: not from a form, an image or a script of another
// page, whatever it may send, nor by signing in somebody else.
func TestForgedRequests(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", nil)
	cookie, _ := h.signIn(t, h.key)
	host := strings.TrimPrefix(h.url, "http://")
	for name, of := range map[string]struct {
		headers []string
		passes  bool
	}{
		"the page itself":                {[]string{mine, "Origin: " + h.url, "Sec-Fetch-Site: same-origin"}, true},
		"the page in an older browser":   {[]string{mine, "Origin: " + h.url}, true},
		"by a proxy with another name":   {[]string{mine, "Origin: https://faces.example", "Sec-Fetch-Site: same-origin"}, true},
		"a cookie alone":                 {nil, false},
		"a form of another page":         {[]string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, false},
		"another page with the header":   {[]string{mine, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, false},
		"another page, an older browser": {[]string{mine, "Origin: https://evil.example"}, false},
		"a sibling host":                 {[]string{mine, "Origin: " + h.url, "Sec-Fetch-Site: same-site"}, false},
		"another port":                   {[]string{mine, "Origin: http://127.0.0.1:1"}, false},
		"no origin":                      {[]string{mine}, false},
		"an opaque origin":               {[]string{mine, "Origin: null"}, false},
		"an address that was typed":      {[]string{mine, "Sec-Fetch-Site: none"}, false},
		"another header's value":         {[]string{"Oneton-Console: yes", "Origin: " + h.url, "Sec-Fetch-Site: same-origin"}, false},
		"a host that was rebound":        {[]string{mine, "Origin: http://evil.example", "Host: " + host}, false},
	} {
		a := h.send(t, "PATCH", "/v1/galleries/staff", map[string]any{"policy": map[string]any{"fpir": 0.5}}, append(of.headers, cookie)...)
		if of.passes {
			require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", name, a.body)
			continue
		}
		require.Equal(t, http.StatusUnauthorized, a.StatusCode, "%s: %s", name, a.body)
		if len(of.headers) > 0 {
			for _, call := range []struct{ method, path string }{{"POST", "/console/session"}, {"DELETE", "/console/session"}, {"DELETE", "/console/sessions"}} {
				a := h.send(t, call.method, call.path, map[string]string{"key": h.key}, append(of.headers, cookie)...)
				require.Equal(t, http.StatusForbidden, a.StatusCode, "%s %s", name, call.path)
				require.Empty(t, a.Header.Values("Set-Cookie"))
			}
		}
	}
	// Reads need the header, too, and pages of other origins are not told that they may send it.
	require.Equal(t, http.StatusUnauthorized, h.send(t, "GET", "/v1/galleries", nil, cookie).StatusCode)
	require.Equal(t, http.StatusOK, h.send(t, "GET", "/v1/galleries", nil, cookie, mine).StatusCode)
	require.Equal(t, http.StatusUnauthorized, h.send(t, "GET", "/v1/galleries", nil, cookie, mine, "Sec-Fetch-Site: cross-site").StatusCode)
	// A key counts before any cookie.
	require.Equal(t, http.StatusUnauthorized, h.send(t, "GET", "/v1/galleries", nil, cookie, mine, "Authorization: Bearer nonsense").StatusCode)
}

// Pages of origins that the operator lets call the APIs cannot use the console's session.
func TestOtherOriginsMayNotSendTheHeader(t *testing.T) {
	r, err := serve(func(c *config.Config) { c.Server.Origins = []string{"https://shop.example"} })
	require.NoError(t, err)
	h := r.house(t)
	a := h.send(t, "OPTIONS", "/v1/galleries", nil, "Origin: https://shop.example", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: oneton-console")
	require.Equal(t, "https://shop.example", a.Header.Get("Access-Control-Allow-Origin"))
	require.NotContains(t, strings.ToLower(a.Header.Get("Access-Control-Allow-Headers")), "oneton-console")
	require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"))
}

// In a real browser another site's page cannot act by the reader's session: not by a form,
// not by a script; and it cannot show the console in a frame, to have it clicked on.
func TestAnotherSite(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", nil)
	p := h.page(t, "#/")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>evil</title><iframe id="frame" src="%s/console/"></iframe>
			<form id="form" method="post" action="%[1]s/v1/galleries" enctype="text/plain"><input name='{"name":"forged","x":"' value='"}'></form>`, h.url)
	}))
	defer evil.Close()
	// Another host, so that it is another site; both are this machine.
	p.Go(strings.Replace(evil.URL, "127.0.0.1", "localhost", 1))
	blocked := browsertest.Eval[string](p, fmt.Sprintf(`Promise.allSettled([
		fetch("%[1]s/v1/galleries/staff", {method: "DELETE", credentials: "include", headers: {"Oneton-Console": "1"}}),
		fetch("%[1]s/v1/galleries", {method: "POST", credentials: "include", mode: "no-cors", body: '{"name":"forged"}'}),
	]).then((all) => all[0].status)`, h.url))
	require.Equal(t, "rejected", blocked)
	require.Empty(t, browsertest.Eval[string](p, `(() => { try { return document.getElementById("frame").contentDocument?.querySelector("#app")?.innerText ?? ""; } catch { return ""; } })()`))
	complaints := strings.Join(p.Complaints(), "\n")
	require.Contains(t, complaints, "frame-ancestors", "the browser says why it shows no frame")
	browsertest.Eval[bool](p, `(document.getElementById("form").submit(), true)`)
	p.Until(`location.pathname === "/v1/galleries"`)
	var told struct{ Galleries []struct{ Name string } }
	h.native(t, "GET", "/v1/galleries", nil).into(t, &told)
	require.Len(t, told.Galleries, 1)
	require.Equal(t, "staff", told.Galleries[0].Name)
}

func TestPageIsGuarded(t *testing.T) {
	h := open(t)
	a := h.send(t, "GET", "/console", nil)
	require.Equal(t, http.StatusPermanentRedirect, a.StatusCode)
	require.Equal(t, "/console/", a.Header.Get("Location"))
	a = h.send(t, "GET", "/console/", nil)
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; "+
		"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'", a.Header.Get("Content-Security-Policy"))
	for name, value := range map[string]string{
		"X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		require.Equal(t, value, a.Header.Get(name), name)
	}
	require.NotRegexp(t, inline, string(a.body))
	require.Empty(t, a.Header.Values("Set-Cookie"))
}

// On a computer that others use: a session ends when nobody is at it, on the screen too;
// signing out ends it in every tab, and everywhere in every browser, for good.
func TestSharedComputer(t *testing.T) {
	h := open(t)
	h.gallery(t, "staff", nil)
	text, id := h.newKey("*")
	p := h.pageOf(t, text, "#/galleries/staff")
	p.Shows("staff")
	other := h.pageOf(t, text, "#/galleries/staff")

	// A copy of the cookie is worth nothing once one is signed out.
	cookie, _ := h.signIn(t, text)
	require.Equal(t, http.StatusOK, h.send(t, "GET", "/v1/galleries", nil, cookie, mine).StatusCode)
	require.Equal(t, http.StatusNoContent, h.send(t, "DELETE", "/console/session", nil, cookie, mine, "Origin: "+h.url).StatusCode)
	require.Equal(t, http.StatusUnauthorized, h.send(t, "GET", "/v1/galleries", nil, cookie, mine).StatusCode)

	beside := p.Another()
	beside.Go(h.url + "/console/#/galleries/staff")
	beside.Until(`document.querySelector(".frame h1")?.innerText === "staff"`)
	p.Size(browsertest.Desk)
	p.Use("Sign out everywhere")
	p.Shows("in every browser that was signed in with this key")
	require.NotContains(t, p.Shown(), "staff")
	for _, page := range []*browsertest.Page{beside, other} {
		browsertest.Eval[bool](page, `(location.hash = "#/", true)`)
		page.Shows("The session has ended")
		require.NotContains(t, page.Shown(), "staff")
	}
	// Going back shows nothing of before.
	browsertest.Eval[bool](p, `(history.back(), true)`)
	time.Sleep(300 * time.Millisecond)
	require.NotContains(t, browsertest.Eval[string](p, `document.getElementById("app").innerText`), "staff")

	cookie, _ = h.signIn(t, text)
	require.NoError(t, h.Truth.Access.Revoke(t.Context(), store.Actor{Tenant: h.tenant}, id))
	require.Equal(t, http.StatusUnauthorized, h.send(t, "GET", "/v1/galleries", nil, cookie, mine).StatusCode, "of a revoked key")
	p.Clean()
}

// Without anybody at it the page shows the door by itself, and what it asks by itself does
// not keep the session.
func TestIdlePage(t *testing.T) {
	r, err := serve(func(c *config.Config) { c.Console.Idle = 20 * time.Second })
	require.NoError(t, err)
	h := r.house(t)
	h.gallery(t, "staff", nil)
	p := h.blank(t)
	// The page's clock is quick: whoever touched nothing for two seconds is away.
	p.Before(`performance.now = ((now) => () => now() * 30)(performance.now.bind(performance))`)
	p = h.enter(t, p, h.key, "#/galleries/staff")
	p.Shows("staff")
	browsertest.Eval[bool](p, `(setInterval(() => fetch("/v1/galleries/staff", {headers: {"Oneton-Console": "0"}}), 1000), true)`)
	p.Shows("The session has ended")
	require.NotContains(t, p.Shown(), "staff")
}

// A session outlives a restart.
func TestRestart(t *testing.T) {
	data := t.TempDir()
	first, stop, err := begin(func(c *config.Config) { c.Data = data })
	require.NoError(t, err)
	h := first.house(t)
	cookie, _ := h.signIn(t, h.key)
	require.Equal(t, http.StatusOK, h.send(t, "GET", "/v1/galleries", nil, cookie, mine).StatusCode)
	require.NoError(t, stop())
	second, stop, err := begin(func(c *config.Config) { c.Data = data })
	require.NoError(t, err)
	again := &house{TB: t, running: second, tenant: h.tenant, key: h.key}
	require.Equal(t, http.StatusOK, again.send(t, "GET", "/v1/galleries", nil, cookie, mine).StatusCode)
	require.Equal(t, http.StatusOK, again.send(t, "GET", "/console/session", nil, cookie, asleep).StatusCode)
	require.NoError(t, stop())
}

// A link signs in once, stands in no history and no log, and a used one says so.
func TestFirstLink(t *testing.T) {
	h := open(t)
	_, id := h.newKey("*")
	link, err := h.Sessions.Link(t.Context(), id)
	require.NoError(t, err)
	p := h.blank(t)
	p.Go(h.url + "/console/#/enter/" + link)
	p.Shows("You are signed in.")
	require.Equal(t, "#/", browsertest.Eval[string](p, `location.hash`))
	require.NotContains(t, h.log.String(), link)
	p.Clean()
	q := h.blank(t)
	q.Go(h.url + "/console/#/enter/" + link)
	q.Shows("The link was used before, or has ended")
	require.NotContains(t, browsertest.Eval[string](q, `location.href`), link)
	q.Clean()
}

// What a key may not do is not shown, and says so where its address is opened.
func TestWhatAKeyMayNotDo(t *testing.T) {
	h := open(t)
	text, _ := h.newKey("search")
	p := h.pageOf(t, text, "#/")
	p.Shows("This key may not list galleries")
	require.NotContains(t, p.Shown(), "Keys")
	p.Shots("overview-few-scopes")
	p.Go(h.url + "/console/#/keys")
	p.Shows("This key may not do that")
	p.Shows("keys")
	p.Shots("denied")
	p.Clean()
}
