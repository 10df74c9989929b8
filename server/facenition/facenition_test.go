package facenition_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/credential"
	"oneton/server"
	"oneton/server/facenition"
	"oneton/server/servertest"
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

const (
	at    = "/facenition"
	email = "ada@example.org"
	phone = "+41791234567"
)

// post is where codes arrive.
type post struct {
	mu         sync.Mutex
	email, sms map[string]string
	failed     error
}

func (p *post) Email(_ context.Context, address, code string, _ time.Duration) error {
	return p.deliver(p.email, address, code)
}

func (p *post) SMS(_ context.Context, number, code string, _ time.Duration) error {
	return p.deliver(p.sms, number, code)
}

func (p *post) deliver(to map[string]string, address, code string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	to[address] = code
	return p.failed
}

func (p *post) codes(email, phone string) (byEmail, byPhone string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.email[email], p.sms[phone]
}

// rig is a server that speaks the dialect under a prefix, with scripted photos.
type rig struct {
	*servertest.Rig
	post *post
}

func start(t testing.TB) rig {
	t.Helper()
	return startOn(t, servertest.Options{}, facenition.Config{Prefix: at})
}

// unlimited lets one source do as much as it likes.
func unlimited(c *credential.Config) {
	none := credential.Limit{Burst: 1 << 20, Every: time.Microsecond}
	c.Limits = credential.Limits{Resend: none, Address: none, Asks: none, Guesses: none, Opens: none, Rotations: none}
}

func startOn(t testing.TB, o servertest.Options, cfg facenition.Config, change ...func(*credential.Config)) rig {
	t.Helper()
	p := &post{email: map[string]string{}, sms: map[string]string{}}
	o.APIs = func(r *servertest.Rig) []server.API {
		credentials := credential.DefaultConfig()
		for _, s := range facenition.Scopes() {
			credentials.Scopes = append(credentials.Scopes, s.Name)
		}
		for _, c := range change {
			c(&credentials)
		}
		clients, err := credential.New(credentials, r.Store, r.Access, [][]byte{[]byte("a key of at least thirty-two bytes")}, p)
		require.NoError(t, err)
		return []server.API{facenition.New(cfg, []string{servertest.Pack}, r.Service, r.Tokens, clients, r.Access)}
	}
	r := rig{servertest.Start(t, o), p}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return r
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
		run(t, startOn(t, servertest.Options{Store: db}, facenition.Config{Prefix: at}))
	})
}

// client is a client token of an account at a server, or none when it is empty.
type client struct{ url, token string }

// newClient gets a token at once.
func newClient(t testing.TB, url string) client {
	t.Helper()
	var a struct {
		AuthToken string `json:"auth_token"`
	}
	client{url, ""}.json(t, "/generateToken", m{"email": email, "phone": phone}).Into(t, http.StatusOK, &a)
	return client{url, a.AuthToken}
}

func (r rig) client(t testing.TB) client { t.Helper(); return newClient(t, r.URL) }

func (c client) json(t testing.TB, path string, body any, headers ...string) servertest.Answer {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	return c.send(t, path, "application/json", content, headers...)
}

func (c client) send(t testing.TB, path, contentType string, body []byte, headers ...string) servertest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.url+at+path, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	if c.token != "" {
		req.Header.Set("X-Auth-Token", c.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return ask(t, req)
}

// ask sends a request as it is.
func ask(t testing.TB, req *http.Request) servertest.Answer {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return servertest.Answer{Status: res.StatusCode, Header: res.Header, Body: body}
}

// form sends fields and photos, given as name and content.
func (c client) form(t testing.TB, path string, parts ...any) servertest.Answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		name, ok := parts[i].(string)
		require.True(t, ok)
		switch content := parts[i+1].(type) {
		case string:
			require.NoError(t, w.WriteField(name, content))
		case []byte:
			part, err := w.CreateFormFile(name, name+".jpg")
			require.NoError(t, err)
			_, err = part.Write(content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return c.send(t, path, w.FormDataContentType(), b.Bytes())
}

// identity is an identity token of photos and fields.
func (c client) identity(t testing.TB, parts ...any) string {
	t.Helper()
	var a struct{ Token string }
	c.form(t, "/generate", parts...).Into(t, http.StatusOK, &a)
	require.NotEmpty(t, a.Token)
	return a.Token
}

// compared is the answer to a comparison.
type compared struct {
	OK, Match bool
	Score     float64
}

func (c client) compare(t testing.TB, path string, parts ...any) compared {
	t.Helper()
	var a compared
	c.form(t, path, parts...).Into(t, http.StatusOK, &a)
	require.True(t, a.OK)
	return a
}

// refused holds that a request was, in the dialect's shape.
func refused(t testing.TB, a servertest.Answer, status int, code string) (says string) {
	t.Helper()
	require.Equal(t, status, a.Status, "%s", a.Body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	var r struct {
		OK          *bool
		Error, Code string
		Field       string
	}
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&r))
	require.NotNil(t, r.OK)
	require.False(t, *r.OK)
	require.Equal(t, code, r.Code, "%s", a.Body)
	require.NotEmpty(t, r.Error)
	require.Empty(t, a.Header.Get("WWW-Authenticate"))
	return r.Field + ": " + r.Error
}

func ada(t testing.TB, take int) []byte { return servertest.Of(t, "ada", take) }
func bob(t testing.TB, take int) []byte { return servertest.Of(t, "bob", take) }
