package uqudo_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
)

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
		"another's whole key":   {with("client_secret", access.Text(store.KeyID(other.id), other.secret)), 401, "invalid_client"},
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
	_, err := uqudo.New(uqudo.Config{TokenKeys: [][]byte{tokenKey, tokenKey[1:]}}, r.Service, r.Access)
	require.ErrorIs(t, err, uqudo.ErrTokenKey)
}

// A token is valid as long as the key that signed it is there, and new ones are
// signed by the newest.
func TestTokensOfTwoKeys(t *testing.T) {
	newest, gone := []byte("the newest token key of 32 bytes"), []byte("a token key that was taken away!")
	r, _ := startOn(t, servertest.Options{}, newest, tokenKey)
	c := newClient(t, r, "acme", all...)
	signed := func(key []byte) string {
		text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"iss": "oneton", "aud": "oneton/uqudo", "sub": c.id,
			"iat": time.Now().Unix(), "exp": time.Now().Add(20 * time.Minute).Unix(),
		}).SignedString(key)
		require.NoError(t, err)
		return text
	}
	search := calls(t)["search"]
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	require.Equal(t, http.StatusOK, search.send(t, r, signed(tokenKey)).Status)
	search.send(t, r, signed(gone)).Refused(t, http.StatusUnauthorized, "unauthorized")
	_, err := jwt.Parse(c.token, func(*jwt.Token) (any, error) { return newest, nil })
	require.NoError(t, err, "the newest signs")
	_, err = uqudo.New(uqudo.Config{}, r.Service, r.Access)
	require.ErrorIs(t, err, uqudo.ErrTokenKey)
}

func TestEveryCallNeedsAToken(t *testing.T) {
	r, clock := start(t)
	c := newClient(t, r, "acme", all...)
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{
			"iss": "oneton", "aud": "oneton/uqudo", "sub": c.id,
			"iat": time.Now().Unix(), "exp": time.Now().Add(20 * time.Minute).Unix(),
		}
		change(claims)
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		require.NoError(t, err)
		return text
	}
	headed := func(header m) string {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"iss": "oneton", "aud": "oneton/uqudo", "sub": c.id,
			"iat": time.Now().Unix(), "exp": time.Now().Add(20 * time.Minute).Unix(),
		})
		maps.Copy(token.Header, header)
		text, err := token.SignedString(tokenKey)
		require.NoError(t, err)
		return text
	}
	raw := func(header, payload string) string {
		signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		mac, err := jwt.SigningMethodHS256.Sign(signed, tokenKey)
		require.NoError(t, err)
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac)
	}
	payload := func(rest string) string {
		return fmt.Sprintf(`{"iss":"oneton","aud":"oneton/uqudo","sub":%q,%s}`, c.id, rest)
	}
	const header = `{"alg":"HS256","typ":"JWT"}`
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	claim := func(name string, v any) string {
		return sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c[name] = v })
	}
	same := func(jwt.MapClaims) {}
	parts := strings.Split(c.token, ".")
	tokens := map[string]string{
		"none":                 "",
		"nonsense":             "x.y.z",
		"the key itself":       access.Text(store.KeyID(c.id), c.secret),
		"the secret":           c.secret,
		"another signature":    parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"no signature":         parts[0] + "." + parts[1] + ".",
		"another key":          sign(jwt.SigningMethodHS256, []byte("another key of thirty-two bytes!"), same),
		"another algorithm":    sign(jwt.SigningMethodHS512, tokenKey, same),
		"no algorithm":         sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"another audience":     sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["aud"] = "oneton/twoface" }),
		"no audience":          sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "aud") }),
		"another issuer":       sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["iss"] = "x" }),
		"expired":              sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["exp"] = in(-2 * time.Minute) }),
		"no expiry":            sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "exp") }),
		"issued in the future": sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["iat"], c["exp"] = in(3*time.Minute), in(9*time.Minute) }),
		"not yet valid":        claim("nbf", in(3*time.Minute)),
		"no time of issue":     sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "iat") }),
		"valid for a year":     claim("exp", in(365*24*time.Hour)),
		"valid for too long":   claim("exp", in(32*time.Minute)),
		"expiry of no number":  claim("exp", "tomorrow"),
		"expiry of null":       claim("exp", nil),
		"a huge expiry":        raw(header, payload(`"iat":1,"exp":1e300`)),
		"a number too large":   raw(header, payload(`"iat":1,"exp":1e400`)),
		"a negative expiry":    claim("exp", -1),
		"critical extension":   headed(m{"crit": []string{"exp"}}),
		"unknown critical":     headed(m{"crit": []string{"x"}, "x": true}),
		"empty critical":       headed(m{"crit": []string{}}),
		"unencoded payload":    headed(m{"b64": false, "crit": []string{"b64"}}),
		"a key of its own":     headed(m{"jwk": m{"kty": "oct", "k": "AAAA"}}),
		"a key elsewhere":      headed(m{"jku": "http://127.0.0.1:1/jwks.json"}),
		"another type":         headed(m{"typ": "at+jwt"}),
		"no type":              raw(`{"alg":"HS256"}`, payload(fmt.Sprintf(`"iat":%d,"exp":%d`, in(0), in(time.Minute)))),
		"algorithm named twice": raw(`{"alg":"none","alg":"HS256","typ":"JWT"}`,
			payload(fmt.Sprintf(`"iat":%d,"exp":%d`, in(0), in(time.Minute)))),
		"audience of numbers":  raw(header, fmt.Sprintf(`{"iss":"oneton","aud":[1],"sub":%q,"iat":%d,"exp":%d}`, c.id, in(0), in(time.Minute))),
		"a payload of no JSON": raw(header, "x"),
		"a list for claims":    raw(header, "[]"),
		"four parts":           c.token + ".x",
		"thousands of parts":   strings.Repeat(".", 9000),
		"a huge token":         c.token + strings.Repeat("A", 9000),
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
	for name, token := range map[string]string{
		"a replica's clock is ahead":  sign(jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["iat"] = in(40 * time.Second) }),
		"of nbf, too":                 claim("nbf", in(40*time.Second)),
		"a replica's clock is behind": claim("exp", in(-20*time.Second)),
		"times with fractions":        raw(header, payload(fmt.Sprintf(`"iat":%d.25,"exp":%d.5`, in(-time.Second), in(time.Minute)))),
		"several audiences":           claim("aud", []string{"x", "oneton/uqudo"}),
		"one claim twice, the last":   raw(header, payload(fmt.Sprintf(`"iat":%d,"exp":1,"exp":%d`, in(0), in(time.Minute)))),
	} {
		require.Equal(t, http.StatusOK, search.send(t, r, token).Status, name)
	}
	clock.ahead.Store(int64(29 * time.Minute))
	require.Equal(t, http.StatusOK, search.send(t, r, c.token).Status)
	clock.ahead.Store(int64(32 * time.Minute))
	search.send(t, r, c.token).Refused(t, http.StatusUnauthorized, "unauthorized")

	// A token is no key of the native API.
	clock.ahead.Store(0)
	r.Do(t, c.token, "GET", "/v1/galleries", "", nil).Refused(t, http.StatusUnauthorized, "unauthorized")
}

func TestRevokedClientsTokensStopAtOnce(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	require.Equal(t, http.StatusOK, calls(t)["search"].send(t, r, c.token).Status)
	require.NoError(t, r.Access.Revoke(context.Background(), store.Actor{Tenant: "acme"}, store.KeyID(c.id)))
	for _, q := range calls(t) {
		q.send(t, r, c.token).Refused(t, http.StatusUnauthorized, "unauthorized")
	}
	require.Equal(t, http.StatusUnauthorized, form(t, r, c.credentials()).Status)
}
