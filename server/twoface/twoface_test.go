package twoface_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/config"
	"oneton/kyc"
	"oneton/pool"
	"oneton/server"
	"oneton/server/servertest"
	"oneton/server/twoface"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp's clock for the Date header, one for the process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		// Of a stopped server: it ends when it next wakes, within 10 seconds.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
	)
}

type m = map[string]any

const at = "/v1/2face"

// models stand for those that read documents and clips: a scripted photo says what it
// shows of a document, too, and a clip is a text. They are the outermost edge; the rest
// of the server is the real one.
type models struct {
	rig *servertest.Rig
	mu  sync.Mutex
	// held lets whoever reads documents wait, and holding is how many do.
	held    chan struct{}
	holding int
}

// card is what a scripted photo of a document has beside its faces.
type card struct {
	Document *struct {
		Type, Side, Number string
		Sure               bool
		Data               map[string]any
	}
}

func (s *models) Read(ctx context.Context, content []byte) (kyc.Document, error) {
	s.mu.Lock()
	held := s.held
	s.holding++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.holding--
		s.mu.Unlock()
	}()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return kyc.Document{}, ctx.Err()
		}
	}
	if pool.TenantOf(ctx) == "" {
		return kyc.Document{}, errors.New("a document of no tenant")
	}
	face, err := s.rig.Service.Portrait(ctx, servertest.Pack, "document", content)
	if err != nil {
		return kyc.Document{}, err
	}
	var c card
	if json.Unmarshal(content[bytes.IndexByte(content, '{'):], &c) != nil || c.Document == nil {
		return kyc.Document{}, nil
	}
	d := c.Document
	return kyc.Document{Type: d.Type, Side: d.Side, Number: d.Number, Sure: d.Sure, Portrait: &face, Data: d.Data}, nil
}

func (*models) Smiles(ctx context.Context, clip []byte) (bool, error) { return gesture(clip, "smile") }

func (*models) Blinks(ctx context.Context, clip []byte) (bool, error) { return gesture(clip, "blink") }

func gesture(clip []byte, want string) (bool, error) { return bytes.Contains(clip, []byte(want)), nil }

// rig is a server that speaks the dialect, with scripted models.
type rig struct {
	*servertest.Rig
	models *models
	keys   [][]byte
}

func start(t testing.TB) rig {
	t.Helper()
	return startOn(t, servertest.Options{}, func(cfg *twoface.Config) { cfg.Prefix = at })
}

func startOn(t testing.TB, o servertest.Options, change func(*twoface.Config)) rig {
	t.Helper()
	settings := o.Settings
	o.Settings = func(cfg *config.Config) {
		cfg.KYC.Documents = time.Hour
		cfg.Webhooks.Plain, cfg.Webhooks.Allow = true, []string{"127.0.0.1"}
		if settings != nil {
			settings(cfg)
		}
	}
	r := rig{models: &models{}, keys: [][]byte{[]byte("a key of at least thirty-two bytes")}}
	o.Documents, o.Clips = r.models, r.models
	o.APIs = func(n *servertest.Rig) []server.API {
		r.models.rig = n
		cfg := twoface.DefaultConfig()
		change(&cfg)
		return []server.API{twoface.New(cfg, r.keys, kyc.DefaultConfig().Uses, n.Node.KYC, n.Node.Limiter, n.Access)}
	}
	r.Rig = servertest.Start(t, o)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return r
}

// waits is how long what must come is waited for, with a look at every tick.
const (
	waits = 30 * time.Second
	tick  = 5 * time.Millisecond
)

// hold lets whoever reads documents wait until it is let.
func (r rig) hold() (let func()) {
	r.models.mu.Lock()
	defer r.models.mu.Unlock()
	held := make(chan struct{})
	r.models.held = held
	return sync.OnceFunc(func() {
		r.models.mu.Lock()
		defer r.models.mu.Unlock()
		r.models.held = nil
		close(held)
	})
}

// holding is how many documents are being read.
func (r rig) holding() int {
	r.models.mu.Lock()
	defer r.models.mu.Unlock()
	return r.models.holding
}

// address is that of a photo of the tenant's, which an attempt shows.
func (r rig) address(t testing.TB, tenant string) string {
	t.Helper()
	c := r.backend(t, tenant)
	open := c.open(t, "SIGNUP")
	c.ended(t, open.started(t, m{"face": selfie(t, "ada"), "document": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA"}))
	var id string
	open.form(t, "/session/close", "status", "REVIEW").result(t, &id)
	var a struct {
		Stages []struct{ Input map[string]any }
	}
	c.get(t, "/attempts/"+id).result(t, &a)
	for _, s := range a.Stages {
		if address, ok := s.Input["document_url"].(string); ok {
			return address
		}
	}
	require.Fail(t, "no stage has a photo")
	return ""
}

// stores runs a test on either database.
func stores(t *testing.T, run func(t *testing.T, r rig)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { run(t, start(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		var cluster postgrestest.Shared
		t.Cleanup(cluster.Stop)
		db, err := postgres.Open(t.Context(), postgres.Config{URL: cluster.Database(t)})
		require.NoError(t, err)
		run(t, startOn(t, servertest.Options{Store: db}, func(cfg *twoface.Config) { cfg.Prefix = at }))
	})
}

// client asks with a key or a session's token, or with neither.
type client struct{ url, key, session string }

func (r rig) backend(t testing.TB, tenant string) client {
	t.Helper()
	return client{url: r.URL + at, key: r.Key(t, store.TenantID(tenant), allScopes()...)}
}

func allScopes() []string {
	var all []string
	for _, s := range twoface.Scopes() {
		all = append(all, s.Name)
	}
	return all
}

// open begins a session, for whose client it is.
func (c client) open(t testing.TB, kind string) client {
	t.Helper()
	var token string
	c.form(t, "/session", "type", kind).result(t, &token)
	return client{url: c.url, session: token}
}

func (c client) get(t testing.TB, path string) answer {
	t.Helper()
	return c.send(t, http.MethodGet, path, "", nil)
}

func (c client) form(t testing.TB, path string, fields ...string) answer {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return c.send(t, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(values.Encode()))
}

// files sends a multipart form: fields are texts, or bytes that are files.
func (c client) files(t testing.TB, path string, fields m) answer {
	t.Helper()
	contentType, body := multipartOf(t, fields)
	return c.send(t, http.MethodPost, path, contentType, body)
}

func multipartOf(t testing.TB, fields m) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch v := fields[name].(type) {
		case []byte:
			part, err := form.CreateFormFile(name, name+".jpg")
			require.NoError(t, err)
			_, err = part.Write(v)
			require.NoError(t, err)
		case string:
			require.NoError(t, form.WriteField(name, v))
		}
	}
	require.NoError(t, form.Close())
	return form.FormDataContentType(), b.Bytes()
}

func (c client) send(t testing.TB, method, path, contentType string, body []byte, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, c.url+path, bytes.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.key != "" {
		req.Header.Set("Authorization", c.key)
	}
	if c.session != "" {
		req.Header.Set("X-Tagshelf-Session", c.session)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return ask(t, req)
}

// answer is what came back.
type answer struct{ servertest.Answer }

// ask sends a request as it is, and holds the answer to what is true of every one.
func ask(t testing.TB, req *http.Request) answer {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	a := answer{servertest.Answer{Status: res.StatusCode, Header: res.Header, Body: body}}
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.NotEmpty(t, a.Header.Get("X-Request-Id"))
	if path := strings.TrimPrefix(req.URL.Path, at); strings.HasPrefix(path, "/faces/") || strings.HasPrefix(path, "/documents/") {
		require.Equal(t, "3", a.Header.Get("x-attempt-limit"), "%s", body)
		require.Regexp(t, "^[0-3]$", a.Header.Get("x-attempt-retries"))
	}
	if a.Header.Get("Content-Type") == "application/json" && req.Method != http.MethodHead {
		a.enveloped(t)
	}
	return a
}

// enveloped holds an answer to the envelope.
func (a answer) enveloped(t testing.TB) {
	t.Helper()
	var whole map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(a.Body, &whole), "%s", a.Body)
	require.ElementsMatch(t, []string{"code", "result"}, slices.Collect(maps.Keys(whole)))
	var code int
	require.NoError(t, json.Unmarshal(whole["code"], &code))
	require.Equal(t, a.Status, code)
	if code == http.StatusOK {
		return
	}
	require.GreaterOrEqual(t, code, 400)
	var failure map[string]string
	require.NoError(t, json.Unmarshal(whole["result"], &failure), "%s", a.Body)
	require.Len(t, failure, 1)
	require.NotEmpty(t, failure["msg"])
	require.NotEmpty(t, a.Header.Get("X-Oneton-Code"))
}

// result decodes the result of a success.
func (a answer) result(t testing.TB, into any) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	envelope := struct {
		Result any `json:"result"`
	}{into}
	require.NoError(t, json.Unmarshal(a.Body, &envelope), "%s", a.Body)
}

// refused holds an answer to a refusal.
func (a answer) refused(t testing.TB, status int, msg string) {
	t.Helper()
	require.Equal(t, status, a.Status, "%s", a.Body)
	var failure struct{ Result struct{ Msg string } }
	require.NoError(t, json.Unmarshal(a.Body, &failure))
	require.Equal(t, msg, failure.Result.Msg)
}

// left is how many attempts an answer says are left.
func (a answer) left() string { return a.Header.Get("x-attempt-retries") }

// selfie is a photo of a person.
func selfie(t testing.TB, person string) []byte { t.Helper(); return servertest.Of(t, person, 1) }

// document is a photo of a person's card.
func document(t testing.TB, person, kind, side, number string) []byte {
	t.Helper()
	photo := servertest.Of(t, person, 2)
	text, err := json.Marshal(map[string]any{"Document": map[string]any{
		"Type": kind, "Side": side, "Number": number, "Sure": true, "Data": map[string]any{"nationality": "DOM"},
	}})
	require.NoError(t, err)
	begin := bytes.IndexByte(photo, '{')
	return slices.Concat(photo[:begin], text[:len(text)-1], []byte(","), photo[begin+1:])
}

// cedula is a valid number of one.
const cedula = "001-1234567-3"

// ended polls a job until it has ended.
func (c client) ended(t testing.TB, job string) (status int, output json.RawMessage) {
	t.Helper()
	var j struct {
		Status int
		Output json.RawMessage
	}
	require.Eventually(t, func() bool {
		c.get(t, "/jobs/"+job).result(t, &j)
		return j.Status >= 2
	}, 30*time.Second, 10*time.Millisecond)
	return j.Status, j.Output
}
