package twoface_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/native"
	"oneton/server/servertest"
	"oneton/server/twoface"
	"oneton/setting"
)

// The description that is served is valid, is named by GET /, has every call that is
// served and no other, and says where they are and what they want.
func TestDescription(t *testing.T) {
	for base, cfg := range map[string]twoface.Config{
		"/kyc": {Prefix: "/kyc"}, "//faces.example.org": {Host: "faces.example.org"}, "//faces.example.org/v1/2face": {Host: "faces.example.org", Prefix: at},
	} {
		r := startOn(t, servertest.Options{}, func(c *twoface.Config) { c.Host, c.Prefix = cfg.Host, cfg.Prefix })
		var root struct{ Descriptions []string }
		r.Do(t, "", "GET", "/", "", nil).Into(t, http.StatusOK, &root)
		require.Equal(t, []string{"/openapi.yaml", "/openapi/twoface.yaml"}, root.Descriptions)
		a := r.Do(t, "", "GET", root.Descriptions[1], "", nil)
		require.Equal(t, http.StatusOK, a.Status)
		doc, err := openapi3.NewLoader().LoadFromData(a.Body)
		require.NoError(t, err)
		require.NoError(t, doc.Validate(t.Context()))
		require.Len(t, doc.Servers, 1)
		require.Equal(t, base, doc.Servers[0].URL)
		var described []string
		for path, item := range doc.Paths.Map() {
			for method := range item.Operations() {
				described = append(described, method+" "+regexp.MustCompile(`\{(\w+)\}`).ReplaceAllString(path, ":$1"))
			}
		}
		require.ElementsMatch(t, twoface.Calls(), described)
	}
}

// At a host of its own every path is the dialect's, and there alone.
func TestAtItsHost(t *testing.T) {
	r := startOn(t, servertest.Options{}, func(c *twoface.Config) { c.Host = "faces.example.org" })
	to := func(host, path string) servertest.Answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+path, nil)
		require.NoError(t, err)
		req.Host = host
		return ask(t, req).Answer // not by the native API's description
	}
	require.Equal(t, http.StatusForbidden, to("faces.example.org", "/session").Status)
	require.Equal(t, http.StatusNotFound, to("faces.example.org", "/v1/detect").Status)
	require.Equal(t, http.StatusNotFound, to("faces.example.org", "/v1/2face/session").Status)
	require.Equal(t, http.StatusNotFound, to("other.example.org", "/session").Status)
}

// A place that gets in another API's way is refused at the start.
func TestPlacesInTheWay(t *testing.T) {
	serve := func(cfg twoface.Config) error {
		_, err := server.New(server.DefaultConfig(), server.Health{}, zerolog.Nop(), native.New(native.Rooms{}), twoface.New(cfg, nil, 3, nil, nil, nil))
		return err
	}
	for _, prefix := range []string{"/v1", "/v1/galleries", "/livez", "/openapi"} {
		require.ErrorIs(t, serve(twoface.Config{Prefix: prefix}), server.ErrAPI, prefix)
	}
	for _, cfg := range []twoface.Config{{Prefix: at}, {Prefix: "/2face"}, {Host: "faces"}, {Host: "faces", Prefix: "/v1"}} {
		require.NoError(t, serve(cfg), cfg)
	}
}

// What can be set is checked.
func TestSettings(t *testing.T) {
	for name, wrong := range map[string]func(*twoface.Config){
		"a host with a port":   func(c *twoface.Config) { c.Host = "faces:80" },
		"a prefix's end":       func(c *twoface.Config) { c.Prefix = "/2face/" },
		"no wait":              func(c *twoface.Config) { c.Wait = 0 },
		"links without an end": func(c *twoface.Config) { c.LinkTime = 0 },
		"a URL with a slash":   func(c *twoface.Config) { c.URL = "https://faces/" },
		"a URL with a query":   func(c *twoface.Config) { c.URL = "https://faces?x" },
		"a URL with a secret":  func(c *twoface.Config) { c.URL = "https://user:pass@faces" },
		"no URL":               func(c *twoface.Config) { c.URL = "faces.example.org" },
	} {
		cfg := twoface.DefaultConfig()
		require.NoError(t, check(&cfg))
		wrong(&cfg)
		require.Error(t, check(&cfg), name)
	}
}

func check(cfg *twoface.Config) error { return setting.Check(cfg.Settings()) }
