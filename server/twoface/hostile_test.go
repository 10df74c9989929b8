package twoface_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/twoface"
)

// raw sends bytes as they are, and reads one answer.
func raw(t testing.TB, r rig, name, request string) (status int, header http.Header, body string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = io.WriteString(c, request)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err, name)
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(content)
}

// Whatever is sent, the answer is an envelope, and nobody who sends it is let in.
func TestHostileRequests(t *testing.T) {
	r := start(t)
	c := r.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	head := func(line string, headers ...string) string {
		return line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
	}
	agent, session := "User-Agent: x", "X-Tagshelf-Session: "+open.session
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"no User-Agent":                    {head("POST "+at+"/faces/detect", session), 403},
		"a blank User-Agent":               {head("POST "+at+"/faces/detect", session, "User-Agent: \t "), 403},
		"no User-Agent, no such call":      {head("GET " + at + "/x"), 403},
		"no User-Agent, another method":    {head("PUT "+at+"/session", session), 403},
		"no User-Agent, a compressed body": {head("POST "+at+"/session", session, "Content-Encoding: gzip"), 403},
		"no User-Agent, too large a body":  {head("POST "+at+"/faces/detect", session, "Content-Length: 999999999") + "x", 403},
		"no User-Agent, a method of none":  {head("BREW "+at+"/session", session), 403},
		"a session's token twice":          {head("POST "+at+"/session/close", agent, session, session), 403},
		"a key twice":                      {head("POST "+at+"/session", agent, "Authorization: "+open.session, "Authorization: "+open.session), 403},
		"a path that climbs":               {head("GET "+at+"/users/../../../etc/passwd", agent, session), 404},
		"a path that climbs, escaped":      {head("GET "+at+"/users/%2e%2e%2f%2e%2e", agent, session), 403},
		"a NUL in a path":                  {head("GET "+at+"/users/%00", agent, "Authorization: x"), 403},
		"too large a body":                 {head("POST "+at+"/faces/detect", agent, session, "Content-Type: application/json", "Content-Length: 999999999") + "x", 413},
		"chunks that are none":             {head("POST "+at+"/session/close", agent, session, "Content-Type: application/json", "Transfer-Encoding: chunked") + "zz\r\n", 400},
		"a boundary that is none":          {head("POST "+at+"/faces/detect", agent, session, "Content-Type: multipart/form-data", "Content-Length: 2") + "--", 400},
		"a type that is none":              {head("POST "+at+"/faces/detect", agent, session, "Content-Type: ;;;", "Content-Length: 2") + "--", 415},
		"an address of a photo, of none":   {head("GET "+at+"/photos/x?tenant=acme&expires=9999999999&signature=x", agent), 403},
	} {
		status, header, body := raw(t, r, name, c.request)
		require.Equal(t, c.status, status, "%s: %s", name, body)
		require.Equal(t, "application/json", header.Get("Content-Type"), name)
		var e struct {
			Code   int
			Result struct{ Msg string }
		}
		require.NoError(t, json.Unmarshal([]byte(body), &e), "%s: %s", name, body)
		require.Equal(t, status, e.Code, name)
		require.NotEmpty(t, e.Result.Msg, name)
		if strings.Contains(c.request, at+"/faces/") {
			require.Equal(t, "3", header.Get("x-attempt-limit"), name)
			require.NotEmpty(t, header.Get("x-attempt-retries"), name)
		}
	}
	open.form(t, "/session/close", "status", "FAILED").result(t, new(string)) // the session is untouched
}

// Forms of any shape are answered as what they are, cost no attempt, and leave the
// session as it was.
func TestHostileForms(t *testing.T) {
	r := start(t)
	c := r.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	part := func(disposition, content string) string {
		return "--b\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	const end = "--b--\r\n"
	photo := string(selfie(t, "ada"))
	for name, body := range map[string]string{
		"empty":            "",
		"no part":          end,
		"no end":           part(`form-data; name="file"; filename="a"`, photo),
		"no name":          part(`form-data; filename="a"`, photo) + end,
		"no disposition":   "--b\r\n\r\n" + photo + "\r\n" + end,
		"twice":            part(`form-data; name="file"; filename="a"`, photo) + part(`form-data; name="file"; filename="a"`, photo) + end,
		"two names of one": part(`form-data; name="document"; filename="a"`, photo) + part(`form-data; name="faceA"; filename="a"`, photo) + end,
		"many parts":       strings.Repeat(part(`form-data; name="file"`, ""), 100) + end,
		"a long name":      part(`form-data; name="`+strings.Repeat("a", 1<<14)+`"`, "x") + end,
		"a name with NUL":  part("form-data; name=\"fi\x00le\"", photo) + end,
		"a name in UTF-7":  part("form-data; name=\"+AGYAaQBsAGU-\"", photo) + end,
		"a long threshold": part(`form-data; name="threshold"`, strings.Repeat("9", 1<<17)) + end,
		"nested":           "--b\r\nContent-Type: multipart/mixed; boundary=c\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n" + end,
	} {
		a := open.send(t, http.MethodPost, "/faces/detect", "multipart/form-data; boundary=b", []byte(body))
		require.Contains(t, []int{400, 413, 415}, a.Status, "%s: %s", name, a.Body)
		require.Equal(t, "3", a.left(), name)
		require.Less(t, len(a.Body), 1<<10, name)
	}
	for name, body := range map[string]string{
		"a list": `[]`, "null": `null`, "half": `{"file":"`, "another alphabet": `{"file":"%%%%"}`, "a number": `{"file":1}`, "a list of files": `{"file":["a"]}`,
		"a member twice": `{"file":"YQ==","file":"YQ=="}`, "deep": strings.Repeat(`{"file":`, 10_000), "not UTF-8": "{\"file\":\"\xff\"}", "a surrogate": `{"\ud800":1}`,
		"a data URL of none": `{"file":"data:image/jpeg,x"}`, "two": `{}{}`,
	} {
		a := open.send(t, http.MethodPost, "/faces/detect", "application/json", []byte(body))
		require.Equal(t, http.StatusBadRequest, a.Status, "%s: %s", name, a.Body)
		require.Equal(t, "3", a.left(), name)
		require.Less(t, len(a.Body), 1<<10, name)
	}
	large := append([]byte(`{"file":"`), bytes.Repeat([]byte("A"), 30<<20)...)
	a := open.send(t, http.MethodPost, "/faces/detect", "application/json", append(large, `"}`...))
	require.Equal(t, http.StatusRequestEntityTooLarge, a.Status)
	require.Equal(t, "3", a.left())
	// A file of 10 MB, as either of two ways to count has it, is no larger than is taken.
	exact := make([]byte, 10<<20)
	copy(exact, photo)
	open.files(t, "/faces/detect", m{"file": exact}).result(t, new(int))
}

// A name that nobody has is answered as it was sent, and as JSON.
func TestNamesAsTheyWereSent(t *testing.T) {
	r := start(t)
	c := r.backend(t, "acme")
	for sent, told := range map[string]string{
		"%3Cscript%3E": "<script>", "a%26b": "a&b", "%22%5C": `"\`, "caf%C3%A9": "café", "%E2%80%AE": "\u202e", "a%2Fb": "a/b", "%00": "\x00", "%FF": "\ufffd",
		strings.Repeat("a", 3000): strings.Repeat("a", 3000),
	} {
		for _, path := range []string{"/users/", "/users/document/", "/jobs/", "/attempts/"} {
			a := c.get(t, path+sent)
			a.refused(t, http.StatusNotFound, "No entity found by ID: "+told)
		}
		require.Contains(t, r.Log.String(), "/v1/2face/users/:id")
		require.NotContains(t, r.Log.String(), "script")
	}
}

// Every call refuses what it does not take, in the envelope.
func TestEveryCallOfEveryMethod(t *testing.T) {
	r := start(t)
	c := r.backend(t, "acme")
	served := map[string]bool{}
	for _, call := range twoface.Calls() {
		served[call] = true
	}
	for _, call := range twoface.Calls() {
		_, path, _ := strings.Cut(call, " ")
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "CONNECT", "PROPFIND", "x"} {
			if served[method+" "+path] || method == "HEAD" || method == "CONNECT" || path == "/jobs/:id" || path == "/users/:id" {
				continue
			}
			a := c.send(t, method, strings.ReplaceAll(path, ":", "x"), "", nil)
			require.Equal(t, http.StatusMethodNotAllowed, a.Status, fmt.Sprint(method, " ", path))
			require.NotEmpty(t, a.Header.Get("Allow"))
		}
	}
}
