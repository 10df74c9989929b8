package server_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
	"oneton/store"
)

var quiet = zerolog.Nop()

func TestRequestIDs(t *testing.T) {
	c := start(t)
	for name, q := range map[string]struct {
		sent string
		kept bool
	}{
		"none":       {"", false},
		"a UUID":     {"3f2c9d0e-7c1a-4f0e-9b7e-1f2a3b4c5d6e", true},
		"a trace id": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
		"too long":   {strings.Repeat("x", 65), false},
		"spaces":     {"a b", false},
		"quotes":     {`"><script>`, false},
		"not ASCII":  {"ünïcode", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.Do(t, c.key, "GET", "/v1/galleries/none", "", nil, server.HeaderRequestID+": "+q.sent)
			id := a.Refused(t, http.StatusNotFound, "not_found").RequestID
			require.Equal(t, q.kept, id == q.sent)
			require.NotEmpty(t, id)
			require.Contains(t, c.Log.String(), `"request_id":"`+id+`"`)
		})
	}
}

func TestLogSaysWhoAskedWhat(t *testing.T) {
	c := start(t)
	a := c.json(t, "GET", "/v1/galleries/staff?x=1", nil)
	var line m
	for text := range strings.SplitSeq(strings.TrimSpace(c.Log.String()), "\n") {
		require.NoError(t, json.Unmarshal([]byte(text), &line))
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(c.key, "ot_"), "_")
	require.Equal(t, a.Header.Get(server.HeaderRequestID), line["request_id"])
	require.Equal(t, "GET", line["method"])
	require.Equal(t, "/v1/galleries/:gallery", line["route"])
	require.EqualValues(t, http.StatusOK, line["status"])
	require.Equal(t, "acme", line["tenant"])
	require.Equal(t, id, line["key_id"])
	require.Contains(t, line, "duration")
}

// A panic is answered, logged with its stack, and over.
func TestPanic(t *testing.T) {
	c := start(t)
	id := c.raw(t, "/v1/detect", servertest.Scripted(t, servertest.Script{Panic: true})).
		Refused(t, http.StatusInternalServerError, "internal").RequestID
	require.Contains(t, c.Log.String(), id)
	require.Contains(t, c.Log.String(), "servertest/embedder.go")
	require.Equal(t, http.StatusOK, c.raw(t, "/v1/detect", servertest.Of(t, "ada", 1)).Status)
}

// After everything was asked, well and badly, the log holds nothing of what
// was sent: no key, no photo, no id or metadata of a person, no query.
func TestLogHoldsNoSecrets(t *testing.T) {
	c, names := world(t)
	photo := servertest.Of(t, "marker-person", 1)
	for _, op := range operations(t, names...) {
		op.send(t, c.Rig, c.Key(t, "rival", "*"))
		op.send(t, c.Rig, "ot_marker-key")
	}
	query := "?id=marker-id&metadata=%7B%22marker-key%22:%22marker-value%22%7D"
	c.raw(t, "/v1/galleries/staff/subjects"+query, photo)
	c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "marker-id2", "metadata": m{"k": "marker-value"}, "photo": text(photo)})
	c.json(t, "GET", "/v1/galleries/staff/subjects/marker-id", nil)
	c.json(t, "POST", "/v1/galleries/staff/search", m{"photo": text(photo), "marker-field": "marker-value"})
	c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "application/json", []byte(`{"photo":"marker-broken`))
	c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "marker/type", photo)
	for _, fail := range []string{"corrupt", "busy", "other"} {
		c.raw(t, "/v1/galleries/staff/subjects"+query, servertest.Scripted(t, servertest.Script{Fail: fail, Faces: []servertest.Shown{{Person: "marker-person"}}}))
	}
	c.raw(t, "/v1/detect", servertest.Scripted(t, servertest.Script{Panic: true, Faces: []servertest.Shown{{Person: "marker-person"}}}))
	c.Do(t, c.key, "POST", "/v1/galleries/marker-gallery/search", "image/jpeg", make([]byte, server.DefaultConfig().BodyLimit+1))
	for _, op := range operations(t, names...) {
		if op.method != http.MethodDelete {
			op.send(t, c.Rig, c.key)
		}
	}

	log := c.Log.String()
	require.Contains(t, log, "/v1/galleries/:gallery/subjects", "the log is there")
	secret := c.key[strings.LastIndex(c.key, "_")+1:]
	for what, text := range map[string]string{
		"the key": secret, "a piece of the key": secret[:16], "another's key": "marker-key", "the secret": string(c.Secret[:16]),
		"the secret in hex": hex.EncodeToString(c.Secret)[:16], "the secret in base64": base64.StdEncoding.EncodeToString(c.Secret)[:16],
		"a photo": string(photo[4:40]), "what a photo shows": "marker-person",
		"a photo's base64": base64.StdEncoding.EncodeToString(photo)[6:30],
		"a subject's id":   "marker-id", "metadata": "marker-value", "a field": "marker-field",
		"a body": "marker-broken", "a header": "marker/type", "a path": "marker-gallery", "the scheme": "Bearer",
	} {
		require.NotContains(t, log, text, what)
	}
}

func TestHealth(t *testing.T) {
	c := start(t)
	for _, path := range []string{"/livez", "/readyz"} {
		require.Equal(t, http.StatusOK, c.Do(t, "", "GET", path, "", nil).Status)
	}
	c.Unready = context.DeadlineExceeded
	c.Do(t, "", "GET", "/readyz", "", nil).Refused(t, http.StatusServiceUnavailable, "unavailable")
	require.Equal(t, http.StatusOK, c.Do(t, "", "GET", "/livez", "", nil).Status)
	c.Unready = nil
	require.Equal(t, http.StatusOK, c.Do(t, "", "GET", "/readyz", "", nil).Status)

	want, err := os.ReadFile("native/openapi.yaml")
	require.NoError(t, err)
	a := c.Do(t, "", "GET", "/openapi.yaml", "", nil)
	require.Equal(t, want, a.Body)
	require.Equal(t, "application/yaml", a.Header.Get("Content-Type"))
}

// Stopping turns readiness off first, then answers what is under way, and
// takes nothing new.
func TestShutdownDrains(t *testing.T) {
	c := startWith(t, func(cfg *server.Config) { cfg.DrainDelay = 2 * time.Second })
	slow := servertest.Scripted(t, servertest.Script{Hold: 3 * time.Second, Faces: []servertest.Shown{{Person: "ada"}}})
	enrolled := make(chan servertest.Answer, 1)
	go func() { enrolled <- c.raw(t, "/v1/galleries/staff/subjects?id=ada", slow) }()
	idle := c.dial(t)
	_, err := io.WriteString(idle, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.Working() == 1 }, patience, time.Millisecond)

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began, stopped := time.Now(), make(chan error, 1)
	go func() { stopped <- c.Server.Shutdown(ctx) }()
	require.Eventually(t, func() bool {
		return c.Do(t, "", "GET", "/readyz", "", nil).Status == http.StatusServiceUnavailable
	}, patience, 10*time.Millisecond)
	require.Equal(t, http.StatusOK, c.json(t, "GET", "/v1/galleries/staff", nil).Status, "still served before the listener closes")

	a := <-enrolled
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
	require.NoError(t, <-stopped)
	require.Less(t, time.Since(began), server.DefaultConfig().IdleTimeout/4, "an idle connection delays nothing")
	_, err = net.Dial("tcp", strings.TrimPrefix(c.URL, "http://"))
	require.Error(t, err)
	subjects, err := c.Service.Subjects(context.Background(), store.Actor{Tenant: "acme"}, "staff", store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, subjects, 1, "what was acknowledged is stored")
}

// A drain that takes too long ends by cancelling what is left.
func TestShutdownGivesUp(t *testing.T) {
	c := start(t)
	answer := make(chan servertest.Answer, 1)
	go func() { answer <- c.raw(t, "/v1/detect", servertest.Scripted(t, servertest.Script{Hold: patience})) }()
	require.Eventually(t, func() bool { return c.Working() == 1 }, patience, time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Server.Shutdown(ctx), context.DeadlineExceeded)
	(<-answer).Refused(t, http.StatusServiceUnavailable, "unavailable")
}

// A stop that comes before the server serves, or just as it begins, holds.
func TestShutdownAtTheStart(t *testing.T) {
	for i := range 200 {
		s, err := server.New(server.DefaultConfig(), server.Health{}, zerolog.Nop())
		require.NoError(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		served := make(chan error, 1)
		if i%2 == 0 {
			go func() { served <- s.Serve(ln) }()
		}
		require.NoError(t, s.Shutdown(t.Context()))
		if i%2 == 1 {
			go func() { served <- s.Serve(ln) }()
		}
		select {
		case err := <-served:
			require.NoError(t, err)
		case <-time.After(patience):
			require.FailNow(t, "it serves on")
		}
		_, err = net.Dial("tcp", ln.Addr().String())
		require.Error(t, err)
	}
}
