package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/embed/embedtest"
	"oneton/node"
	"oneton/server/browsertest"
	"oneton/store"
)

// The tests share one browser and one server with the real models; each has a tenant of
// its own.
var (
	shared   = sync.OnceValues(startNode)
	chromium = sync.OnceValues(func() (*browsertest.Browser, error) { return browsertest.Start("chromium") })
	// ends are run when all tests have ended.
	ends []func() error
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range ends {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// running is a node that serves.
type running struct {
	*node.Node
	url string
	log *log
}

func startNode() (running, error) { return serve(nil) }

// serve runs a node with the real models until all tests have ended.
func serve(change func(*config.Config)) (running, error) {
	r, stop, err := begin(change)
	if err == nil {
		ends = append(ends, stop)
	}
	return r, err
}

// begin runs a node with the real models until it is stopped.
func begin(change func(*config.Config)) (_ running, stop func() error, err error) {
	folder, err := os.MkdirTemp("", "console-*")
	if err != nil {
		return running{}, nil, err
	}
	cfg := config.Default()
	cfg.Data = filepath.Join(folder, "data")
	cfg.Index.Save = 0
	cfg.Server.DrainDelay = 0
	cfg.Webhooks.Plain, cfg.Webhooks.Allow = true, []string{"127.0.0.1"}
	if change != nil {
		change(&cfg)
	}
	r := running{log: &log{}}
	if r.Node, err = node.Open(context.Background(), cfg, zerolog.New(r.log)); err != nil {
		return running{}, nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return running{}, nil, err
	}
	r.url = "http://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.Serve(ctx, ln) }()
	return r, func() error {
		cancel()
		return errors.Join(<-served, r.Close(), os.RemoveAll(folder))
	}, nil
}

// log is what a server logs, which may be read while it does.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// house is the server for one test, with a tenant and a key that may do everything.
type house struct {
	testing.TB
	running

	tenant store.TenantID
	key    string
}

var tenants atomic.Int64

// open is the house for a test.
func open(t testing.TB) *house {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing")
	}
	embedtest.Photo(t, "obama.jpg") // fails where nothing was fetched
	r, err := shared()
	require.NoError(t, err)
	return r.house(t)
}

func (r running) house(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, running: r, tenant: store.TenantID(fmt.Sprintf("tenant-%d", tenants.Add(1)))}
	_, err := r.Truth.Access.CreateTenant(t.Context(), h.tenant, "")
	require.NoError(t, err)
	h.key, _ = h.newKey("*")
	return h
}

// newKey makes a key of the tenant.
func (h *house) newKey(scopes ...string) (text string, id store.KeyID) {
	h.Helper()
	text, key, err := h.Truth.Access.Create(h.Context(), h.tenant, strings.Join(scopes, " "), scopes)
	require.NoError(h, err)
	return text, key.ID
}

// page is one that is signed in, at a page of the console such as #/keys.
func (h *house) page(t testing.TB, fragment string) *browsertest.Page {
	t.Helper()
	return h.pageOf(t, h.key, fragment)
}

// pageOf is page with another key.
func (h *house) pageOf(t testing.TB, key, fragment string) *browsertest.Page {
	t.Helper()
	return h.enter(t, h.blank(t), key, fragment)
}

// enter signs a page in, and takes it to a page of the console.
func (h *house) enter(t testing.TB, p *browsertest.Page, key, fragment string) *browsertest.Page {
	t.Helper()
	p.Go(h.url + "/console/")
	p.Until(`document.querySelector(".door input")`)
	status := browsertest.Eval[int](p, fmt.Sprintf(`fetch("/console/session", {method: "POST", body: JSON.stringify({key: %q}),
		headers: {"Content-Type": "application/json", "Oneton-Console": "1"}}).then((r) => r.status)`, key))
	require.Equal(t, http.StatusCreated, status)
	p.Go("about:blank")
	p.Go(h.url + "/console/" + fragment)
	p.Until(`document.querySelector(".frame h1")?.innerText && !document.querySelector(".loading")`)
	return p
}

// blank is a page that is nowhere.
func (h *house) blank(t testing.TB) *browsertest.Page {
	t.Helper()
	browsertest.Chromium(t)
	b, err := chromium()
	require.NoError(t, err)
	closing.Do(func() { ends = append([]func() error{func() error { b.Close(); return nil }}, ends...) })
	return b.Page(t)
}

var closing sync.Once

// answer is one of the native API.
type answer struct {
	*http.Response
	body []byte
}

// into reads it as JSON.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, v), "%s", a.body)
}

// native calls the native API with the key; a body that is no bytes is sent as JSON.
func (h *house) native(t testing.TB, method, path string, body any) answer {
	t.Helper()
	return h.send(t, method, path, body, "Authorization: Bearer "+h.key)
}

// send sends a request with headers of its own.
func (h *house) send(t testing.TB, method, path string, body any, headers ...string) answer {
	t.Helper()
	media, raw := "application/json", []byte(nil)
	switch b := body.(type) {
	case nil:
	case []byte:
		raw, media = b, http.DetectContentType(b)
	default:
		var err error
		raw, err = json.Marshal(b)
		require.NoError(t, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, bytes.NewReader(raw))
	require.NoError(t, err)
	if body != nil {
		req.Header.Set("Content-Type", media)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res, content}
}

// photo is a demo photo.
func (h *house) photo(t testing.TB, name string) []byte {
	t.Helper()
	return embedtest.Photo(t, name)
}

// photoFile is the file of a demo photo, for inputs that take files.
func (h *house) photoFile(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(embedtest.Photos(t), name)
}

// gallery makes one, and enrols the demo photos in it by the ids of their people.
func (h *house) gallery(t testing.TB, name string, people map[string]string) {
	t.Helper()
	a := h.native(t, http.MethodPost, "/v1/galleries", map[string]any{"name": name, "policy": map[string]any{"keep_photos": true}})
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	for id, photo := range people {
		a := h.native(t, http.MethodPost, "/v1/galleries/"+name+"/subjects?id="+id, h.photo(t, photo))
		require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	}
}

// hostile is what runs where a page takes a text for markup.
const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>'{{1}}javascript:alert(3)`

// unharmed holds that no text of the page became markup.
func unharmed(t testing.TB, p *browsertest.Page) {
	t.Helper()
	require.Zero(t, browsertest.Eval[int](p, `document.querySelectorAll("#app img[src=x], #app script, [onerror]").length`))
	p.Clean()
}
