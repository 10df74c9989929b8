package server_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"oneton/server"
)

// TestSourceOf: who sends what headers does not decide whose a request is, but for
// proxies that are trusted.
func TestSourceOf(t *testing.T) {
	source := server.API{
		Prefixes: []string{"/source"},
		Routes: func(r fiber.Router) {
			r.Get("/source", func(c *fiber.Ctx) error {
				network, certain := server.SourceOf(c)
				return c.SendString(fmt.Sprint(network, " ", certain))
			})
		},
		Description: server.Description{Path: "/openapi/source.yaml"},
	}
	for trusted, cases := range map[string]map[string]string{
		"": {
			"":                                  "127.0.0.1/32 true",
			"X-Forwarded-For: 192.0.2.1":        "127.0.0.1/32 false",
			"Forwarded: for=192.0.2.1":          "127.0.0.1/32 false",
			"Via: 1.1 proxy":                    "127.0.0.1/32 false",
			"X-Real-IP: 192.0.2.1":              "127.0.0.1/32 false",
			"X-Forwarded-For: 127.0.0.1":        "127.0.0.1/32 false",
			"X-Forwarded-Proto: https\nAge: 12": "127.0.0.1/32 true",
		},
		"127.0.0.0/8,10.0.0.7,2001:db8::/48": {
			"":                                      "127.0.0.1/32 false",
			"X-Forwarded-For: 192.0.2.1":            "192.0.2.1/32 true",
			"X-Forwarded-For: 192.0.2.1, 192.0.2.2": "192.0.2.2/32 true",
			"X-Forwarded-For: 192.0.2.1\nX-Forwarded-For: 192.0.2.2, 10.0.0.7":     "192.0.2.2/32 true",
			"X-Forwarded-For: 192.0.2.1, 10.0.0.7,127.0.0.9":                       "192.0.2.1/32 true",
			"X-Forwarded-For: 192.0.2.1, 10.0.0.8":                                 "10.0.0.8/32 true",
			"X-Forwarded-For: 192.0.2.1, unknown":                                  "127.0.0.1/32 false",
			"X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.7":                        "10.0.0.7/32 false",
			"X-Forwarded-For: 10.0.0.7":                                            "10.0.0.7/32 false",
			"X-Forwarded-For: ::ffff:192.0.2.1":                                    "192.0.2.1/32 true",
			"X-Forwarded-For: 192.0.2.1:4711":                                      "192.0.2.1/32 true",
			"X-Forwarded-For: 2001:db8:1:2:3::4, 2001:db8::9":                      "2001:db8:1:2::/64 true",
			"X-Forwarded-For: [2001:db8:1:2:3::4]:80":                              "2001:db8:1:2::/64 true",
			"X-Forwarded-For: [2001:db8:1:2:3::4]":                                 "2001:db8:1:2::/64 true",
			"Forwarded: for=192.0.2.1":                                             "127.0.0.1/32 false",
			"X-Forwarded-For: " + strings.Repeat("192.0.2.1, ", 500) + "192.0.2.2": "192.0.2.2/32 true",
		},
	} {
		cfg := server.DefaultConfig()
		if trusted != "" {
			cfg.TrustedProxies = strings.Split(trusted, ",")
		}
		s, err := server.New(cfg, server.Health{}, zerolog.Nop(), source)
		require.NoError(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		var serving errgroup.Group
		serving.Go(func() error { return s.Serve(ln) })
		for headers, want := range cases {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+"/source", nil)
			require.NoError(t, err)
			for line := range strings.Lines(headers) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				req.Header.Add(name, value)
			}
			answer, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			got := make([]byte, 100)
			n, _ := answer.Body.Read(got)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, want, string(got[:n]), "%q trusted, %s", trusted, headers)
		}
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, s.Shutdown(t.Context()))
		require.NoError(t, serving.Wait())
	}
}
