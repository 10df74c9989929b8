package twoface_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/server/servertest"
	"oneton/server/twoface"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// Two replicas are one server: a session, its attempts, its jobs and its addresses are
// of both, and a user's requests are counted together, whichever key or session they
// carry.
func TestReplicas(t *testing.T) {
	const clients = 16
	requests := 300 // as many cost nothing; ONETON_TWOFACE_REQUESTS=2500 asks as often as people may
	if often := os.Getenv("ONETON_TWOFACE_REQUESTS"); often != "" {
		var err error
		requests, err = strconv.Atoi(often)
		require.NoError(t, err)
	}
	var cluster postgrestest.Shared
	t.Cleanup(cluster.Stop)
	database := cluster.Database(t)
	var secret []byte
	on := func() rig {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: database})
		require.NoError(t, err)
		return startOn(t, servertest.Options{Store: db, Settings: func(cfg *config.Config) {
			cfg.Limits.Requests, cfg.Limits.Patience = requests, time.Minute
			if secret != nil {
				require.NoError(t, os.WriteFile(filepath.Join(cfg.Data, "secret.key"), secret, 0o600))
			}
		}}, func(cfg *twoface.Config) { cfg.Prefix = at })
	}
	a := on()
	secret = a.Secret
	b := on()
	at := func(r rig, c client) client { c.url = r.URL + "/v1/2face"; return c }

	c := a.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	photo := m{"file": selfie(t, "ada")}
	require.Equal(t, "2", open.files(t, "/faces/detect", photo).left())
	require.Equal(t, "1", at(b, open).files(t, "/faces/detect", photo).left())
	require.Equal(t, "0", open.files(t, "/faces/detect", photo).left())
	require.Equal(t, http.StatusTooManyRequests, at(b, open).files(t, "/faces/detect", photo).Status)
	job := open.started(t, m{"face": selfie(t, "ada"), "document": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA"})
	status, output := at(b, c).ended(t, job)
	require.Equal(t, 2, status, "%s", output)
	at(b, open).form(t, "/session/close", "status", "FAILED").result(t, new(string))
	require.Equal(t, http.StatusForbidden, open.files(t, "/faces/detect", photo).Status)

	other := a.backend(t, "other")
	sessions := []client{other.open(t, "SIGNUP"), other.open(t, "SIGNUP"), at(b, other).open(t, "SIGNUP")}
	var served, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for range requests / 10 {
				r := []rig{a, b}[i%2]
				switch at(r, sessions[i%3]).form(t, "/session/close", "status", "none").Status {
				case http.StatusBadRequest:
					served.Add(1)
				case http.StatusTooManyRequests:
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, requests-len(sessions), served.Load())
	require.EqualValues(t, clients*(requests/10)-(requests-len(sessions)), refused.Load())
}
