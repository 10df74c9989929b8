package admin_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/admin"
	"oneton/setting"
)

// serve is a server that answers /metrics, and its URL.
func serve(t *testing.T, cfg admin.Config) string {
	t.Helper()
	s, err := admin.Listen(cfg, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "measured")
	}))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		_, err := net.Dial("tcp", s.Addr().String())
		require.Error(t, err, "the address is not free")
	})
	return "http://" + s.Addr().String()
}

// ask is the status of an answer, and its text.
func ask(t *testing.T, method, url, host string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	if host != "" {
		req.Host = host
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

func TestRoutes(t *testing.T) {
	url := serve(t, admin.Config{Listen: "127.0.0.1:0"})
	status, text := ask(t, http.MethodGet, url+"/metrics", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "measured", text)
	for path, want := range map[string]int{
		"/debug/pprof/heap":                      http.StatusOK,
		"/debug/pprof/goroutine?debug=1":         http.StatusOK,
		"/debug/pprof/profile?seconds=1":         http.StatusOK,
		"/debug/pprof/profile?seconds=61":        http.StatusBadRequest,
		"/debug/pprof/heap?seconds=100000":       http.StatusBadRequest,
		"/debug/pprof/heap?seconds=-1":           http.StatusBadRequest,
		"/debug/pprof/profile?seconds=x":         http.StatusBadRequest,
		"/debug/pprof/cmdline":                   http.StatusNotFound,
		"/debug/pprof/trace?seconds=1":           http.StatusNotFound,
		"/debug/pprof/":                          http.StatusNotFound,
		"/":                                      http.StatusNotFound,
		"/v1/galleries":                          http.StatusNotFound,
		"/readyz":                                http.StatusNotFound,
		"/debug/pprof/heap?seconds=1&seconds=99": http.StatusOK, // the first counts
	} {
		status, text := ask(t, http.MethodGet, url+path, "")
		require.Equal(t, want, status, "%s: %s", path, text)
	}
	status, _ = ask(t, http.MethodPost, url+"/metrics", "")
	require.Equal(t, http.StatusMethodNotAllowed, status)
}

// A page whose name was made to lead here, or that a browser shows beside, learns
// nothing.
func TestGuard(t *testing.T) {
	url := serve(t, admin.Config{Listen: "127.0.0.1:0", Hosts: []string{"oneton.internal"}})
	for host, want := range map[string]int{
		"":                      http.StatusOK,
		"localhost":             http.StatusOK,
		"localhost:9464":        http.StatusOK,
		"LOCALHOST.":            http.StatusOK,
		"127.0.0.1":             http.StatusOK,
		"[::1]:9464":            http.StatusOK,
		"10.0.0.7:1":            http.StatusOK,
		"oneton.internal":       http.StatusOK,
		"oneton.internal:80":    http.StatusOK,
		"evil.example":          http.StatusMisdirectedRequest,
		"evil.example:9464":     http.StatusMisdirectedRequest,
		"127.0.0.1.nip.io":      http.StatusMisdirectedRequest,
		"localhost.evil.test":   http.StatusMisdirectedRequest,
		"x.oneton.internal":     http.StatusMisdirectedRequest,
		"oneton.internal.evil":  http.StatusMisdirectedRequest,
		"0x7f.1":                http.StatusMisdirectedRequest,
		"2130706433":            http.StatusMisdirectedRequest,
		"localhost@evil.test":   http.StatusMisdirectedRequest,
		"evil.test:@localhost":  http.StatusMisdirectedRequest,
		"oneton.internal:80:80": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/metrics", "/debug/pprof/heap"} {
			status, text := ask(t, http.MethodGet, url+path, host)
			if status == http.StatusBadRequest && want != http.StatusOK {
				continue // no host at all to net/http
			}
			require.Equal(t, want, status, "%s %q", path, host)
			if want != http.StatusOK {
				require.NotContains(t, text, "measured")
			}
		}
	}
	for header, want := range map[string]int{
		"Origin: https://evil.example":  http.StatusForbidden,
		"Origin: null":                  http.StatusForbidden,
		"Sec-Fetch-Site: cross-site":    http.StatusForbidden,
		"Sec-Fetch-Site: same-site":     http.StatusForbidden,
		"Sec-Fetch-Site: none":          http.StatusOK,
		"Sec-Fetch-Site: same-origin":   http.StatusOK,
		"User-Agent: Prometheus/2.42.0": http.StatusOK,
	} {
		status, _ := ask(t, http.MethodGet, url+"/metrics", "", header)
		require.Equal(t, want, status, header)
	}
}

// What others than this machine reach is opened only where the operator says so.
func TestPublicAddresses(t *testing.T) {
	for address, open := range map[string]bool{
		"127.0.0.1:0": true, "127.5.5.5:0": true, "localhost:0": true, "[::1]:0": true, "[::ffff:127.0.0.1]:0": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "10.0.0.7:0": false, "192.168.1.1:0": false, "example.org:0": false,
		"metrics:0": false, "[::ffff:10.0.0.7]:0": false, "[fe80::1]:0": false,
	} {
		cfg := admin.Config{Listen: address}
		refused := setting.Check(cfg.Settings())
		if open {
			require.NoError(t, cfg.Check(), address)
			require.NoError(t, refused, address)
			continue
		}
		require.ErrorIs(t, cfg.Check(), admin.ErrPublic, address)
		require.ErrorContains(t, refused, "admin.listen is "+address, address)
		require.ErrorContains(t, refused, "admin.public", address)
		_, err := admin.Listen(cfg, http.NotFoundHandler())
		require.ErrorIs(t, err, admin.ErrPublic, address)
		cfg.Public = true
		require.NoError(t, cfg.Check(), address)
		require.NoError(t, setting.Check(cfg.Settings()), address)
	}
	require.NoError(t, admin.Config{}.Check())
	require.False(t, admin.Config{}.On())
	for _, hosts := range [][]string{{""}, {"Oneton"}, {"*"}, {"oneton:80"}, {"a/b"}, {"a b"}} {
		cfg := admin.Config{Hosts: hosts}
		require.ErrorContains(t, setting.Check(cfg.Settings()), "admin.hosts", hosts)
	}
}

func TestTakenAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	_, err = admin.Listen(admin.Config{Listen: ln.Addr().String()}, http.NotFoundHandler())
	require.ErrorContains(t, err, "listen for the operator")
}
