package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/server"
	"oneton/server/servertest"
)

// A client that asks before it sends its body is told to go on once a handler
// wants the body, and otherwise gets the refusal that it would get in the end.
func TestExpectations(t *testing.T) {
	c := start(t)
	photo := servertest.Of(t, "ada", 1)
	key := "Authorization: Bearer " + c.key + "\r\n"
	for name, q := range map[string]struct {
		head   string
		status int
		body   []byte
	}{
		"a photo":          {"POST /v1/detect HTTP/1.1\r\n" + key + "Content-Type: image/jpeg\r\n", 100, photo},
		"without a key":    {"POST /v1/detect HTTP/1.1\r\n", 401, photo},
		"unknown route":    {"POST /nothing HTTP/1.1\r\n", 404, photo},
		"another method":   {"PATCH /v1/detect HTTP/1.1\r\n" + key, 405, photo},
		"unknown method":   {"BREW /v1/detect HTTP/1.1\r\n" + key, 405, photo},
		"compressed":       {"POST /v1/detect HTTP/1.1\r\n" + key + "Content-Encoding: gzip\r\n", 415, photo},
		"too large":        {"POST /v1/galleries HTTP/1.1\r\n" + key + "Content-Type: application/json\r\n", 413, make([]byte, 1<<20)},
		"nothing to send":  {"GET /v1/galleries/staff HTTP/1.1\r\n" + key, 200, nil},
		"not to be wanted": {"DELETE /v1/galleries/none HTTP/1.1\r\n" + key, 404, photo},
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial(t)
			_, err := fmt.Fprintf(conn, "%sHost: x\r\nExpect: 100-continue\r\nX-Request-Id: %s\r\nContent-Length: %d\r\n\r\n",
				q.head, strings.ReplaceAll(name, " ", "-"), len(q.body))
			require.NoError(t, err)
			r := bufio.NewReader(conn)
			res, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, q.status, res.StatusCode)
			if q.status == http.StatusContinue {
				_, err = conn.Write(q.body)
				require.NoError(t, err)
				res, err = http.ReadResponse(r, nil)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, http.StatusOK, res.StatusCode)
			}
			require.Equal(t, 1, strings.Count(c.Log.String(), `"request_id":"`+strings.ReplaceAll(name, " ", "-")+`"`))
		})
	}
}

// What is left of a body is never taken for the next request, and a small one
// does not end the connection.
func TestUnreadBodies(t *testing.T) {
	c := start(t)
	const next = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, q := range map[string]struct {
		head, body string
		answers    []int
	}{
		"small":     {fmt.Sprintf("Content-Length: %d\r\n", len(next)), next, []int{404, 200}},
		"chunked":   {"Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n", len(next)) + next + "\r\n0\r\n\r\n", []int{404, 200}},
		"large":     {"Content-Length: 1048576\r\n", strings.Repeat(next, 1<<20/len(next)+1)[:1<<20], []int{404}},
		"cut short": {"Content-Length: 1000\r\n", next, []int{404}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial(t)
			_, err := io.WriteString(conn, "POST /nothing HTTP/1.1\r\nHost: x\r\n"+q.head+"\r\n"+q.body)
			require.NoError(t, err)
			_, _ = io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			r := bufio.NewReader(conn)
			var answers []int
			for {
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					break
				}
				_, err = io.Copy(io.Discard, res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				answers = append(answers, res.StatusCode)
			}
			require.Equal(t, q.answers, answers)
		})
	}
}

// However requests follow each other, whatever their bodies and whether these
// are read, each is answered in its turn, and nothing else is.
func TestRequestsInARow(t *testing.T) {
	c := start(t)
	photo := servertest.Of(t, "ada", 1)
	kinds := []struct {
		line, header string
		status       int
	}{
		{"POST /v1/detect", "Authorization: Bearer " + c.key + "\r\nContent-Type: image/jpeg\r\n", 422}, // a photo with something after its end
		{"POST /v1/detect", "", 401},
		{"POST /nothing", "", 404},
		{"BREW /livez", "", 405},
		{"GET /livez", "", 200},
		{"OPTIONS /livez", "", 204},
		{"GET /v1/galleries/staff", "Authorization: Bearer " + c.key + "\r\n", 200},
	}
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var want []int
		for range rapid.IntRange(1, 8).Draw(t, "requests") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			body := string(photo) + strings.Repeat("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", rapid.IntRange(1, 50).Draw(t, "more"))
			fmt.Fprintf(&text, "%s HTTP/1.1\r\nHost: x\r\n%s", kind.line, kind.header)
			if rapid.Bool().Draw(t, "chunked") {
				text.WriteString("Transfer-Encoding: chunked\r\n\r\n")
				for len(body) > 0 {
					n := rapid.IntRange(1, len(body)).Draw(t, "chunk")
					fmt.Fprintf(&text, "%x%s\r\n%s\r\n", n, rapid.SampledFrom([]string{"", ";a=b", ";" + strings.Repeat("x", 5000)}).Draw(t, "extension"), body[:n])
					body = body[n:]
				}
				text.WriteString("0\r\n" + rapid.SampledFrom([]string{"", "X-Check: x\r\n"}).Draw(t, "trailer") + "\r\n")
			} else {
				fmt.Fprintf(&text, "Content-Length: %d\r\n\r\n%s", len(body), body)
			}
			want = append(want, kind.status)
		}
		text.WriteString("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		want = append(want, 200)
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.URL, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		go io.WriteString(conn, text.String()) //nolint:errcheck // what is missing is seen below
		r := bufio.NewReader(conn)
		for _, status := range want {
			res, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, status, res.StatusCode)
		}
		_, err = r.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
}

// However a body is cut, it is read as it was sent.
func TestBodiesInPieces(t *testing.T) {
	c := start(t)
	photo := append(servertest.Of(t, "ada", 1), make([]byte, 200_000)...)
	for _, size := range []int{1, 7, 4096, 32 << 10, 1 << 20} {
		for _, chunked := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d chunked=%v", size, chunked), func(t *testing.T) {
				body := photo
				if size == 1 {
					body = photo[:2000]
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/v1/detect", &pieces{body, size})
				require.NoError(t, err)
				if !chunked {
					req.ContentLength = int64(len(body))
				}
				req.Header.Set("Content-Type", "image/jpeg")
				req.Header.Set("Authorization", "Bearer "+c.key)
				req.Header.Set("X-Request-Id", fmt.Sprintf("piece-%d-%v", size, chunked))
				require.Equal(t, http.StatusOK, c.Send(t, req, body).Status)
				require.Regexp(t, fmt.Sprintf(`"request_id":"piece-%d-%v".*"received":%d,`, size, chunked, len(body)), c.Log.String())
			})
		}
	}
}

type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

// All bodies together are bounded, and each tenant has its half.
func TestMemoryForBodies(t *testing.T) {
	c := startWith(t, func(cfg *server.Config) { cfg.BodyLimit, cfg.BodyMemory = 1<<20, 2<<20 })
	rival := c.Key(t, "rival", "*")
	photo := append(servertest.Of(t, "ada", 1), make([]byte, 600<<10)...)
	slow := append(servertest.Scripted(t, servertest.Script{Hold: patience}), make([]byte, 600<<10)...)
	conn := c.dial(t)
	c.post(t, conn, slow)
	require.Eventually(t, func() bool { return c.Working() == 1 }, patience, time.Millisecond)
	c.raw(t, "/v1/detect", photo).Refused(t, http.StatusServiceUnavailable, "busy")
	require.Equal(t, http.StatusOK, c.Do(t, rival, "POST", "/v1/detect", "image/jpeg", photo).Status)
	require.Equal(t, http.StatusOK, c.raw(t, "/v1/detect", servertest.Of(t, "ada", 1)).Status, "a small one")
	require.NoError(t, conn.Close())
	require.Eventually(t, func() bool { return c.raw(t, "/v1/detect", photo).Status == http.StatusOK }, patience, time.Millisecond)
	for range 5 {
		require.Equal(t, http.StatusOK, c.raw(t, "/v1/detect", photo).Status)
		c.Do(t, "", "POST", "/v1/detect", "image/jpeg", photo).Refused(t, http.StatusUnauthorized, "unauthorized")
		c.raw(t, "/v1/detect", bytes.Repeat(photo, 2)).Refused(t, http.StatusRequestEntityTooLarge, "body_too_large")
	}
}
