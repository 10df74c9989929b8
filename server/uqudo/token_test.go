package uqudo_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/config"
	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
)

// keySet reads the published keys, by another library.
func keySet(t *testing.T, r *servertest.Rig, path string) *jose.JSONWebKeySet {
	t.Helper()
	a := r.Do(t, "", "GET", path, "", nil)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Equal(t, "public, max-age=300", a.Header.Get("Cache-Control"))
	var set jose.JSONWebKeySet
	a.Into(t, http.StatusOK, &set)
	return &set
}

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

	// It is a JWS that another library verifies by the published keys.
	header, _, _ := strings.Cut(token.AccessToken, ".")
	head, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(t, err)
	require.Regexp(t, `^\{"kid":"[0-9a-f]{32}","alg":"RS256"\}$`, string(head))
	j, err := jose.ParseSignedCompact(token.AccessToken, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	text, err := j.Verify(keySet(t, r, "/api/.well-known/jwks.json"))
	require.NoError(t, err)
	var claims m
	require.NoError(t, json.Unmarshal(text, &claims))
	now := float64(time.Now().Unix())
	require.InDelta(t, now, claims["iat"], 5)
	require.Equal(t, claims["iat"], claims["nbf"])
	iat, ok := claims["iat"].(float64)
	require.True(t, ok)
	scope := []any{}
	for _, s := range all {
		scope = append(scope, s)
	}
	require.Equal(t, m{
		"aud": "oneton/uqudo", "client_id": c.id, "exp": iat + 1800, "iat": iat, "iss": "oneton", "jti": token.JTI, "nbf": iat,
		"scope": scope, "sub": c.id, "tenant": "acme",
	}, claims)
	require.NotContains(t, token.AccessToken, c.secret)

	whole := c.credentials()
	whole.Set("client_secret", access.Text(store.KeyID(c.id), c.secret))
	require.Equal(t, http.StatusOK, form(t, r, whole).Status, "the whole key is a secret, too")
	whole.Set("extra", "ignored")
	require.Equal(t, http.StatusOK, form(t, r, whole).Status)

	some := newClient(t, r, "acme", uqudo.ScopeSearch, "galleries")
	var got m
	form(t, r, some.credentials()).Into(t, http.StatusOK, &got)
	require.Equal(t, uqudo.ScopeSearch, got["scope"])
	form(t, r, newClient(t, r, "acme", access.All).credentials()).Into(t, http.StatusOK, &got)
	require.Equal(t, strings.Join(all, " "), got["scope"])
}

// A token has the scopes that were asked for, of those of the client, and allows no
// more.
func TestScopesOfTokens(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", uqudo.ScopeMatch, uqudo.ScopeSearch, uqudo.ScopeInsert)
	for asked, want := range map[string]string{
		"":                                "face:match face:search face:insert",
		"face:search":                     "face:search",
		"face:search face:match":          "face:match face:search",
		"face:search face:search":         "face:search",
		"openid profile":                  "face:match face:search face:insert",
		"openid face:match":               "face:match",
		"face:delete face:match":          "face:match",
		"KYC_FACE_SEARCH_SDK":             "face:search face:insert",
		"KYC_FACE_FLOW face:match":        "face:match",
		"*":                               "face:match face:search face:insert",
		"  face:insert   KYC_DOCUMENT  x": "face:insert",
	} {
		values := c.credentials()
		values.Set("scope", asked)
		var got m
		form(t, r, values).Into(t, http.StatusOK, &got)
		require.Equal(t, want, got["scope"], asked)
	}
	for _, asked := range []string{"face:delete", "KYC_FACE_FLOW", "face:session face:delete"} {
		values := c.credentials()
		values.Set("scope", asked)
		refusedForm(t, form(t, r, values), http.StatusBadRequest, "invalid_scope")
	}
	values := c.credentials()
	values.Set("scope", "face:match")
	var narrow struct {
		AccessToken string `json:"access_token"`
	}
	form(t, r, values).Into(t, http.StatusOK, &narrow)
	require.Equal(t, http.StatusOK, calls(t)["match"].send(t, r, narrow.AccessToken).Status)
	refused(t, calls(t)["search"].send(t, r, narrow.AccessToken), http.StatusForbidden, "FORBIDDEN")
}

// The original's names of scopes stand for ours where a client is made.
func TestAliasesOfScopes(t *testing.T) {
	r, _ := start(t)
	for name, want := range map[string]string{"KYC_FACE_FLOW": "face:session", "KYC_FACE_SEARCH_SDK": "face:search face:insert"} {
		c := newClient(t, r, "acme", name)
		var got m
		form(t, r, c.credentials()).Into(t, http.StatusOK, &got)
		require.Equal(t, want, got["scope"])
		keys, err := r.Access.List(t.Context(), "acme")
		require.NoError(t, err)
		for _, k := range keys {
			require.NotContains(t, k.Scopes, name)
		}
	}
}

// refusedForm holds that a request for a token was refused as RFC 6749 has it.
func refusedForm(t *testing.T, a servertest.Answer, status int, code string) (says string) {
	t.Helper()
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	a.Into(t, status, &e)
	require.Equal(t, code, e.Error, "%s", a.Body)
	require.NotEmpty(t, e.Description)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, status == http.StatusUnauthorized, strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic realm="))
	return e.Description
}

func TestRefusedTokens(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	other := newClient(t, r, "acme", all...)
	with := func(name, value string) url.Values { v := c.credentials(); v.Set(name, value); return v }
	without := func(name string) url.Values { v := c.credentials(); v.Del(name); return v }
	twice := func(name, value string) url.Values { v := c.credentials(); v.Add(name, value); return v }
	scopes := with("scope", "face:match")
	scopes.Add("scope", "face:search")
	for name, q := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"wrong secret":          {with("client_secret", other.secret), 401, "invalid_client"},
		"secret cut short":      {with("client_secret", c.secret[1:]), 401, "invalid_client"},
		"unknown client":        {with("client_id", strings.Repeat("0", 16)), 401, "invalid_client"},
		"client of nonsense":    {with("client_id", "_"), 401, "invalid_client"},
		"another's whole key":   {with("client_secret", access.Text(store.KeyID(other.id), other.secret)), 401, "invalid_client"},
		"no grant type":         {without("grant_type"), 400, "invalid_request"},
		"no id":                 {without("client_id"), 400, "invalid_request"},
		"no secret":             {without("client_secret"), 400, "invalid_request"},
		"empty secret":          {with("client_secret", ""), 400, "invalid_request"},
		"another grant type":    {with("grant_type", "password"), 400, "unsupported_grant_type"},
		"client id given twice": {twice("client_id", c.id), 400, "invalid_request"},
		"scope given twice":     {scopes, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) { refusedForm(t, form(t, r, q.form), q.status, q.code) })
	}
	for name, contentType := range map[string]string{"JSON": "application/json", "none": ""} {
		t.Run(name, func(t *testing.T) {
			refusedForm(t, r.Do(t, "", "POST", "/api/oauth/token", contentType, []byte(c.credentials().Encode())), http.StatusBadRequest, "invalid_request")
		})
	}
	refused(t, r.Do(t, "", "POST", "/api/oauth/token", "application/x-www-form-urlencoded", []byte(strings.Repeat("x", 5000))), http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE")
}

// basic is a header of HTTP Basic: id and secret encoded as in a form.
func basic(id, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

func TestBasicAuthentication(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	whole := access.Text(store.KeyID(c.id), c.secret)
	send := func(body string, headers ...string) servertest.Answer {
		return r.Do(t, "", "POST", "/api/oauth/token", "application/x-www-form-urlencoded", []byte(body), headers...)
	}
	const grant = "grant_type=client_credentials"
	for name, a := range map[string]servertest.Answer{
		"Basic":                       send(grant, basic(c.id, c.secret)),
		"the whole key":               send(grant, basic(c.id, whole)),
		"a scheme in small letters":   send(grant, strings.Replace(basic(c.id, c.secret), "Basic", "basic", 1)),
		"every character encoded":     send(grant, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("%"+hexOf(c.id)+":%"+hexOf(c.secret)))),
		"the id in the body, too":     send(grant+"&client_id="+c.id, basic(c.id, c.secret)),
		"an old token in the header":  send(c.credentials().Encode(), "Authorization: Bearer "+c.token),
		"scope and parameters beside": send(grant+"&scope=face:match&audience=x", basic(c.id, c.secret)),
	} {
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", name, a.Body)
	}
	for name, q := range map[string]struct {
		a      servertest.Answer
		status int
		code   string
	}{
		"a wrong secret":         {send(grant, basic(c.id, "x")), 401, "invalid_client"},
		"an unknown client":      {send(grant, basic("nobody", c.secret)), 401, "invalid_client"},
		"two ways":               {send(c.credentials().Encode(), basic(c.id, c.secret)), 400, "invalid_request"},
		"two ids":                {send(grant+"&client_id=other", basic(c.id, c.secret)), 400, "invalid_request"},
		"no base64":              {send(grant, "Authorization: Basic ***"), 400, "invalid_request"},
		"no colon":               {send(grant, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(c.id))), 400, "invalid_request"},
		"a broken encoding":      {send(grant, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("%zz:x"))), 400, "invalid_request"},
		"no secret":              {send(grant, basic(c.id, "")), 400, "invalid_request"},
		"no grant type":          {send("scope=x", basic(c.id, c.secret)), 400, "invalid_request"},
		"no body":                {send("", basic(c.id, c.secret)), 400, "invalid_request"},
		"a secret that has NULs": {send(grant, basic(c.id, "\x00")), 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) { refusedForm(t, q.a, q.status, q.code) })
	}
}

// hexOf percent-encodes every character, but for the first percent sign.
func hexOf(text string) string {
	var parts []string
	for _, b := range []byte(text) {
		parts = append(parts, string("0123456789ABCDEF"[b>>4])+string("0123456789ABCDEF"[b&15]))
	}
	return strings.Join(parts, "%")
}

// Credentials in a URL are refused, though right, unless the operator allows them.
func TestCredentialsInTheQuery(t *testing.T) {
	const path, media = "/api/oauth/token?", "application/x-www-form-urlencoded"
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	query := c.credentials().Encode()
	for _, a := range []servertest.Answer{
		r.Do(t, "", "POST", path+query, media, nil),
		r.Do(t, "", "POST", path+query, "", nil),
		r.Do(t, "", "POST", path+"client_secret=x", media, []byte(query)),
		r.Do(t, "", "POST", path+"client_id="+c.id, media, []byte(query)),
		r.Do(t, "", "POST", path+"client_id="+c.id, media, []byte("grant_type=client_credentials"), basic(c.id, c.secret)),
	} {
		require.Contains(t, refusedForm(t, a, http.StatusBadRequest, "invalid_request"), "query")
	}
	refusedForm(t, r.Do(t, "", "POST", path+"grant_type=client_credentials", media, []byte("client_id=x&client_secret=y")), http.StatusBadRequest, "invalid_request")
	require.Equal(t, http.StatusOK, r.Do(t, "", "POST", path+"tracking=1", media, []byte(query)).Status)

	r, _ = startOn(t, servertest.Options{}, func(cfg *config.Config) { cfg.Uqudo.AllowQueryCredentials = true })
	c = newClient(t, r, "acme", all...)
	query = c.credentials().Encode()
	for _, a := range []servertest.Answer{
		r.Do(t, "", "POST", path+query, media, nil),
		r.Do(t, "", "POST", path+query, "", nil),
		r.Do(t, "", "POST", path+"client_id="+c.id, media, []byte("grant_type=client_credentials&client_secret="+c.secret)),
		r.Do(t, "", "POST", path+"grant_type=client_credentials", "", nil, basic(c.id, c.secret)),
	} {
		require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	}
	refusedForm(t, r.Do(t, "", "POST", path+query, media, []byte(query)), http.StatusBadRequest, "invalid_request")
	require.NotContains(t, r.Log.String(), c.secret)
}

// The calls are where a client's two base URLs lead, with the prefix and without.
func TestBaseURLs(t *testing.T) {
	r, _ := startOn(t, servertest.Options{}, func(cfg *config.Config) { cfg.Uqudo.Prefix = "/face/uqudo" })
	c := newClient(t, r, "acme", all...)
	for _, base := range []string{"", "/face/uqudo"} {
		for _, api := range []string{"", "/api"} {
			var got struct {
				AccessToken string `json:"access_token"`
			}
			r.Do(t, "", "POST", base+api+"/oauth/token", "application/x-www-form-urlencoded", []byte(c.credentials().Encode())).Into(t, http.StatusOK, &got)
			require.NotEmpty(t, keySet(t, r, base+api+"/.well-known/jwks.json").Keys)
			require.Equal(t, http.StatusOK, r.JSON(t, got.AccessToken, "POST", base+"/api/v1/face/match", calls(t)["match"].body).Status)
		}
		refused(t, r.Do(t, c.token, "GET", base+"/api/v1/face/nothing", "", nil), http.StatusNotFound, "NOT_FOUND")
	}
	require.Contains(t, string(r.Do(t, "", "GET", "/openapi/uqudo.yaml", "", nil).Body), "\n  - url: /face/uqudo\n")
	r, _ = startOn(t, servertest.Options{}, func(cfg *config.Config) { cfg.Uqudo.Prefix = "" })
	require.Equal(t, http.StatusNotFound, r.Do(t, "", "GET", "/uqudo/.well-known/jwks.json", "", nil).Status)
	require.NotContains(t, string(r.Do(t, "", "GET", "/openapi/uqudo.yaml", "", nil).Body), "\n  - url: /uqudo\n")
}

func TestEveryCallNeedsAToken(t *testing.T) {
	r, clock := start(t)
	c := newClient(t, r, "acme", all...)
	other := newClient(t, r, "rival", all...)
	now := time.Now().Unix()
	good := func() m {
		return m{
			"aud": "oneton/uqudo", "client_id": c.id, "exp": now + 1800, "iat": now, "iss": "oneton", "jti": uuid.NewString(), "nbf": now,
			"scope": all, "sub": c.id, "tenant": "acme",
		}
	}
	// signed are claims that the server's own keys have signed.
	signed := func(change func(m)) string {
		claims := good()
		change(claims)
		text, err := r.Node.Signatures.Sign(t.Context(), claims)
		require.NoError(t, err)
		return text
	}
	with := func(name string, v any) string { return signed(func(c m) { c[name] = v }) }
	without := func(name string) string { return signed(func(c m) { delete(c, name) }) }
	parts := strings.Split(c.token, ".")
	encoded := base64.RawURLEncoding.EncodeToString
	// hs256 are claims signed as tokens once were, under a key that is public.
	hs256 := func(key []byte) string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
		require.NoError(t, err)
		text, err := json.Marshal(m{"iss": "oneton", "aud": "oneton/uqudo", "sub": c.id, "iat": now, "exp": now + 1200})
		require.NoError(t, err)
		j, err := s.Sign(text)
		require.NoError(t, err)
		compact, err := j.CompactSerialize()
		require.NoError(t, err)
		return compact
	}
	public, err := x509.MarshalPKIXPublicKey(keySet(t, r, "/.well-known/jwks.json").Keys[0].Key)
	require.NoError(t, err)
	tokens := map[string]string{
		"none":                       "",
		"nonsense":                   "x.y.z",
		"the key itself":             access.Text(store.KeyID(c.id), c.secret),
		"the secret":                 c.secret,
		"another signature":          parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"no signature":               parts[0] + "." + parts[1] + ".",
		"alg none":                   encoded([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"HS256, as tokens once were": hs256([]byte("a token key of thirty-two bytes!")),
		"HS256 with the public key":  hs256(public),
		"another audience":           with("aud", c.id),
		"a list of audiences":        with("aud", []string{"oneton/uqudo"}),
		"no audience":                without("aud"),
		"another issuer":             with("iss", "https://evil.example"),
		"no issuer":                  without("iss"),
		"expired":                    signed(func(c m) { c["iat"], c["nbf"], c["exp"] = now-1801, now-1801, now-1 }),
		"valid for longer":           with("exp", now+1801),
		"no time of issue":           without("iat"),
		"another client's":           with("client_id", other.id),
		"another tenant's":           with("tenant", "rival"),
		"no tenant":                  without("tenant"),
		"an unknown client":          signed(func(c m) { c["sub"], c["client_id"] = "nobody", "nobody" }),
		"no client":                  signed(func(c m) { delete(c, "sub"); delete(c, "client_id") }),
		"a result":                   signed(func(c m) { c["aud"], c["data"] = c["client_id"], m{"face": m{"match": true}} }),
		"a result with an audience":  signed(func(c m) { c["data"] = m{"face": m{"match": true}} }),
		"scopes in one text":         with("scope", strings.Join(all, " ")),
		"four parts":                 c.token + ".x",
		"thousands of parts":         strings.Repeat(".", 9000),
		"a huge token":               c.token + strings.Repeat("A", 9000),
	}
	for name, q := range calls(t) {
		for what, token := range tokens {
			t.Run(name+" with "+what, func(t *testing.T) {
				a := q.send(t, r, token)
				refused(t, a, http.StatusUnauthorized, "UNAUTHORIZED")
				want := `Bearer error="invalid_token"`
				if token == "" {
					want = "Bearer"
				}
				require.Equal(t, want, a.Header.Get("WWW-Authenticate"))
			})
		}
	}
	search := calls(t)["search"]
	require.Equal(t, http.StatusOK, search.send(t, r, signed(func(m) {})).Status, "the forgeries are off by one thing")
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	refused(t, search.send(t, r, with("scope", []string{})), http.StatusForbidden, "FORBIDDEN")
	clock.ahead.Store(int64(29 * time.Minute))
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	clock.ahead.Store(int64(30 * time.Minute))
	refused(t, search.send(t, r, c.token), http.StatusUnauthorized, "UNAUTHORIZED")

	// A token is no key of the native API.
	clock.ahead.Store(0)
	r.Do(t, c.token, "GET", "/v1/galleries", "", nil).Refused(t, http.StatusUnauthorized, "unauthorized")
}

// Tokens outlive the key that signed them by as long as they are valid, and not the
// key's revocation.
func TestTokensAcrossRotation(t *testing.T) {
	r, clock := start(t)
	c := newClient(t, r, "acme", all...)
	search := calls(t)["search"]
	_, err := r.Node.Signatures.Rotate(t.Context(), true)
	require.NoError(t, err)
	again := newClient(t, r, "acme", all...)
	require.NotEqual(t, c.token[:60], again.token[:60], "another key signs")
	require.Len(t, keySet(t, r, "/.well-known/jwks.json").Keys, 2)
	clock.ahead.Store(int64(29 * time.Minute))
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	require.Equal(t, http.StatusOK, search.send(t, r, again.token).Status)
	keys, err := r.Node.Signatures.List(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.Node.Signatures.Revoke(t.Context(), keys[0].ID))
	refused(t, search.send(t, r, c.token), http.StatusUnauthorized, "UNAUTHORIZED")
	require.Equal(t, http.StatusOK, search.send(t, r, again.token).Status)
}

func TestRevokedClientsTokensStopAtOnce(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	require.Equal(t, http.StatusOK, calls(t)["search"].send(t, r, c.token).Status)
	require.NoError(t, r.Access.Revoke(context.Background(), store.Actor{Tenant: "acme"}, store.KeyID(c.id)))
	for _, q := range calls(t) {
		refused(t, q.send(t, r, c.token), http.StatusUnauthorized, "UNAUTHORIZED")
	}
	refusedForm(t, form(t, r, c.credentials()), http.StatusUnauthorized, "invalid_client")
	gone := newClient(t, r, "rival", all...)
	require.NoError(t, r.Access.DeleteTenant(t.Context(), "rival"))
	refused(t, calls(t)["search"].send(t, r, gone.token), http.StatusUnauthorized, "UNAUTHORIZED")
}

// Tenants with a quota are told when to come again; others never are.
func TestQuotas(t *testing.T) {
	r, _ := startOn(t, servertest.Options{}, func(cfg *config.Config) {
		cfg.Uqudo.Limited, cfg.Limits.Requests = []string{"metered"}, 4
	})
	free, metered := newClient(t, r, "acme", all...), newClient(t, r, "metered", all...)
	search := calls(t)["search"]
	for range 6 {
		require.Equal(t, http.StatusOK, search.send(t, r, free.token).Status)
	}
	for range 3 { // the token was the first
		require.Equal(t, http.StatusOK, search.send(t, r, metered.token).Status)
	}
	a := search.send(t, r, metered.token)
	refused(t, a, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
	require.Regexp(t, `^[1-9]\d?$`, a.Header.Get("Retry-After"))
	a = form(t, r, metered.credentials())
	refused(t, a, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, search.send(t, r, free.token).Status)
}
