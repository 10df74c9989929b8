package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
	"oneton/server/servertest/counter"
)

// An API with errors, keys, headers and limits of its own is served beside the
// others, and nothing of theirs shows in it.
func TestAPIOfAnotherMake(t *testing.T) {
	c := startOn(t, servertest.Options{
		Config: func(cfg *server.Config) { cfg.Origins = []string{app} },
		Scopes: counter.Scopes(),
		APIs:   func(r *servertest.Rig) []server.API { return []server.API{counter.New(r.Access, 3)} },
	})
	ask := func(method, path, token, body string, headers ...string) servertest.Answer {
		t.Helper()
		if token != "" {
			headers = append(headers, counter.Token+": "+token)
		}
		return c.Do(t, "", method, counter.Prefix+path, "application/json", []byte(body), headers...)
	}
	refused := func(a servertest.Answer, status int, says string) {
		t.Helper()
		require.Equal(t, status, a.Status, "%s", a.Body)
		require.Equal(t, "application/json", a.Header.Get("Content-Type"))
		var e struct {
			OK    *bool
			Error string
		}
		require.NoError(t, json.Unmarshal(a.Body, &e))
		require.False(t, *e.OK)
		require.Contains(t, e.Error, says)
		require.Empty(t, a.Header.Get("WWW-Authenticate"))
		require.NotEmpty(t, a.Header.Get(server.HeaderRequestID))
	}
	key, other := c.Key(t, "acme", counter.Scope), c.Key(t, "acme", "search")
	a := ask("POST", "/count", key, `{"by":2}`)
	require.Equal(t, http.StatusOK, a.Status)
	require.JSONEq(t, `{"ok":true,"left":1}`, string(a.Body))
	refused(ask("POST", "/count", key, `{"by":2}`), http.StatusGone, "nothing is left")
	refused(ask("POST", "/count", key, `{"by":true}`), http.StatusBadRequest, "by must be")
	refused(ask("POST", "/count", other, `{"by":1}`), http.StatusForbidden, "scope")
	refused(ask("POST", "/count", "", `{"by":1}`, "Authorization: Bearer "+key), http.StatusUnauthorized, "key")
	refused(ask("POST", "/count", key, `{"by":1`+strings.Repeat(" ", counter.MaxBody)+`}`), http.StatusRequestEntityTooLarge, "larger")
	refused(ask("POST", "/count", key, `{}`, "Content-Encoding: gzip"), http.StatusUnsupportedMediaType, "compressed")
	refused(ask("GET", "/nothing", "", ""), http.StatusNotFound, "no such route")
	refused(ask("GET", "", "", ""), http.StatusNotFound, "no such route")
	refused(ask("BREW", "/nothing", "", ""), http.StatusNotFound, "no such route")
	for _, method := range []string{"GET", "BREW"} {
		a = ask(method, "/count", key, "")
		refused(a, http.StatusMethodNotAllowed, "method")
		require.Equal(t, "OPTIONS, POST", a.Header.Get("Allow"))
	}
	refused(ask("GET", "/panic", "", ""), http.StatusBadGateway, "request id")
	require.Contains(t, c.Log.String(), "server: panic: counter")
	require.Contains(t, c.Log.String(), `"route":"/v1/counter/count","status":410,`)
	require.Contains(t, c.Log.String(), `"tenant":"acme"`)
	require.Contains(t, c.Log.String(), `"code":"spent"`)

	page := ask("GET", "/page", "", "")
	require.Equal(t, counter.Page, string(page.Body))
	require.Equal(t, "default-src 'none'", page.Header.Get("Content-Security-Policy"))
	require.Equal(t, "nosniff", page.Header.Get("X-Content-Type-Options"))
	head := ask("HEAD", "/page", "", "")
	require.Equal(t, page.Header.Get("Content-Length"), head.Header.Get("Content-Length"))
	require.Empty(t, head.Body)

	preflight := []string{"Origin: " + app, "Access-Control-Request-Method: POST"}
	a = ask("OPTIONS", "/count", "", "", preflight...)
	require.Equal(t, "OPTIONS, POST", a.Header.Get("Access-Control-Allow-Methods"))
	require.Contains(t, a.Header.Get("Access-Control-Allow-Headers"), counter.Token)
	require.Contains(t, ask("GET", "/page", "", "", preflight[0]).Header.Get("Access-Control-Expose-Headers"), counter.Left)
	a = c.Do(t, "", "OPTIONS", "/v1/galleries", "", nil, preflight...)
	require.NotContains(t, a.Header.Get("Access-Control-Allow-Headers"), counter.Token, "another API's headers")

	var root struct{ Descriptions []string }
	c.Do(t, "", "GET", "/", "", nil).Into(t, http.StatusOK, &root)
	require.Equal(t, []string{"/openapi.yaml", "/openapi/counter.yaml"}, root.Descriptions)
	require.Equal(t, "openapi: 3.0.3\n", string(c.Do(t, "", "GET", root.Descriptions[1], "", nil).Body))

	// The others are as they were.
	c.Do(t, "", "GET", "/v1/nothing", "", nil).Refused(t, http.StatusUnauthorized, "unauthorized")
	c.json(t, "GET", "/v1/nothing", nil).Refused(t, http.StatusNotFound, "not_found")
	c.Do(t, key, "GET", "/v1/galleries", "", nil).Refused(t, http.StatusForbidden, "forbidden")
}

// APIs that would get in each other's way are refused at the start.
func TestAPIsInEachOthersWay(t *testing.T) {
	under := func(prefix string, paths ...string) server.API {
		return server.API{
			Prefixes: []string{prefix}, Description: server.Description{Path: "/openapi" + prefix + ".yaml"},
			Routes: func(r fiber.Router) {
				for _, path := range paths {
					r.Get(path, func(c *fiber.Ctx) error { return c.SendString(prefix) })
				}
			},
		}
	}
	at := func(host string, paths ...string) server.API {
		api := under("/"+host, paths...)
		api.Prefixes, api.Host = nil, host
		return api
	}
	described := func(api server.API, path string) server.API {
		api.Description.Path = path
		return api
	}
	for name, c := range map[string]struct {
		apis []server.API
		fits bool
	}{
		"beside each other":      {[]server.API{under("/a", "/a/x"), under("/b", "/b/x")}, true},
		"one in another":         {[]server.API{under("/a", "/a/x"), under("/a/b", "/a/b/x")}, true},
		"the other way round":    {[]server.API{under("/a/b", "/a/b/x"), under("/a", "/a/x")}, true},
		"the same prefix":        {[]server.API{under("/a"), under("/b"), under("/a")}, false},
		"a route of another's":   {[]server.API{under("/a", "/b/x"), under("/b")}, false},
		"a route of nobody's":    {[]server.API{under("/a", "/c")}, false},
		"all paths":              {[]server.API{under("")}, false},
		"the server's own":       {[]server.API{under("/livez")}, false},
		"a prefix without slash": {[]server.API{under("a", "/a")}, false},
		"one description twice":  {[]server.API{described(under("/a"), "/x.yaml"), described(under("/b"), "/x.yaml")}, false},
		"a hidden description":   {[]server.API{described(under("/a"), "/b/x.yaml"), under("/b")}, false},
		"in a parameter's place": {[]server.API{under("/a", "/a/:x/y"), under("/a/b", "/a/b/z")}, false},
		"beyond a parameter":     {[]server.API{under("/a", "/a/:x"), under("/a/b/c", "/a/b/c/z")}, true},
		"a host's own paths":     {[]server.API{under("/a", "/a/x"), at("h", "/a/x", "/", "/livez")}, true},
		"two hosts":              {[]server.API{at("h", "/x"), at("i", "/x")}, true},
		"one host twice":         {[]server.API{at("h", "/x"), described(at("h", "/y"), "/y.yaml")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := server.New(server.DefaultConfig(), server.Health{}, quiet, c.apis...)
			if c.fits {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, server.ErrAPI)
		})
	}
}
