package twoface_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

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
	for name, want := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"a bug":                  {errors.New("secret detail"), 500, "internal"},
		"no models of documents": {kyc.Refuse(kyc.DocumentsOff, "this server has no models that read documents"), 501, "documents_off"},
		"no models of clips":     {kyc.Refuse(kyc.GesturesOff, "this server judges no clips"), 501, "gestures_off"},
		"a full queue":           {pool.ErrBusy, 503, "busy"},
		"no database":            {fmt.Errorf("%w: secret detail", store.ErrUnavailable), 503, "unavailable"},
		"stopping":               {pool.ErrClosed, 503, "unavailable"},
		"a lost commit":          {fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrUncertain), 504, "outcome_unknown"},
		"out of time":            {context.DeadlineExceeded, 504, "timeout"},
		"a full disk":            {fmt.Errorf("%w: %w", store.ErrFull, store.ErrUnavailable), 507, "storage_full"},
		"a slow request":         {fiber.ErrRequestTimeout, 408, "request_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			service.err = want.err
			a := c.form(t, "/session", "type", "SIGNUP") // which holds it to the envelope
			require.Equal(t, want.status, a.Status, "%s", a.Body)
			require.Equal(t, want.code, a.Header.Get("X-Oneton-Code"))
			require.NotContains(t, string(a.Body), "secret detail")
		})
	}
}
