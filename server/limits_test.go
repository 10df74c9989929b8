package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

const huge = 100 << 20

func startWith(t *testing.T, change func(*server.Config)) caller {
	t.Helper()
	r := servertest.Start(t, servertest.Options{Config: change})
	c := caller{r, r.Key(t, "acme", "*")}
	require.Equal(t, http.StatusCreated, c.json(t, "POST", "/v1/galleries", m{"name": "staff"}).Status)
	return c
}

// zeros is a body of n bytes that no one holds in memory.
func zeros(n int64) io.Reader { return io.LimitReader(forever{}, n) }

type forever struct{}

func (forever) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A body that will not be read is refused before it is, however it is sent,
// and is not held. Who asks and for what comes first.
func TestHugeBodies(t *testing.T) {
	c := start(t)
	for name, q := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"declared":        {func(r *http.Request) { r.ContentLength = huge }, 413, "body_too_large"},
		"chunked":         {func(*http.Request) {}, 413, "body_too_large"},
		"asking first":    {func(r *http.Request) { r.ContentLength = huge; r.Header.Set("Expect", "100-continue") }, 413, "body_too_large"},
		"closing at once": {func(r *http.Request) { r.ContentLength = huge; r.Close = true }, 413, "body_too_large"},
		"without a photo": {func(r *http.Request) {
			r.ContentLength, r.Body = 1<<20, io.NopCloser(zeros(1<<20))
			r.URL.Path = "/v1/galleries"
		}, 413, "body_too_large"},
		"without a key":    {func(r *http.Request) { r.ContentLength = huge; r.Header.Del("Authorization") }, 401, "unauthorized"},
		"of another route": {func(r *http.Request) { r.ContentLength = huge; r.URL.Path = "/nothing" }, 404, "not_found"},
		"of health":        {func(r *http.Request) { r.ContentLength = huge; r.URL.Path = "/livez" }, 405, "method_not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.URL+"/v1/galleries/staff/search", zeros(huge))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "image/jpeg")
			req.Header.Set("Authorization", "Bearer "+c.key)
			q.change(req)
			c.Send(t, req, nil).Refused(t, q.status, q.code)
			runtime.ReadMemStats(&after)
			if req.ContentLength > 0 {
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
			}
			require.Equal(t, http.StatusOK, c.json(t, "GET", "/v1/galleries/staff", nil).Status)
		})
	}
}

// A client that sends everything before it reads gets the answer, too.
func TestHugeBodyOfAnImpoliteClient(t *testing.T) {
	c := start(t)
	for name, q := range map[string]struct {
		header string
		size   int64
		status int
		code   string
	}{
		"with a key": {"Authorization: Bearer " + c.key + "\r\n", 33 << 20, 413, "body_too_large"},
		"without":    {"", 8 << 20, 401, "unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial(t)
			fmt.Fprintf(conn, "POST /v1/detect HTTP/1.1\r\nHost: x\r\n%sContent-Type: image/png\r\nContent-Length: %d\r\n\r\n", q.header, q.size)
			_, err := io.Copy(conn, zeros(q.size))
			require.NoError(t, err)
			readProblem(t, conn, q.status, q.code)
		})
	}
}

// Just below the limit a body is read, and then refused for what it is.
func TestLargeBodies(t *testing.T) {
	c := start(t)
	limit := server.DefaultConfig().BodyLimit
	c.Do(t, c.key, "POST", "/v1/detect", "image/jpeg", make([]byte, limit)).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	require.Contains(t, c.Do(t, c.key, "POST", "/v1/detect", "image/jpeg", make([]byte, limit+1)).Refused(t, http.StatusRequestEntityTooLarge, "body_too_large").Detail, strconv.Itoa(limit)+" bytes")
	photo := append(servertest.Of(t, "ada", 1), make([]byte, 16<<20)...)
	require.Equal(t, http.StatusOK, c.Do(t, c.key, "POST", "/v1/detect", "image/jpeg", photo).Status)
}

// Compressed bodies are refused unread: none of these inflates.
func TestCompressedBodies(t *testing.T) {
	c := start(t)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, err := io.Copy(w, zeros(64<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for _, encoding := range []string{"gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "nonsense"} {
		for _, contentType := range []string{"image/jpeg", "application/json", "multipart/form-data; boundary=x"} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c.Do(t, c.key, "POST", "/v1/detect", contentType, bomb.Bytes(), "Content-Encoding: "+encoding).
				Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
		}
	}
	a := c.Do(t, c.key, "POST", "/v1/detect", "image/jpeg", servertest.Of(t, "ada", 1), "Content-Encoding: identity")
	require.Equal(t, http.StatusOK, a.Status)
	// Unlabelled, it is a photo that is none.
	c.Do(t, c.key, "POST", "/v1/detect", "image/jpeg", bomb.Bytes()).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
}

// Clients that are slow are answered when their time is up, and hold nobody
// else up meanwhile.
func TestSlowClients(t *testing.T) {
	const limit = 800 * time.Millisecond
	c := startWith(t, func(cfg *server.Config) {
		cfg.HeaderTimeout, cfg.ReadTimeout, cfg.IdleTimeout = limit, limit, limit
	})
	key := "Authorization: Bearer " + c.key + "\r\n"
	for name, text := range map[string]string{
		"in the headers":         "POST /v1/detect HTTP/1.1\r\nHost: x\r\nX-Drip: ",
		"in the body":            "POST /v1/detect HTTP/1.1\r\nHost: x\r\n" + key + "Content-Type: image/png\r\nContent-Length: 1000000\r\n\r\n",
		"in chunks":              "POST /v1/detect HTTP/1.1\r\nHost: x\r\n" + key + "Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
		"in a chunk's extension": "POST /v1/detect HTTP/1.1\r\nHost: x\r\n" + key + "Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n5;",
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial(t)
			_, err := io.WriteString(conn, text)
			require.NoError(t, err)
			stop := make(chan struct{})
			dripped := make(chan struct{})
			go func() {
				defer close(dripped)
				for {
					select {
					case <-stop:
						return
					case <-time.After(limit / 20):
						if _, err := io.WriteString(conn, "x"); err != nil {
							return
						}
					}
				}
			}()
			start := time.Now()
			require.Equal(t, http.StatusOK, c.json(t, "GET", "/v1/galleries/staff", nil).Status)
			readProblem(t, conn, http.StatusRequestTimeout, "request_timeout")
			require.Less(t, time.Since(start), 20*limit)
			close(stop)
			<-dripped
		})
	}
	t.Run("saying nothing", func(t *testing.T) {
		conn := c.dial(t)
		_, err := io.Copy(io.Discard, conn)
		require.NoError(t, err, "the server closes")
	})
	t.Run("between requests", func(t *testing.T) {
		conn := c.dial(t)
		_, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		all, err := io.ReadAll(conn)
		require.NoError(t, err, "the server closes")
		require.Contains(t, string(all), "200 OK")
	})
}

func TestMalformedHTTP(t *testing.T) {
	c := start(t)
	key := "Authorization: Bearer " + c.key + "\r\n"
	for name, q := range map[string]struct {
		text   string
		status int
		code   string
	}{
		"not HTTP":         {"hello\r\n\r\n", 400, "invalid_request"},
		"another protocol": {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "invalid_request"},
		"two lengths":      {"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, "invalid_request"},
		// Served by its chunks, and closed (RFC 9112, section 6.1).
		"length and chunks":      {"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 401, "unauthorized"},
		"negative length":        {"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello", 400, "invalid_request"},
		"length beyond numbers":  {"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nhello", 400, "invalid_request"},
		"broken chunks":          {"POST /v1/detect HTTP/1.1\r\nHost: x\r\n" + key + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "invalid_request"},
		"a header without colon": {"GET /livez HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400, "invalid_request"},
		"headers too large":      {"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431, "headers_too_large"},
		"URL too large":          {"GET /livez?" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, "headers_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial(t)
			_, err := io.WriteString(conn, q.text)
			require.NoError(t, err)
			readProblem(t, conn, q.status, q.code)
		})
	}
}

// A request is answered by its deadline; its work is told to stop.
func TestDeadline(t *testing.T) {
	const limit = time.Second
	c := startWith(t, func(cfg *server.Config) { cfg.RequestTimeout = limit })
	before := c.json(t, "GET", "/v1/galleries/staff/subjects", nil).Body
	for name, s := range map[string]servertest.Script{
		"work that stops":    {Hold: patience, Faces: []servertest.Shown{{Person: "ada"}}},
		"work that does not": {Hold: 3 * limit / 2, Stubborn: true, Faces: []servertest.Shown{{Person: "ada"}}},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			c.raw(t, "/v1/galleries/staff/subjects", servertest.Scripted(t, s)).Refused(t, http.StatusGatewayTimeout, "timeout")
			require.Less(t, time.Since(start), 20*limit)
			require.Equal(t, before, c.json(t, "GET", "/v1/galleries/staff/subjects", nil).Body, "nothing is enrolled")
		})
	}
}

// So is one that waits for a position which the log has not reached.
func TestPositionThatDoesNotCome(t *testing.T) {
	for name, c := range map[string]struct {
		limit  time.Duration
		status int
		code   string
	}{
		"bounded by the wait for a position": {time.Minute, http.StatusConflict, "position_ahead"},
		"bounded by the request's limit":     {time.Second, http.StatusGatewayTimeout, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			caller := startWith(t, func(cfg *server.Config) { cfg.RequestTimeout = c.limit })
			caller.Do(t, caller.key, "POST", "/v1/galleries/staff/search", "image/jpeg", servertest.Of(t, "ada", 1),
				server.HeaderPosition+": 18446744073709551615").Refused(t, c.status, c.code)
		})
	}
}

func TestConfigRefusesMissingLimits(t *testing.T) {
	for name, change := range map[string]func(*server.Config){
		"body":        func(c *server.Config) { c.BodyLimit = 0 },
		"headers":     func(c *server.Config) { c.HeaderLimit = -1 },
		"memory":      func(c *server.Config) { c.BodyMemory = 2*c.BodyLimit - 1 },
		"concurrency": func(c *server.Config) { c.Concurrency = 0 },
		"of a peer":   func(c *server.Config) { c.PeerConcurrency = 0 },
		"header":      func(c *server.Config) { c.HeaderTimeout = 0 },
		"read":        func(c *server.Config) { c.ReadTimeout = 0 },
		"write":       func(c *server.Config) { c.WriteTimeout = 0 },
		"idle":        func(c *server.Config) { c.IdleTimeout = 0 },
		"request":     func(c *server.Config) { c.RequestTimeout = -time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := server.DefaultConfig()
			change(&cfg)
			_, err := server.New(cfg, server.Health{}, quiet)
			require.ErrorIs(t, err, server.ErrConfig)
		})
	}
}

func (c caller) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.URL, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// readProblem reads a whole answer, to the end of the connection.
func readProblem(t *testing.T, conn net.Conn, status int, code string) {
	t.Helper()
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(all)), nil)
	require.NoError(t, err, "%q", all)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, status, res.StatusCode, "%q", all)
	require.Equal(t, server.MediaTypeProblem, res.Header.Get("Content-Type"))
	var p server.Problem
	require.NoError(t, json.NewDecoder(res.Body).Decode(&p))
	require.Equal(t, code, p.Code)
	require.NotEmpty(t, p.RequestID)
}
