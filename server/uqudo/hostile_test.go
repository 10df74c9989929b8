package uqudo_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// What no store can keep names no client and no person, whichever the store.
func TestHostileText(t *testing.T) {
	var cluster postgrestest.Shared
	t.Cleanup(cluster.Stop)
	t.Run("SQLite", func(t *testing.T) {
		r, _ := start(t)
		hostileText(t, r)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: cluster.Database(t)})
		require.NoError(t, err)
		r, _ := startOn(t, servertest.Options{Store: db})
		hostileText(t, r)
	})
}

func hostileText(t *testing.T, r *servertest.Rig) {
	t.Helper()
	c := newClient(t, r, "acme", all...)
	c.post(t, "/one-to-n/insert", m{"idPhoto": text(servertest.Of(t, "ada", 1))})
	for _, bad := range []string{"\x00", "\xff", "0123456789abcde\x00", "0123456789abcde\xff", c.id + "\x00"} {
		credentials := c.credentials()
		credentials.Set("client_id", bad)
		var e struct{ Error string }
		form(t, r, credentials).Into(t, http.StatusUnauthorized, &e)
		require.Equal(t, "invalid_client", e.Error)
		credentials = c.credentials()
		credentials.Set("client_secret", bad)
		form(t, r, credentials).Into(t, http.StatusUnauthorized, &e)
	}
	for _, bad := range []string{"%00", "%ff", "%ed%a0%80"} {
		refused(t, c.delete(t, bad), http.StatusNotFound, "NOT_FOUND")
	}
	for _, body := range []string{`{"idPhoto":"\ud800"}`, `{"idPhoto":"\u0000"}`} {
		p := refused(t, r.Do(t, c.token, "POST", "/api/v1/face/one-to-n/search", "application/json", []byte(body)), http.StatusBadRequest, "INVALID_INPUT")
		require.Equal(t, "idPhoto", p.Field)
	}
}

// Who begins to ask for a token and sends no credentials takes nobody's place.
func TestWithheldCredentialsYield(t *testing.T) {
	r, _ := startOn(t, servertest.Options{Config: func(cfg *server.Config) { cfg.PeerConcurrency = 4 }})
	c := newClient(t, r, "acme", all...)
	for range 40 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "POST /api/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\ngrant_type=")
		require.NoError(t, err)
	}
	time.Sleep(200 * time.Millisecond) // their heads have been read
	require.Equal(t, http.StatusOK, form(t, r, c.credentials()).Status)
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "ada", 1))}).Status)
}
