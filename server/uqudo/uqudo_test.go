package uqudo_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/access"
	"oneton/config"
	"oneton/server"
	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
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

// clock is moved by a test.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func start(t *testing.T) (*servertest.Rig, *clock) {
	t.Helper()
	return startOn(t, servertest.Options{})
}

func startOn(t *testing.T, o servertest.Options, changes ...func(*config.Config)) (*servertest.Rig, *clock) {
	t.Helper()
	c := &clock{}
	var cfg uqudo.Config
	if o.Checks == nil {
		o.Checks = looks{}
	}
	o.Settings = func(all *config.Config) {
		all.Signing.Now = c.now
		for _, change := range changes {
			change(all)
		}
		cfg = all.Uqudo
	}
	o.APIs = func(r *servertest.Rig) []server.API {
		return []server.API{uqudo.New(cfg, r.Service, r.Node.FaceSessions, r.Node.Signatures, r.Node.Limiter, r.Access)}
	}
	return servertest.Start(t, o), c
}

// refusal is the body of what was refused.
type refusal struct {
	Error, Message, Type, Title, Detail, Instance, Field string
	Status                                               int
	Reasons                                              []string
}

// refused holds that the answer is a refusal with that status and code, as this API's
// clients read it, and whole as RFC 9457 has it.
func refused(t *testing.T, a servertest.Answer, status int, code string) refusal {
	t.Helper()
	require.Equal(t, status, a.Status, "%s", a.Body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Regexp(t, `^\{"error":"[A-Z_]+","message":"`, string(a.Body))
	var got refusal
	require.NoError(t, json.Unmarshal(a.Body, &got))
	require.Equal(t, code, got.Error, "%s", a.Body)
	require.Equal(t, status, got.Status)
	require.Regexp(t, `^urn:oneton:problem:[a-z_]+$`, got.Type)
	require.NotEmpty(t, got.Title)
	require.Contains(t, got.Message, got.Title)
	require.Equal(t, "urn:oneton:request:"+a.Header.Get(server.HeaderRequestID), got.Instance)
	return got
}

// client is what a customer's program holds.
type client struct {
	*servertest.Rig
	id, secret string
	token      string
}

func newClient(t *testing.T, r *servertest.Rig, tenant store.TenantID, scopes ...string) client {
	t.Helper()
	id, secret, ok := access.Split(r.Key(t, tenant, scopes...))
	require.True(t, ok)
	c := client{Rig: r, id: string(id), secret: secret}
	var a struct {
		AccessToken string `json:"access_token"`
	}
	form(t, r, c.credentials()).Into(t, http.StatusOK, &a)
	c.token = a.AccessToken
	return c
}

func (c client) credentials() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}
}

func form(t *testing.T, r *servertest.Rig, values url.Values) servertest.Answer {
	t.Helper()
	return r.Do(t, "", "POST", "/api/oauth/token", "application/x-www-form-urlencoded", []byte(values.Encode()))
}

func (c client) post(t *testing.T, path string, body m) servertest.Answer {
	t.Helper()
	return c.JSON(t, c.token, "POST", "/api/v1/face"+path, body)
}

func (c client) delete(t *testing.T, id string) servertest.Answer {
	t.Helper()
	return c.JSON(t, c.token, "DELETE", "/api/v1/face/one-to-n/search/"+id, nil)
}

// null is a field that is there, and null.
const null = "null"

// fields holds that an answer has exactly these fields; nil is any but an empty one.
func fields(t *testing.T, a servertest.Answer, want m) {
	t.Helper()
	var got m
	a.Into(t, http.StatusOK, &got)
	for name, v := range want {
		switch v {
		case null:
			want[name] = nil
		case nil:
			require.NotEmpty(t, got[name])
			want[name] = got[name]
		}
	}
	require.Equal(t, want, got)
}

func text(photo []byte) string { return base64.StdEncoding.EncodeToString(photo) }

var all = []string{uqudo.ScopeSession, uqudo.ScopeMatch, uqudo.ScopeSearch, uqudo.ScopeInsert, uqudo.ScopeDelete}

// call is one call that needs a token.
type call struct {
	method, path, scope string
	body                m
	// described is the path as the description has it.
	described string
}

func calls(t *testing.T) map[string]call {
	t.Helper()
	photo := text(servertest.Of(t, "ada", 1))
	return map[string]call{
		"search": {"POST", "/api/v1/face/one-to-n/search", uqudo.ScopeSearch, m{"idPhoto": photo}, "/api/v1/face/one-to-n/search"},
		"insert": {"POST", "/api/v1/face/one-to-n/insert", uqudo.ScopeInsert, m{"idPhoto": photo}, "/api/v1/face/one-to-n/insert"},
		"match":  {"POST", "/api/v1/face/match", uqudo.ScopeMatch, m{"sourceImage": photo, "targetImage": photo}, "/api/v1/face/match"},
		"open":   {"POST", "/api/v1/face", uqudo.ScopeSession, m{"idPhoto": photo}, "/api/v1/face"},
		"image":  {"GET", "/api/v1/info/img/0123456789abcdef01234567", uqudo.ScopeSession, nil, "/api/v1/info/img/{id}"},
		"purge":  {"DELETE", "/api/v1/info/" + uuid.NewString(), uqudo.ScopeSession, nil, "/api/v1/info/{sessionId}"},
		"delete": {"DELETE", "/api/v1/face/one-to-n/search/x", uqudo.ScopeDelete, nil, "/api/v1/face/one-to-n/search/{oneToNVerificationId}"},
	}
}

func (c call) send(t *testing.T, r *servertest.Rig, token string) servertest.Answer {
	t.Helper()
	if c.body == nil {
		return r.JSON(t, token, c.method, c.path, nil)
	}
	return r.JSON(t, token, c.method, c.path, c.body)
}

func TestEveryCallNeedsItsScope(t *testing.T) {
	r, _ := start(t)
	for name, q := range calls(t) {
		t.Run(name, func(t *testing.T) {
			var others []string
			for _, s := range r.Access.Scopes() {
				if s != q.scope && s != access.All {
					others = append(others, s)
				}
			}
			refused(t, q.send(t, r, newClient(t, r, "acme", others...).token), http.StatusForbidden, "FORBIDDEN")
			a := q.send(t, r, newClient(t, r, "acme", q.scope).token)
			require.NotContains(t, []int{401, 403}, a.Status)
		})
	}
	searcher := newClient(t, r, "acme", uqudo.ScopeSearch)
	refused(t, searcher.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "zoe", 1)), "insert": true}), http.StatusForbidden, "FORBIDDEN")
	fields(t, searcher.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "zoe", 1)), "insert": false}), m{"oneToNVerificationId": null, "oneToNVerificationMatch": false})
}

func TestMatch(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	ada, again, zoe := text(servertest.Of(t, "ada", 1)), text(servertest.Of(t, "ada", 2)), text(servertest.Of(t, "zoe", 1))
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": again}), m{"match": true, "matchLevel": 5.0})
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": zoe}), m{"match": false, "matchLevel": 0.0})
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": again, "minimumMatchLevel": 5}), m{"match": true, "matchLevel": 5.0})
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": again, "minimumMatchLevel": json.Number("5.0")}), m{"match": true, "matchLevel": 5.0})
	for _, level := range []any{0, 6, -1, 2.5, "3", nil} {
		p := refused(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": zoe, "minimumMatchLevel": level}), http.StatusBadRequest, "INVALID_INPUT")
		require.Equal(t, "minimumMatchLevel", p.Field)
	}
}

// The log names the client and holds none of its secrets.
func TestLogHoldsNoSecrets(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	photo := text(servertest.Of(t, "marker-person", 1))
	c.post(t, "/one-to-n/search", m{"idPhoto": photo, "insert": true})
	c.post(t, "/match", m{"sourceImage": photo, "targetImage": photo})
	c.delete(t, "marker-id")
	bad := c.credentials()
	bad.Set("client_secret", "marker-secret")
	form(t, r, bad)
	log := r.Log.String()
	require.Contains(t, log, c.id)
	for _, text := range []string{c.secret, c.token, c.token[:20], photo[6:30], "marker-person", "marker-id", "marker-secret"} {
		require.NotContains(t, log, text)
	}
}
