package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// No method is answered but as a problem that says which there are, and none
// unseen.
func TestMethodsThatARouteDoesNotTake(t *testing.T) {
	c := start(t)
	for _, method := range []string{"BREW", "PROPFIND", "get", "M-SEARCH", "PUT", "TRACE", "PATCH", strings.Repeat("X", 5000)} {
		a := c.Do(t, c.key, method, "/v1/galleries", "", nil, "X-Request-Id: odd")
		a.Refused(t, http.StatusMethodNotAllowed, "method_not_allowed")
		require.Equal(t, "GET, HEAD, OPTIONS, POST", a.Header.Get("Allow"), method)
		c.Do(t, c.key, method, "/nothing", "", nil).Refused(t, http.StatusNotFound, "not_found")
	}
	require.Equal(t, 8, strings.Count(c.Log.String(), `"request_id":"odd"`))
	require.Contains(t, c.Log.String(), `"method":"BREW"`)
	require.NotContains(t, c.Log.String(), "XXXXX")
	a := c.Do(t, "", "POST", "/livez", "", nil)
	a.Refused(t, http.StatusMethodNotAllowed, "method_not_allowed")
	require.Equal(t, "GET, HEAD, OPTIONS", a.Header.Get("Allow"))
}

// OPTIONS tells a path's methods to anyone, as the API's description does.
func TestOptions(t *testing.T) {
	c := start(t)
	for path, want := range map[string]string{
		"/livez":                       "GET, HEAD, OPTIONS",
		"/v1/galleries":                "GET, HEAD, OPTIONS, POST",
		"/v1/galleries/staff":          "DELETE, GET, HEAD, OPTIONS, PATCH",
		"/v1/galleries/any/search":     "OPTIONS, POST",
		"/v1/galleries/a%2Fb/subjects": "GET, HEAD, OPTIONS, POST",
	} {
		a := c.Do(t, "", "OPTIONS", path, "", nil)
		require.Equal(t, http.StatusNoContent, a.Status)
		require.Equal(t, want, a.Header.Get("Allow"))
		require.Empty(t, a.Body)
	}
	c.Do(t, "", "OPTIONS", "/nothing", "", nil).Refused(t, http.StatusNotFound, "not_found")
}

// HEAD is answered as GET is, less the body.
func TestHead(t *testing.T) {
	c := start(t)
	require.Equal(t, http.StatusCreated, c.json(t, "POST", "/v1/galleries", m{"name": "album", "policy": m{"keep_photos": true}}).Status)
	var e enrolment
	c.raw(t, "/v1/galleries/album/subjects?id=ada", servertest.Of(t, "ada", 1)).Into(t, http.StatusCreated, &e)
	for _, path := range []string{
		"/livez", "/readyz", "/openapi.yaml", "/v1/galleries", "/v1/galleries/staff", "/v1/galleries/none",
		"/v1/galleries/album/subjects", "/v1/galleries/album/subjects/ada", "/nothing",
		"/v1/galleries/album/subjects/ada/faces/" + e.Faces[0].ID + "/photo",
	} {
		get := c.Do(t, c.key, "GET", path, "", nil, "X-Request-Id: r")
		head := c.Do(t, c.key, "HEAD", path, "", nil, "X-Request-Id: r")
		require.Equal(t, get.Status, head.Status, path)
		require.Empty(t, head.Body)
		for _, name := range []string{"Content-Length", "Content-Type", "X-Request-Id", "Cache-Control"} {
			require.Equal(t, get.Header.Get(name), head.Header.Get(name), path)
		}
	}
}

// What HTTP allows is understood: requests in a row, in absolute form, of the
// older version.
func TestOddRequests(t *testing.T) {
	c := start(t)
	for name, q := range map[string]struct {
		text    string
		answers []int
	}{
		"in a row":             {strings.Repeat("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 3), []int{200, 200, 200}},
		"in absolute form":     {"GET http://example.org/livez HTTP/1.1\r\nHost: example.org\r\n\r\n", []int{200}},
		"HTTP/1.0":             {"GET /livez HTTP/1.0\r\n\r\n", []int{200}},
		"options of all":       {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", []int{204}},
		"many small headers":   {"GET /livez HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("a:\r\n", 3000) + "\r\n", []int{200}},
		"upgrade, not done":    {"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", []int{200}},
		"two hosts":            {"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", []int{400}},
		"space before a colon": {"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello", []int{400}},
		"obfuscated chunks":    {"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", []int{400}},
		"connect":              {"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", []int{404}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial(t)
			_, err := io.WriteString(conn, q.text)
			require.NoError(t, err)
			r := bufio.NewReader(conn)
			for _, want := range q.answers {
				res, err := http.ReadResponse(r, nil)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, want, res.StatusCode, fmt.Sprint(res.Header))
			}
		})
	}
}
