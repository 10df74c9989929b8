package uqudo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/access"
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

var tokenKey = []byte("a token key of thirty-two bytes!")

// clock is moved by a test.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func start(t *testing.T) (*servertest.Rig, *clock) {
	t.Helper()
	c := &clock{}
	return servertest.Start(t, servertest.Options{Dialects: func(r *servertest.Rig) []server.Dialect {
		d, err := uqudo.New(uqudo.Config{TokenKey: tokenKey, Now: c.now}, r.Service, r.Access)
		require.NoError(t, err)
		return []server.Dialect{d}
	}}), c
}

// client is what a customer's program holds.
type client struct {
	*servertest.Rig
	id, secret string
	token      string
}

func newClient(t *testing.T, r *servertest.Rig, tenant string, scopes ...string) client {
	t.Helper()
	id, secret, ok := access.Split(r.Key(t, tenant, scopes...))
	require.True(t, ok)
	c := client{Rig: r, id: id, secret: secret}
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

// fields holds that an answer has exactly these fields.
func fields(t *testing.T, a servertest.Answer, want m) {
	t.Helper()
	var got m
	a.Into(t, http.StatusOK, &got)
	for name, v := range want {
		if v == nil {
			require.NotEmpty(t, got[name])
			want[name] = got[name]
		}
	}
	require.Equal(t, want, got)
}

func text(photo []byte) string { return base64.StdEncoding.EncodeToString(photo) }

var all = []string{access.FaceSession, access.FaceMatch, access.FaceSearch, access.FaceInsert, access.FaceDelete}

func TestToken(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	a := form(t, r, c.credentials())
	var token struct {
		AccessToken string `json:"access_token"`
		JTI         string
	}
	a.Into(t, http.StatusOK, &token)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	fields(t, a, m{
		"access_token": token.AccessToken, "token_type": "bearer", "expires_in": 1800.0,
		"scope": strings.Join(all, " "), "jti": token.JTI,
	})
	_, err := uuid.Parse(token.JTI)
	require.NoError(t, err)

	// It is a JWS that another library's rules accept, with what a client may read.
	parsed, err := jwt.Parse(token.AccessToken, func(*jwt.Token) (any, error) { return tokenKey, nil }, jwt.WithValidMethods([]string{"HS256"}))
	require.NoError(t, err)
	claims, ok := parsed.Claims.(jwt.MapClaims)
	require.True(t, ok)
	require.Equal(t, "acme", claims["tenant"])
	require.Equal(t, strings.Join(all, " "), claims["scope"])
	require.Equal(t, token.JTI, claims["jti"])
	require.InDelta(t, time.Now().Add(30*time.Minute).Unix(), claims["exp"], 5)
	require.NotContains(t, token.AccessToken, c.secret)

	whole := c.credentials()
	whole.Set("client_secret", access.Text(c.id, c.secret))
	require.Equal(t, http.StatusOK, form(t, r, whole).Status, "the whole key is a secret, too")
	whole.Set("extra", "ignored")
	require.Equal(t, http.StatusOK, form(t, r, whole).Status)

	some := newClient(t, r, "acme", access.FaceSearch, access.Galleries)
	var got m
	form(t, r, some.credentials()).Into(t, http.StatusOK, &got)
	require.Equal(t, access.FaceSearch, got["scope"])
	form(t, r, newClient(t, r, "acme", access.All).credentials()).Into(t, http.StatusOK, &got)
	require.Equal(t, strings.Join(all, " "), got["scope"])
}

func TestRefusedTokens(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	other := newClient(t, r, "acme", all...)
	with := func(name, value string) url.Values { v := c.credentials(); v.Set(name, value); return v }
	without := func(name string) url.Values { v := c.credentials(); v.Del(name); return v }
	twice := c.credentials()
	twice.Add("client_id", c.id)
	for name, q := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"wrong secret":          {with("client_secret", other.secret), 401, "invalid_client"},
		"secret cut short":      {with("client_secret", c.secret[1:]), 401, "invalid_client"},
		"unknown client":        {with("client_id", strings.Repeat("0", 16)), 401, "invalid_client"},
		"client of nonsense":    {with("client_id", "_"), 401, "invalid_client"},
		"another's whole key":   {with("client_secret", access.Text(other.id, other.secret)), 401, "invalid_client"},
		"no grant type":         {without("grant_type"), 400, "invalid_request"},
		"no id":                 {without("client_id"), 400, "invalid_request"},
		"no secret":             {without("client_secret"), 400, "invalid_request"},
		"empty secret":          {with("client_secret", ""), 400, "invalid_request"},
		"another grant type":    {with("grant_type", "password"), 400, "unsupported_grant_type"},
		"client id given twice": {twice, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			var e struct{ Error string }
			form(t, r, q.form).Into(t, q.status, &e)
			require.Equal(t, q.code, e.Error)
		})
	}
	for name, contentType := range map[string]string{"JSON": "application/json", "none": ""} {
		t.Run(name, func(t *testing.T) {
			a := r.Do(t, "", "POST", "/api/oauth/token", contentType, []byte(c.credentials().Encode()))
			require.Equal(t, http.StatusBadRequest, a.Status)
		})
	}
	_, err := uqudo.New(uqudo.Config{TokenKey: tokenKey[1:]}, r.Service, r.Access)
	require.ErrorIs(t, err, uqudo.ErrTokenKey)
}

// call is one call that needs a token.
type call struct {
	method, path, scope string
	body                m
}

func calls(t *testing.T) map[string]call {
	t.Helper()
	photo := text(servertest.Of(t, "ada", 1))
	return map[string]call{
		"search": {"POST", "/api/v1/face/one-to-n/search", access.FaceSearch, m{"idPhoto": photo}},
		"insert": {"POST", "/api/v1/face/one-to-n/insert", access.FaceInsert, m{"idPhoto": photo}},
		"match":  {"POST", "/api/v1/face/match", access.FaceMatch, m{"sourceImage": photo, "targetImage": photo}},
		"delete": {"DELETE", "/api/v1/face/one-to-n/search/x", access.FaceDelete, nil},
	}
}

func (c call) send(t *testing.T, r *servertest.Rig, token string) servertest.Answer {
	t.Helper()
	if c.body == nil {
		return r.JSON(t, token, c.method, c.path, nil)
	}
	return r.JSON(t, token, c.method, c.path, c.body)
}

func TestEveryCallNeedsAToken(t *testing.T) {
	r, clock := start(t)
	c := newClient(t, r, "acme", all...)
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{
			"iss": "oneton", "aud": "oneton/uqudo", "sub": c.id,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		}
		change(claims)
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		require.NoError(t, err)
		return text
	}
	same := func(jwt.MapClaims) {}
	parts := strings.Split(c.token, ".")
	tokens := map[string]string{
		"none":                 "",
		"nonsense":             "x.y.z",
		"the key itself":       access.Text(c.id, c.secret),
		"the secret":           c.secret,
		"another signature":    parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"no signature":         parts[0] + "." + parts[1] + ".",
		"another key":          sign(jwt.SigningMethodHS256, []byte("another key of thirty-two bytes!"), same),
		"another algorithm":    sign(jwt.SigningMethodHS512, tokenKey, same),
		"no algorithm":         sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"another audience":     sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["aud"] = "oneton/twoface" }),
		"no audience":          sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "aud") }),
		"another issuer":       sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["iss"] = "x" }),
		"expired":              sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() }),
		"no expiry":            sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "exp") }),
		"issued in the future": sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["iat"] = time.Now().Add(time.Hour).Unix() }),
		"an unknown client":    sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["sub"] = "nobody" }),
		"no client":            sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "sub") }),
	}
	for name, q := range calls(t) {
		for what, token := range tokens {
			t.Run(name+" with "+what, func(t *testing.T) {
				q.send(t, r, token).Refused(t, http.StatusUnauthorized, "unauthorized")
			})
		}
	}
	search := calls(t)["search"]
	require.Equal(t, http.StatusOK, search.send(t, r, sign(jwt.SigningMethodHS256, tokenKey, same)).Status, "the forgeries are off by one thing")
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	clock.ahead.Store(int64(29 * time.Minute))
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	clock.ahead.Store(int64(31 * time.Minute))
	search.send(t, r, c.token).Refused(t, http.StatusUnauthorized, "unauthorized")

	// A token is no key of the native API.
	clock.ahead.Store(0)
	r.Do(t, c.token, "GET", "/v1/galleries", "", nil).Refused(t, http.StatusUnauthorized, "unauthorized")
}

func TestRevokedClientsTokensStopAtOnce(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	require.Equal(t, http.StatusOK, calls(t)["search"].send(t, r, c.token).Status)
	require.NoError(t, r.Access.Revoke(context.Background(), "acme", c.id))
	for _, q := range calls(t) {
		q.send(t, r, c.token).Refused(t, http.StatusUnauthorized, "unauthorized")
	}
	require.Equal(t, http.StatusUnauthorized, form(t, r, c.credentials()).Status)
}

func TestEveryCallNeedsItsScope(t *testing.T) {
	r, _ := start(t)
	for name, q := range calls(t) {
		t.Run(name, func(t *testing.T) {
			var others []string
			for _, s := range access.Scopes() {
				if s != q.scope && s != access.All {
					others = append(others, s)
				}
			}
			q.send(t, r, newClient(t, r, "acme", others...).token).Refused(t, http.StatusForbidden, "forbidden")
			a := q.send(t, r, newClient(t, r, "acme", q.scope).token)
			require.NotContains(t, []int{401, 403}, a.Status)
		})
	}
	searcher := newClient(t, r, "acme", access.FaceSearch)
	searcher.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "zoe", 1)), "insert": true}).Refused(t, http.StatusForbidden, "forbidden")
	fields(t, searcher.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "zoe", 1)), "insert": false}), m{"oneToNVerificationMatch": false})
}

func TestOneToN(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	ada := func(take int) string { return text(servertest.Of(t, "ada", take)) }

	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": ada(1)}), m{"oneToNVerificationMatch": false})
	a := c.post(t, "/one-to-n/insert", m{"idPhoto": ada(1)})
	fields(t, a, m{"oneToNVerificationId": nil})
	var inserted struct {
		ID string `json:"oneToNVerificationId"`
	}
	a.Into(t, http.StatusOK, &inserted)
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": ada(2)}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": ada(3), "insert": true}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})

	// With insert, who is not found is added and found from then on.
	zoe := text(servertest.AsPNG(servertest.Of(t, "zoe", 1)))
	a = c.post(t, "/one-to-n/search", m{"idPhoto": zoe, "insert": true})
	fields(t, a, m{"oneToNVerificationId": nil, "oneToNVerificationMatch": false})
	a.Into(t, http.StatusOK, &inserted)
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": zoe}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})

	// Deleting removes the photo and leaves the features.
	sub, faces, err := r.Service.Subject(context.Background(), "acme", uqudo.Gallery, inserted.ID)
	require.NoError(t, err)
	require.Equal(t, 1, sub.Faces)
	_, err = r.Service.Photo(context.Background(), "acme", uqudo.Gallery, faces[0].ID)
	require.NoError(t, err, "the photo is kept")
	a = c.delete(t, inserted.ID)
	require.Equal(t, http.StatusNoContent, a.Status)
	require.Empty(t, a.Body)
	_, err = r.Service.Photo(context.Background(), "acme", uqudo.Gallery, faces[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": zoe}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})

	for _, id := range []string{inserted.ID, uuid.NewString(), "x", "%00", "..%2f"} {
		c.delete(t, id).Refused(t, http.StatusNotFound, "not_found")
	}
}

// Of two people too close to tell the nearest is named.
func TestSeveralPeople(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	photo := text(servertest.Of(t, "ada", 1))
	var first, found struct {
		ID string `json:"oneToNVerificationId"`
	}
	c.post(t, "/one-to-n/insert", m{"idPhoto": photo}).Into(t, http.StatusOK, &first)
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/insert", m{"idPhoto": text(servertest.Of(t, "ada", 2))}).Status)
	a := c.post(t, "/one-to-n/search", m{"idPhoto": photo})
	fields(t, a, m{"oneToNVerificationId": nil, "oneToNVerificationMatch": true})
	a.Into(t, http.StatusOK, &found)
	require.Equal(t, first, found)
}

func TestTenantsAreApart(t *testing.T) {
	r, _ := start(t)
	ours, theirs := newClient(t, r, "acme", all...), newClient(t, r, "rival", all...)
	photo := text(servertest.Of(t, "ada", 1))
	var inserted struct {
		ID string `json:"oneToNVerificationId"`
	}
	ours.post(t, "/one-to-n/insert", m{"idPhoto": photo}).Into(t, http.StatusOK, &inserted)
	theirs.delete(t, inserted.ID).Refused(t, http.StatusNotFound, "not_found")
	fields(t, theirs.post(t, "/one-to-n/search", m{"idPhoto": photo}), m{"oneToNVerificationMatch": false})
	theirs.delete(t, inserted.ID).Refused(t, http.StatusNotFound, "not_found")
	require.Equal(t, http.StatusNoContent, ours.delete(t, inserted.ID).Status)
}

// Searches that insert the same stranger at once insert them once.
func TestFirstUseAtOnce(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	const n = 8
	ids := make(chan string, n)
	for i := range n {
		go func() {
			var a struct {
				ID string `json:"oneToNVerificationId"`
			}
			body, _ := json.Marshal(m{"idPhoto": text(servertest.Of(t, "ada", i+1)), "insert": true})
			req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, r.URL+"/api/v1/face/one-to-n/search", bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+c.token)
			res, err := http.DefaultClient.Do(req)
			if err == nil {
				err = json.NewDecoder(res.Body).Decode(&a)
				_ = res.Body.Close()
			}
			if err != nil {
				a.ID = fmt.Sprint(err)
			}
			ids <- a.ID
		}()
	}
	first := <-ids
	for range n - 1 {
		require.Equal(t, first, <-ids)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestMatch(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	ada, again, zoe := text(servertest.Of(t, "ada", 1)), text(servertest.Of(t, "ada", 2)), text(servertest.Of(t, "zoe", 1))
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": again}), m{"match": true, "matchLevel": 5.0})
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": zoe}), m{"match": false, "matchLevel": 0.0})
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": again, "minimumMatchLevel": 5}), m{"match": true, "matchLevel": 5.0})
	fields(t, c.post(t, "/match", m{"sourceImage": ada, "targetImage": again, "minimumMatchLevel": nil}), m{"match": true, "matchLevel": 5.0})
	for _, level := range []any{0, 6, -1, 2.5, "3"} {
		p := c.post(t, "/match", m{"sourceImage": ada, "targetImage": zoe, "minimumMatchLevel": level}).Refused(t, http.StatusBadRequest, "invalid_request")
		require.Equal(t, "minimumMatchLevel", p.Field)
	}
}

func TestRefusedPhotos(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	padded := func(n int) []byte {
		photo := servertest.Of(t, "ada", 1)
		return append(photo, make([]byte, n-len(photo))...)
	}
	two := servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"})
	for name, q := range map[string]struct {
		photo  any
		status int
		code   string
	}{
		"missing":            {nil, 400, "invalid_request"},
		"empty":              {"", 400, "invalid_request"},
		"not text":           {1, 400, "invalid_request"},
		"bad base64":         {"***", 400, "invalid_request"},
		"no face":            {text(servertest.Photo(t)), 400, "no_face"},
		"several faces":      {text(two), 400, "several_faces"},
		"face too small":     {text(servertest.Photo(t, servertest.Shown{Person: "a", Size: 10})), 400, "face_too_small"},
		"low quality":        {text(servertest.Photo(t, servertest.Shown{Person: "a", Reasons: []string{"dark"}})), 400, "low_quality"},
		"corrupt":            {text(servertest.Scripted(t, servertest.Script{Fail: "corrupt"})), 400, "corrupt_image"},
		"over 5 MB":          {text(padded(5<<20 + 1)), 413, "image_too_large"},
		"too many pixels":    {text(servertest.Scripted(t, servertest.Script{Fail: "too large"})), 413, "image_too_large"},
		"WebP":               {text(servertest.AsWebP(servertest.Of(t, "ada", 1))), 415, "unsupported_media_type"},
		"GIF":                {text([]byte("GIF89a")), 415, "unsupported_media_type"},
		"PDF":                {text([]byte("%PDF-1.7")), 415, "unsupported_media_type"},
		"queue full":         {text(servertest.Scripted(t, servertest.Script{Fail: "busy"})), 503, "busy"},
		"an unknown failure": {text(servertest.Scripted(t, servertest.Script{Fail: "other"})), 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			c.post(t, "/one-to-n/search", m{"idPhoto": q.photo, "insert": true}).Refused(t, q.status, q.code)
			c.post(t, "/one-to-n/insert", m{"idPhoto": q.photo}).Refused(t, q.status, q.code)
			if q.code == "low_quality" {
				return // a gate is a gallery's, and no gallery takes part in a match
			}
			c.post(t, "/match", m{"sourceImage": text(servertest.Of(t, "ada", 1)), "targetImage": q.photo}).Refused(t, q.status, q.code)
			c.post(t, "/match", m{"targetImage": text(servertest.Of(t, "ada", 1)), "sourceImage": q.photo}).Refused(t, q.status, q.code)
		})
	}
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/search", m{"idPhoto": text(padded(5 << 20))}).Status, "5 MB are allowed")
	subjects, err := r.Service.Subjects(context.Background(), "acme", uqudo.Gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subjects, "nothing was inserted")
	c.post(t, "/one-to-n/search", m{"idPhoto": text(two), "photo": ""}).Refused(t, http.StatusBadRequest, "invalid_request")
	r.Do(t, c.token, "POST", "/api/v1/face/one-to-n/search", "text/plain", []byte("{}")).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
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
	for _, text := range []string{c.secret, c.token, c.token[:20], photo[6:30], "marker-person", "marker-id", "marker-secret", string(tokenKey)} {
		require.NotContains(t, log, text)
	}
}
