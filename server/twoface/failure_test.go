package twoface_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/kyc"
	"oneton/pool"
	"oneton/server"
	"oneton/server/servertest"
	"oneton/server/twoface"
	"oneton/store"
)

// failing is a service of which nothing comes but an error.
type failing struct {
	twoface.Service
	err error
}

func (f failing) OpenSession(context.Context, store.Actor, kyc.Kind) (string, error) {
	return "", fmt.Errorf("open session: %w", f.err)
}

// Failures that take more than a request have the status and the code that the guide
// promises, and tell nothing of what is within.
func TestFailures(t *testing.T) {
	service := &failing{}
	r := servertest.Start(t, servertest.Options{APIs: func(n *servertest.Rig) []server.API {
		cfg := twoface.DefaultConfig()
		cfg.Prefix = at
		service.Service = n.Node.KYC
		return []server.API{twoface.New(cfg, [][]byte{[]byte("a key of at least thirty-two bytes")}, kyc.DefaultConfig().Uses, service, n.Node.Limiter, n.Access)}
	}})
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	c := rig{Rig: r}.backend(t, "acme")
	s := &script{t: t}
	for _, want := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"a bug", errors.New("secret detail"), 500, "internal"},
		{"no models of documents", kyc.Refuse(kyc.DocumentsOff, "this server has no models that read documents"), 501, "documents_off"},
		{"no models of clips", kyc.Refuse(kyc.GesturesOff, "this server judges no clips"), 501, "gestures_off"},
		{"a full queue", pool.ErrBusy, 503, "busy"},
		{"no database", fmt.Errorf("%w: secret detail", store.ErrUnavailable), 503, "unavailable"},
		{"stopping", pool.ErrClosed, 503, "unavailable"},
		{"a lost commit", fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrUncertain), 504, "outcome_unknown"},
		{"out of time", context.DeadlineExceeded, 504, "timeout"},
		{"a full disk", fmt.Errorf("%w: %w", store.ErrFull, store.ErrUnavailable), 507, "storage_full"},
	} {
		service.err = want.err
		a := s.ask(want.name, c, "POST", "/session", form("type", "SIGNUP")) // which holds it to the envelope
		require.Equal(t, want.status, a.Status, "%s: %s", want.name, a.Body)
		require.Equal(t, want.code, a.Header.Get("X-Oneton-Code"), want.name)
		require.NotContains(t, string(a.Body), "secret detail")
	}
	s.is("failures")
}

// Requests that come too often or too slowly, and checks that take too long, are told
// so.
func TestRefusedInTime(t *testing.T) {
	r := startOn(t, servertest.Options{
		Settings: func(cfg *config.Config) { cfg.Limits.Requests = 6 },
		Config:   func(cfg *server.Config) { cfg.RequestTimeout = 2 * time.Second },
	}, func(cfg *twoface.Config) { cfg.Prefix, cfg.Wait = at, 50*time.Millisecond })
	s, c := &script{t: t}, r.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	const path = "/documents/validate-identity"
	let := r.hold()
	s.ask("a check that takes longer than is waited", open, "POST", path, m{"file": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA", "documentId": cedula})
	let()

	contentType, body := multipartOf(t, m{"file": selfie(t, "ada")})
	slow, sends := io.Pipe()
	go func() { _, _ = sends.Write(body[:len(body)/2]) }() // and no more
	req, err := http.NewRequest(http.MethodPost, open.url+"/faces/detect", slow)
	require.NoError(t, err)
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Tagshelf-Session", open.session)
	a := ask(t, req)
	require.NoError(t, sends.Close())
	s.write("a body that does not come to its end", open, "POST", "/faces/detect", contentType, "file: (a photo of ada), half of it", a)

	for left := true; left; {
		left = c.form(t, "/session", "type", "SIGNUP").Status == http.StatusOK
	}
	s.ask("more requests than a minute may have", c, "POST", "/session", form("type", "SIGNUP"))
	s.ask("by a session's token, too", open, "POST", "/faces/detect", m{"file": selfie(t, "ada")})
	s.is("refused-in-time")
}
