package facenition_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/facenition"
	"oneton/server/servertest"
)

// statuses are those that clients of the dialect know.
var statuses = []int{400, 401, 403, 404, 409, 410, 429, 502}

// raw sends bytes as they are and reads one answer.
func (r rig) raw(t *testing.T, text string) servertest.Answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return servertest.Answer{Status: res.StatusCode, Header: res.Header, Body: body}
}

// Bodies that are not what they say are refused in the dialect's own shape, with and
// without a client token in the header, and nothing comes of them.
func TestMalformedBodies(t *testing.T) {
	r := start(t)
	c := r.client(t)
	photo := string(ada(t, 1))
	image := base64.StdEncoding.EncodeToString(ada(t, 1))
	const form = "multipart/form-data; boundary=b"
	part := func(name, content string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n"
	}
	token := part("auth_token", c.token)
	for name, q := range map[string]struct{ contentType, body string }{
		"no boundary":             {"multipart/form-data", token + part("image", photo) + "--b--\r\n"},
		"empty boundary":          {"multipart/form-data; boundary=", token + part("image", photo) + "--b--\r\n"},
		"another boundary":        {"multipart/form-data; boundary=c", token + part("image", photo) + "--b--\r\n"},
		"two boundaries":          {"multipart/form-data; boundary=b; boundary=c", token + "--b--\r\n"},
		"no end":                  {form, token + part("image", photo)},
		"cut in a header":         {form, token + "--b\r\nContent-Disposition: form-data; na"},
		"no name":                 {form, token + "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + part("image", photo) + "--b--\r\n"},
		"no disposition":          {form, token + "--b\r\n\r\n" + photo + "\r\n--b--\r\n"},
		"attachment":              {form, token + "--b\r\nContent-Disposition: attachment; name=\"image\"\r\n\r\n" + photo + "\r\n--b--\r\n"},
		"many parts":              {form, token + strings.Repeat(part("image", photo), 70) + "--b--\r\n"},
		"many empty parts":        {form, strings.Repeat(part("x", ""), 70) + token + "--b--\r\n"},
		"a long text":             {form, token + part("secret", strings.Repeat("s", 70<<10)) + part("image", photo) + "--b--\r\n"},
		"a long header":           {form, token + "--b\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n\r\n--b--\r\n"},
		"client token twice":      {form, token + token + part("image", photo) + "--b--\r\n"},
		"two client tokens":       {form, token + part("auth_token", "ot_x") + part("image", photo) + "--b--\r\n"},
		"accuracy twice":          {form, token + part("accuracy", "1") + part("accuracy", "8") + part("image", photo) + "--b--\r\n"},
		"accuracy as a list":      {form, token + part("accuracy", "[1]") + part("image", photo) + "--b--\r\n"},
		"token and alias":         {form, token + part("token", "a") + part("identity_token", "b") + part("image", photo) + "--b--\r\n"},
		"NUL in a secret":         {form, token + part("secret", "a\x00b") + part("image", photo) + "--b--\r\n"},
		"latin 1":                 {form, token + part("context", "caf\xe9") + part("image", photo) + "--b--\r\n"},
		"an empty image":          {form, token + part("image", "") + "--b--\r\n"},
		"no JSON":                 {"application/json", "{"},
		"a list":                  {"application/json", `[{"auth_token":"` + c.token + `"}]`},
		"JSON twice":              {"application/json", `{"auth_token":"` + c.token + `"}{"image":"` + image + `"}`},
		"deep":                    {"application/json", `{"auth_token":"` + c.token + `","image":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`},
		"deep and open":           {"application/json", `{"auth_token":"` + c.token + `","image":` + strings.Repeat(`{"a":`, 100_000)},
		"many fields":             {"application/json", `{` + manyFields(100_000) + `"auth_token":"` + c.token + `"}`},
		"many images":             {"application/json", `{"auth_token":"` + c.token + `","image":[` + strings.Repeat(`"AA==",`, 100_000) + `"AA=="]}`},
		"client token twice, too": {"application/json", `{"auth_token":"` + c.token + `","auth_token":"` + c.token + `","image":"` + image + `"}`},
		"one escaped":             {"application/json", `{"auth\u005ftoken":"ot_x","auth_token":"` + c.token + `","image":"` + image + `"}`},
		"half a surrogate":        {"application/json", `{"auth_token":"` + c.token + `","context":"\ud800","image":"` + image + `"}`},
		"no UTF-8":                {"application/json", "{\"auth_token\":\"" + c.token + "\",\"context\":\"\xff\",\"image\":\"" + image + "\"}"},
		"UTF-16":                  {"application/json; charset=utf-16", "\xfe\xff\x00{\x00}"},
		"a huge number":           {"application/json", `{"auth_token":"` + c.token + `","image":"` + image + `","accuracy":1e999999999}`},
		"a nested token":          {"application/json", `{"auth_token":{"auth_token":"` + c.token + `"},"image":"` + image + `"}`},
		"urlencoded":              {"application/x-www-form-urlencoded", "auth_token=" + c.token + "&image=" + image},
		"many pairs":              {"application/x-www-form-urlencoded", strings.Repeat("a=b&", 500_000)},
		"XML":                     {"application/xml", "<auth_token>" + c.token + "</auth_token>"},
		"an image":                {"image/jpeg", photo},
		"a malformed type":        {"application/json; charset", `{"auth_token":"` + c.token + `"}`},
		"nothing":                 {"", ""},
		"text without a type":     {"", "auth_token=" + c.token},
	} {
		t.Run(name, func(t *testing.T) {
			for _, from := range []client{c, {r.URL, ""}} {
				for _, path := range []string{"/generate", "/authenticate", "/match", "/rotate", "/v2/revoke", "/token", "/v2/new-credentials", "/v2/generateToken"} {
					if path == "/token" && from == c && q.body == "" {
						continue // which asks whether it is valid
					}
					a := from.send(t, path, q.contentType, []byte(q.body))
					require.Contains(t, []int{400, 401}, a.Status, "%s: %s", path, a.Body)
					refused(t, a, a.Status, codeOf(t, a))
				}
			}
		})
	}
	require.Equal(t, http.StatusBadRequest, c.send(t, "/generate", "application/json", []byte(`{}`), "Content-Encoding: gzip").Status)
	require.True(t, c.given(t, "/token", m{}).Valid)
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"f%d":0,`, i)
	}
	return b.String()
}

func codeOf(t *testing.T, a servertest.Answer) string {
	t.Helper()
	var r struct{ Code string }
	a.Into(t, a.Status, &r)
	return r.Code
}

// A client token in the query is none, and neither is any other field of it.
func TestNothingIsReadFromTheQuery(t *testing.T) {
	r := start(t)
	c := r.client(t)
	refused(t, client{r.URL, ""}.form(t, "/generate?auth_token="+c.token, "image", ada(t, 1)), http.StatusUnauthorized, "unauthorized")
	refused(t, client{r.URL, ""}.json(t, "/v1/new-credentials?X-API-Version=2", m{"email": email, "phone": phone}), http.StatusNotFound, "not_found")
	refused(t, c.form(t, "/match?image1=AA==", "image", ada(t, 1)), http.StatusBadRequest, "invalid_request")
	require.NotContains(t, r.Log.String(), c.token)
}

// Whatever a head says, it is understood as it stands or refused: no version or
// token is taken from where a proxy would not look.
func TestSmuggledHeaders(t *testing.T) {
	r := start(t)
	c := r.client(t)
	const v2 = `{"email":"ada@example.org","phone":"+41791234567","ticket":"x"}` // which version 1 does not take
	post := func(path, headers, body string) servertest.Answer {
		return r.raw(t, fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s", at, path, len(body), headers, body))
	}
	require.Equal(t, http.StatusForbidden, post("/generateToken", "X-API-Version: 2\r\n", v2).Status)
	require.Equal(t, http.StatusForbidden, post("/generateToken", "x-api-version:2\r\n", v2).Status)
	for _, headers := range []string{
		"X_API_Version: 2\r\n", "X-API-Version\r\n: 2\r\n", "X-API-Version : 2\r\n", "X-API-Version: 2\r\nX-API-Version: 1\r\n", "X-API-Version: 1\r\nx-api-version: 2\r\n",
		"X-API-Version: 2, 1\r\n", "X-API-Version: \r\n", "X-API-Version: 2;1\r\n", "X-API-Version: 1\r\n 2\r\n", "X-API-Version: \x002\r\n", "X-API-Version: \"2\"\r\n",
		"X-API-Version: ２\r\n", "Connection: X-API-Version\r\nX-API-Version: 3\r\n",
	} {
		a := post("/generateToken", headers, v2)
		require.Equal(t, http.StatusBadRequest, a.Status, "%q: %s", headers, a.Body)
	}
	// A trailer comes when all is decided.
	a := r.raw(t, "POST "+at+"/generateToken HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-API-Version\r\n\r\n"+
		fmt.Sprintf("%x\r\n%s\r\n0\r\nX-API-Version: 2\r\n\r\n", len(v2), v2))
	require.Equal(t, http.StatusBadRequest, a.Status, "%s", a.Body)
	for _, path := range []string{"/%76%32/generateToken", "/v1/../v2/generateToken", "//v2/generateToken", "/v2%2fgenerateToken", "/v2;/generateToken", "/./v2/generateToken"} {
		a := post(path, "", `{"email":"ada@example.org","phone":"+41791234567"}`)
		require.Contains(t, []int{400, 403, 404}, a.Status, "%s: %s", path, a.Body)
	}
	for _, headers := range []string{"X-Auth-Token: " + c.token + "\r\nX-Auth-Token: " + c.token + "\r\n", "X-Auth-Token: " + c.token + ", x\r\n", "X_Auth_Token: " + c.token + "\r\n", "Cookie: X-Auth-Token=" + c.token + "\r\n"} {
		a := post("/revoke", headers, `{"token":"x"}`)
		require.Contains(t, []int{400, 401}, a.Status, "%q: %s", headers, a.Body)
		require.NotContains(t, string(a.Body), "malformed_token")
	}
	require.Contains(t, string(post("/revoke", "X-Auth-Token: "+c.token+"\r\n", `{"token":"x"}`).Body), "malformed_token")
}

// What must be read before it is known who asks is bounded, for one and for all; a
// client token in the header is checked before a byte of the body.
func TestBodiesOfStrangers(t *testing.T) {
	r := startOn(t, servertest.Options{Config: func(cfg *server.Config) { cfg.PeerConcurrency = 8 }}, facenition.Config{Prefix: at})
	c := r.client(t)
	large := make([]byte, server.StrangerBody+1)
	require.Contains(t, refused(t, client{r.URL, ""}.form(t, "/generate", "auth_token", c.token, "image", large), http.StatusBadRequest, "body_too_large"), "X-Auth-Token")
	padded := append(ada(t, 1), large...)
	require.NotEmpty(t, c.identity(t, "image", padded), "with the header it may be larger")
	a := r.raw(t, "POST "+at+"/generate HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ot_x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
	require.Equal(t, http.StatusUnauthorized, a.Status)
	a = r.raw(t, "POST "+at+"/generate HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n")
	require.Equal(t, http.StatusBadRequest, a.Status)

	// Those that keep their bodies back take nobody's place.
	for range 40 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "POST "+at+"/generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{")
		require.NoError(t, err)
	}
	time.Sleep(200 * time.Millisecond) // their heads have been read
	require.NotEmpty(t, c.identity(t, "image", ada(t, 1)))
}

// Nothing that comes in shakes the shape of what goes out.
func FuzzRequests(f *testing.F) {
	r := start(f)
	c := r.client(f)
	f.Add("/generate", "application/json", "2", `{"image":"AAAA","auth_token":"x"}`)
	f.Add("/v2/token", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=\"rotate\"\r\n\r\nfalse\r\n--b--\r\n")
	f.Add("/revoke", "application/x-www-form-urlencoded", "1", "token=oti_AAAA")
	f.Fuzz(func(t *testing.T, path, contentType, version, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+at, strings.NewReader(body))
		require.NoError(t, err)
		req.URL.Path = at + path
		req.Header = http.Header{"Content-Type": {contentType}, "X-Auth-Token": {c.token}}
		if version != "" {
			req.Header.Set("X-API-Version", version)
		}
		if !strings.HasPrefix(path, "/") || !clean(contentType) || !clean(version) {
			return
		}
		a := ask(t, req)
		if a.Status != http.StatusOK {
			require.True(t, slices.Contains(statuses, a.Status), "%d: %s", a.Status, a.Body)
			refused(t, a, a.Status, codeOf(t, a))
		}
	})
}

// clean tells whether a client of Go's would send a header.
func clean(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}
