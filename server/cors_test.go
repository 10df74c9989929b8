package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

const app = "https://app.example.org"

// Pages of the configured origins may call, see every answer, refusals too,
// and are told so beforehand; they are allowed no credentials of the browser.
func TestConfiguredOrigins(t *testing.T) {
	c := startWith(t, func(cfg *server.Config) { cfg.Origins = []string{app, "http://localhost:3000"} })
	for _, origin := range []string{app, "http://localhost:3000"} {
		a := c.Do(t, "", "OPTIONS", "/v1/galleries/staff/search", "", nil,
			"Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")
		require.Equal(t, http.StatusNoContent, a.Status)
		require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "OPTIONS, POST", a.Header.Get("Access-Control-Allow-Methods"))
		require.Contains(t, a.Header.Get("Access-Control-Allow-Headers"), "Authorization, Content-Type")
		require.Equal(t, "600", a.Header.Get("Access-Control-Max-Age"))

		photo := servertest.Of(t, "ada", 1)
		for _, a := range []servertest.Answer{
			c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "image/jpeg", photo, "Origin: "+origin),
			c.Do(t, "", "POST", "/v1/galleries/staff/search", "image/jpeg", photo, "Origin: "+origin),
			c.Do(t, "", "GET", "/nothing", "", nil, "Origin: "+origin),
			c.Do(t, c.key, "BREW", "/v1/galleries", "", nil, "Origin: "+origin),
			c.Do(t, "", "GET", "/livez", "", nil, "Origin: "+origin),
		} {
			require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "Origin", a.Header.Get("Vary"))
			require.Contains(t, a.Header.Get("Access-Control-Expose-Headers"), server.HeaderPosition)
			require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"))
		}
	}
	for _, origin := range []string{"https://app.example.org:444", "https://app.example.org.evil", "http://app.example.org", "https://APP.example.org", "null", "*", ""} {
		a := c.Do(t, c.key, "GET", "/v1/galleries/staff", "", nil, "Origin: "+origin)
		require.Equal(t, http.StatusOK, a.Status)
		require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"), origin)
		require.Equal(t, "Origin", a.Header.Get("Vary"))
	}
}

// Unless configured, no page of another origin may call.
func TestNoOrigins(t *testing.T) {
	c := start(t)
	a := c.Do(t, "", "OPTIONS", "/v1/galleries", "", nil, "Origin: "+app, "Access-Control-Request-Method: GET")
	for _, a := range []servertest.Answer{a, c.Do(t, c.key, "GET", "/v1/galleries", "", nil, "Origin: "+app)} {
		for name := range a.Header {
			require.NotContains(t, name, "Access-Control")
		}
	}
}
