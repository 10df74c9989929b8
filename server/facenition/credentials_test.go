package facenition_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/credential"
)

type given struct {
	OK        bool
	AuthToken string `json:"auth_token"`
	Ticket    string
	Valid     bool
	ExpiresAt string `json:"expires_at"`
}

func (c client) given(t testing.TB, path string, body m, headers ...string) (g given) {
	t.Helper()
	c.json(t, path, body, headers...).Into(t, http.StatusOK, &g)
	require.True(t, g.OK)
	return g
}

// A pair of addresses gets codes, a ticket, and a token that can be asked of,
// replaced and ended; with it, its identity tokens are those of the same account.
func TestVerifiedPair(t *testing.T) {
	stores(t, func(t *testing.T, r rig) {
		nobody := client{r.URL, ""}
		pair := m{"email": email, "phone": phone}
		with := func(more m) m {
			all := m{"email": email, "phone": phone}
			maps.Copy(all, more)
			return all
		}
		refused(t, nobody.json(t, "/v2/generateToken", pair), http.StatusForbidden, "not_verified")
		nobody.given(t, "/v2/new-credentials", with(m{"auth_token": "ended"}))
		byEmail, byPhone := r.post.codes(email, phone)
		refused(t, nobody.json(t, "/v2/authenticate-credentials", with(m{"email_code": "000000", "phone_code": byPhone})), http.StatusUnauthorized, "wrong_codes")
		refused(t, nobody.json(t, "/v2/generateToken", pair), http.StatusForbidden, "not_verified")
		ticket := nobody.given(t, "/v2/authenticate-credentials", with(m{"auth_token": "ended", "email_code": byEmail, "phone_code": byPhone})).Ticket
		refused(t, nobody.json(t, "/v2/authenticate-credentials", with(m{"email_code": byEmail, "phone_code": byPhone})), http.StatusGone, "codes_ended")
		require.NotEmpty(t, ticket)
		refused(t, nobody.json(t, "/v1/generateToken", with(m{"ticket": ticket})), http.StatusBadRequest, "invalid_request")
		refused(t, nobody.json(t, "/v2/generateToken", with(m{"ticket": "x"})), http.StatusForbidden, "not_verified")
		refused(t, nobody.json(t, "/v2/generateToken", pair, "X-Forwarded-For: 192.0.2.7"), http.StatusForbidden, "not_verified")
		token := nobody.given(t, "/v2/generateToken", with(m{"auth_token": "ended"}))
		require.NotEmpty(t, token.ExpiresAt)
		refused(t, nobody.json(t, "/v2/generateToken", with(m{"ticket": ticket})), http.StatusForbidden, "not_verified")

		c := client{r.URL, token.AuthToken}
		identity := c.identity(t, "image", ada(t, 1))
		told := c.given(t, "/token", m{})
		require.True(t, told.Valid)
		require.Equal(t, token.ExpiresAt, told.ExpiresAt)
		require.Equal(t, told, nobody.given(t, "/v2/token", m{"auth_token": token.AuthToken}))
		refused(t, c.json(t, "/token", m{"rotate": true, "revoke": true}), http.StatusBadRequest, "invalid_request")
		next := client{r.URL, nobody.given(t, "/token", m{"auth_token": token.AuthToken, "rotate": true}).AuthToken}
		require.NotEqual(t, token.AuthToken, next.token)
		require.Equal(t, given{OK: true}, c.given(t, "/token", m{}), "it is not valid any more")
		refused(t, c.json(t, "/token", m{"rotate": true}), http.StatusUnauthorized, "unauthorized")
		refused(t, c.form(t, "/generate", "image", ada(t, 1)), http.StatusUnauthorized, "unauthorized")
		require.True(t, next.compare(t, "/authenticate", "token", identity, "image", ada(t, 2)).Match)
		require.Equal(t, given{OK: true}, next.given(t, "/v2/token", m{"revoke": true}))
		refused(t, next.json(t, "/token", m{"revoke": true}), http.StatusUnauthorized, "unauthorized")
		refused(t, next.form(t, "/authenticate", "token", identity, "image", ada(t, 2)), http.StatusUnauthorized, "unauthorized")
		refused(t, nobody.json(t, "/token", m{}), http.StatusUnauthorized, "unauthorized")

		key := client{r.URL, r.Key(t, "acme", "*")}
		refused(t, key.json(t, "/token", m{"revoke": true}), http.StatusForbidden, "not_issued")
		require.True(t, key.given(t, "/token", m{}).Valid)
	})
}

// What a pair that nobody verified gets is never what a verified pair has.
func TestUnverifiedPairsAreApart(t *testing.T) {
	r := start(t)
	first, second := r.client(t), r.client(t)
	token := first.identity(t, "image", ada(t, 1))
	refused(t, second.form(t, "/authenticate", "token", token, "image", ada(t, 1)), http.StatusForbidden, "wrong_token")
}

func TestRefusedAddresses(t *testing.T) {
	r := start(t)
	nobody := client{r.URL, ""}
	for _, path := range []string{"/v2/new-credentials", "/v1/generateToken"} {
		for field, pair := range map[string]m{
			"email": {"email": "ada", "phone": phone},
			"phone": {"email": email, "phone": "12"},
		} {
			require.Contains(t, refused(t, nobody.json(t, path, pair), http.StatusBadRequest, "invalid_request"), field+": "+field)
		}
		require.Contains(t, refused(t, nobody.json(t, path, m{"email": email}), http.StatusBadRequest, "invalid_request"), "phone: phone is required")
		require.Contains(t, refused(t, nobody.json(t, path, m{"email": email, "phone": phone, "name": "x"}), http.StatusBadRequest, "invalid_request"), "name is not a field")
	}
}

// Codes are sent anew only after a while, and a failure to send is told.
func TestLimitedAndFailedCodes(t *testing.T) {
	r := start(t)
	nobody := client{r.URL, ""}
	nobody.given(t, "/v2/new-credentials", m{"email": email, "phone": phone})
	a := nobody.json(t, "/v2/new-credentials", m{"email": email, "phone": phone})
	refused(t, a, http.StatusTooManyRequests, "limited")
	require.Regexp(t, `^[1-9][0-9]*$`, a.Header.Get("Retry-After"))
	r.post.failed = credential.ErrDelivery
	refused(t, nobody.json(t, "/v2/new-credentials", m{"email": "bob@example.org", "phone": "+41791234568"}), http.StatusBadGateway, "delivery_failed")
}
