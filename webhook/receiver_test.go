package webhook_test

import (
	"fmt"
	"io"
	"log" //nolint:depguard // a server of net/http logs to one
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/storetest"
	"oneton/webhook"
)

// A receiver that stalls holds up neither other endpoints nor other tenants, and is
// called by a few at once alone.
func TestStallsHoldUpNobody(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		var busy, most atomic.Int64
		release := make(chan struct{})
		stalled, quick, others := receive(t, r.clock), receive(t, r.clock), receive(t, r.clock)
		stalled.says(func(w http.ResponseWriter, _ *http.Request) {
			n := busy.Add(1)
			defer busy.Add(-1)
			for m := most.Load(); n > m; m = most.Load() {
				most.CompareAndSwap(m, n)
			}
			<-release
		})
		s, _ := r.add(t, ours, stalled.URL, "attempt.closed")
		r.add(t, ours, quick.URL, "user.created")
		r.add(t, theirs, others.URL, "user.created")
		const events = 40
		for i := range events {
			r.emit(t, "ours", "attempt.closed", i)
		}
		stalled.wait(t, 4)
		for i := range 5 {
			r.emit(t, "ours", "user.created", i)
			r.emit(t, "theirs", "user.created", i)
		}
		quick.wait(t, 5)
		others.wait(t, 5)
		require.EqualValues(t, 4, most.Load())
		require.Empty(t, r.deliveries(t, ours, s.ID, webhook.Delivered))
		close(release)
		stalled.says(nil)
		require.Eventually(t, func() bool {
			r.advance(time.Second)
			return len(r.deliveries(t, ours, s.ID, webhook.Delivered)) == events
		}, patience, 20*time.Millisecond)
		require.EqualValues(t, 4, most.Load())
		ids := map[string]bool{}
		for _, m := range stalled.messages() {
			ids[m.id()] = true
		}
		require.Len(t, ids, events)
		require.Len(t, stalled.messages(), events, "none was sent twice")
	})
}

// Whatever a receiver answers is bounded and followed nowhere.
func TestHostileReceivers(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		elsewhere := receive(t, r.clock)
		tls := httptest.NewUnstartedServer(status(http.StatusOK))
		tls.Config.ErrorLog = log.New(io.Discard, "", 0)
		tls.StartTLS()
		t.Cleanup(tls.Close)
		for name, c := range map[string]struct {
			says  http.HandlerFunc
			url   string
			fault string
		}{
			"redirect": {says: func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, elsewhere.URL, http.StatusTemporaryRedirect)
			}, fault: "the receiver redirects, which is not followed: change the endpoint's URL"},
			"long head": {says: func(w http.ResponseWriter, _ *http.Request) {
				for i := range 1000 {
					w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("x", 100))
				}
			}, fault: "no connection, or none that gave an answer"},
			"endless body":   {says: endless},
			"cut":            {says: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault: "no connection, or none that gave an answer"},
			"other's name":   {url: tls.URL, fault: "the receiver's certificate is not trusted"},
			"nobody listens": {url: "http://127.0.0.1:1025", fault: "no connection, or none that gave an answer"},
			"no such host":   {url: "http://none.invalid", fault: "the host's name has no address"},
			"private":        {url: "http://127.0.0.2:1025", fault: "the URL leads to an address or a port that webhooks are not sent to"},
			"not modified":   {says: status(http.StatusNotModified), fault: "the receiver redirects, which is not followed: change the endpoint's URL"},
			"not found":      {says: status(http.StatusNotFound), fault: "the receiver answered 404"},
			"created":        {says: status(http.StatusCreated)},
		} {
			t.Run(name, func(t *testing.T) {
				to := receive(t, r.clock)
				to.says(c.says)
				url := to.URL
				if name == "private" { // a name that leads there is taken, and refused when it is called
					e, _ := r.add(t, ours, to.URL)
					require.NoError(t, r.db.Update(t.Context(), "rebind", func(tx store.Tx) error {
						_, err := tx.Exec(`UPDATE webhook_endpoints SET url = $2 WHERE id = $1`, e.ID, c.url)
						return err
					}))
					r.expect(t, e, c.fault)
					return
				}
				if c.url != "" {
					url = c.url
				}
				e, _ := r.add(t, ours, url)
				r.expect(t, e, c.fault)
			})
		}
		require.Empty(t, elsewhere.messages())
	})
}

// endless writes until nobody reads.
func endless(w http.ResponseWriter, req *http.Request) {
	for req.Context().Err() == nil {
		if _, err := fmt.Fprint(w, strings.Repeat("x", 1<<10)); err != nil {
			return
		}
	}
}

// expect is that an event to the endpoint meets the fault.
func (r *rig) expect(t *testing.T, e webhook.Endpoint, fault string) {
	t.Helper()
	_, err := r.Test(t.Context(), ours, e.ID)
	require.NoError(t, err)
	d := r.settle(t, e.ID, 1)
	require.Equal(t, fault, d.Last.Fault)
	require.NoError(t, r.Remove(t.Context(), ours, e.ID))
}

// A name is refused by the addresses that it has when it is called, and a proxy of
// the environment is not asked.
func TestNamesThatLeadInside(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("ALL_PROXY", "http://127.0.0.1:1")
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		db, clock := handle(t), &ahead{}
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
		cfg := config()
		cfg.Allow = nil
		r, to := open(t, db, keys{1}, clock, cfg), receive(t, clock)
		_, port, _ := strings.Cut(strings.TrimPrefix(to.URL, "http://"), ":")
		e, _ := r.add(t, ours, "http://localhost:"+port)
		_, err := r.Test(t.Context(), ours, e.ID)
		require.NoError(t, err)
		d := r.settle(t, e.ID, 1)
		require.Equal(t, "the URL leads to an address or a port that webhooks are not sent to", d.Last.Fault)
		require.Empty(t, to.messages())
		_, _, err = r.Add(t.Context(), ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: "http://localhost:" + port}, Verify: true})
		require.ErrorIs(t, err, webhook.ErrUnverified)
		require.Empty(t, to.messages())
	})
}

func TestProxy(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		db, clock := handle(t), &ahead{}
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: "ours"}))
		proxy := receive(t, clock)
		cfg := config()
		cfg.Allow, cfg.Proxy = nil, proxy.URL
		r := open(t, db, keys{1}, clock, cfg)
		e, secret := r.add(t, ours, "http://example.org:8000/hooks")
		_, err := r.Test(t.Context(), ours, e.ID)
		require.NoError(t, err)
		require.True(t, proxy.wait(t, 1)[0].genuine(t, secret))
	})
}
