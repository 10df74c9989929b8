package webhook_test

import (
	"encoding/json"
	"errors"
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

	"oneton/audit"
	"oneton/store"
	"oneton/store/storetest"
	"oneton/webhook"
)

func TestEventIsDelivered(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		all, some, other, others := receive(t, r.clock), receive(t, r.clock), receive(t, r.clock), receive(t, r.clock)
		e, secret := r.add(t, ours, all.URL+"/hooks?token=1")
		r.add(t, ours, some.URL, "user.created", "attempt.closed", "user.created")
		r.add(t, ours, other.URL, "user.created")
		r.add(t, theirs, others.URL)

		before := r.clock.now()
		r.emit(t, "ours", "attempt.closed", map[string]any{"id": "x<é>", "n": 1})
		m := all.wait(t, 1)[0]
		require.True(t, m.genuine(t, secret, e.PublicKeys...))
		require.Len(t, e.PublicKeys, 1)
		require.Regexp(t, `^msg_[0-9a-f]{32}$`, m.id())
		at, err := strconv.ParseInt(m.header.Get("webhook-timestamp"), 10, 64)
		require.NoError(t, err)
		require.InDelta(t, before.Unix(), at, 20)
		require.Equal(t, "application/json", m.header.Get("Content-Type"))
		require.Regexp(t, `^\{"type":"attempt\.closed","timestamp":"[0-9T:.-]+Z","data":\{"id":".*","n":1\}\}$`, string(m.body))
		require.Equal(t, "x<é>", m.content(t).Data["id"])
		require.WithinDuration(t, before, m.content(t).Timestamp, time.Minute)

		require.Equal(t, m.id(), some.wait(t, 1)[0].id(), "it is one event")
		require.False(t, some.messages()[0].genuine(t, secret))
		require.Eventually(t, func() bool { return r.deliveries(t, ours, e.ID, "")[0].State == webhook.Delivered }, patience, 5*time.Millisecond)
		d, attempts, body, err := r.Delivery(t.Context(), ours, e.ID, r.deliveries(t, ours, e.ID, webhook.Delivered)[0].ID)
		require.NoError(t, err)
		require.Equal(t, m.body, body)
		require.Equal(t, m.id(), d.Event)
		require.Equal(t, "attempt.closed", d.Type)
		require.Equal(t, 1, d.Attempts)
		require.Len(t, attempts, 1)
		require.Equal(t, attempts[0], *d.Last)
		require.Equal(t, 200, attempts[0].Status)
		require.Empty(t, attempts[0].Fault)
		require.Zero(t, d.NextAt)
		require.NotZero(t, d.EndedAt)
		require.Empty(t, r.deliveries(t, ours, e.ID, webhook.Failed))
		require.Empty(t, other.messages())
		require.Empty(t, others.messages())
	})
}

// What is rolled back was not emitted, and what nobody is sent is not kept.
func TestEventsBelongToTheirCause(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to := receive(t, r.clock)
		cause, ctx := errors.New("rolled back"), t.Context()
		emit := func(kind string, data any) error {
			return r.db.Update(ctx, "cause", func(tx store.Tx) error { return r.Emit(tx, "ours", kind, data) })
		}
		require.NoError(t, emit("user.created", 1))
		r.add(t, ours, to.URL)
		require.ErrorIs(t, r.db.Update(ctx, "cause", func(tx store.Tx) error {
			require.NoError(t, r.Emit(tx, "ours", "user.created", 2))
			return cause
		}), cause)
		require.ErrorIs(t, emit("user.unknown", 3), webhook.ErrType)
		require.ErrorIs(t, emit("user.created", strings.Repeat("x", webhook.MaxBody)), webhook.ErrTooLarge)
		require.Error(t, emit("user.created", func() {}))
		require.NoError(t, emit("user.created", 4))
		require.Contains(t, string(to.wait(t, 1)[0].body), `"data":4`)
		require.Len(t, to.messages(), 1)
	})
}

// A receiver that fails is called by the whole schedule, and then no more, until
// somebody asks; the id stays the same, and times go on.
func TestScheduleAgainstAReceiver(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to := receive(t, r.clock)
		to.says(status(http.StatusInternalServerError))
		e, secret := r.add(t, ours, to.URL)
		r.emit(t, "ours", "user.created", map[string]any{})
		var d webhook.Delivery
		for try := range webhook.Tries {
			d = r.settle(t, e.ID, try+1)
			m := to.messages()
			require.Len(t, m, try+1)
			require.Equal(t, m[0].id(), m[try].id())
			require.Equal(t, m[0].body, m[try].body)
			require.True(t, m[try].genuine(t, secret, e.PublicKeys...))
			at, err := strconv.ParseInt(m[try].header.Get("webhook-timestamp"), 10, 64)
			require.NoError(t, err)
			require.InDelta(t, m[try].at.Unix(), at, 2, "the time is the attempt's")
			require.Equal(t, 500, d.Last.Status)
			require.Equal(t, "the receiver answered 500", d.Last.Fault)
			if try == webhook.Tries-1 {
				break
			}
			require.Equal(t, webhook.Pending, d.State)
			delay := d.NextAt.Sub(d.Last.At)
			require.InDelta(t, 1, float64(delay)/float64(webhook.Delays[try]), 0.2)
			r.advance(d.NextAt.Sub(r.clock.now()))
		}
		require.Equal(t, webhook.Failed, d.State)
		require.Zero(t, d.NextAt)
		total := to.messages()[9].at.Sub(to.messages()[0].at)
		require.InDelta(t, 75.6, total.Hours(), 7.6)
		r.advance(100 * 24 * time.Hour)
		time.Sleep(200 * time.Millisecond)
		require.Len(t, to.messages(), webhook.Tries)

		// A dead letter is sent anew, with the whole schedule before it.
		require.Len(t, r.deliveries(t, ours, e.ID, webhook.Failed), 1)
		_, err := r.Redeliver(t.Context(), theirs, e.ID, d.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = r.Redeliver(t.Context(), ours, e.ID, d.ID)
		require.NoError(t, err)
		d = r.settle(t, e.ID, 11)
		require.Equal(t, webhook.Pending, d.State)
		require.Less(t, d.NextAt.Sub(d.Last.At), 7*time.Second)
		to.says(nil)
		// Another round takes the place of the one under way.
		n, err := r.RedeliverFailed(t.Context(), ours, e.ID, time.Time{})
		require.NoError(t, err)
		require.Zero(t, n)
		_, err = r.Redeliver(t.Context(), ours, e.ID, d.ID)
		require.NoError(t, err)
		d = r.settle(t, e.ID, 12)
		require.Equal(t, webhook.Delivered, d.State)
		r.advance(time.Hour)
		time.Sleep(200 * time.Millisecond)
		require.Len(t, to.messages(), 12)
		require.Equal(t, to.messages()[0].id(), to.messages()[11].id())
	})
}

func TestReceiverAsksForTime(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to := receive(t, r.clock)
		to.says(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		e, _ := r.add(t, ours, to.URL)
		r.emit(t, "ours", "user.created", 1)
		d := r.settle(t, e.ID, 1)
		require.InDelta(t, 3600, d.NextAt.Sub(d.Last.At).Seconds(), 5)
	})
}

// 410 disables: what waits ends, and nothing new is sent.
func TestGoneDisables(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		to.says(status(http.StatusServiceUnavailable))
		e, _ := r.add(t, ours, to.URL)
		r.emit(t, "ours", "user.created", 1)
		r.settle(t, e.ID, 1)
		to.says(status(http.StatusGone))
		r.emit(t, "ours", "user.created", 2)
		require.Eventually(t, func() bool {
			got, err := r.Endpoint(ctx, ours, e.ID)
			require.NoError(t, err)
			return got.Disabled == webhook.DisabledGone
		}, patience, 5*time.Millisecond)
		to.wait(t, 2)
		r.emit(t, "ours", "user.created", 3)
		_, err := r.Test(ctx, ours, e.ID)
		require.ErrorIs(t, err, webhook.ErrDisabled)
		r.advance(10 * time.Second)
		require.Eventually(t, func() bool { return len(r.deliveries(t, ours, e.ID, webhook.Failed)) == 2 }, patience, 5*time.Millisecond)
		require.Len(t, to.messages(), 2)
		require.Len(t, r.deliveries(t, ours, e.ID, ""), 2)
		_, err = r.RedeliverFailed(ctx, ours, e.ID, time.Time{})
		require.ErrorIs(t, err, webhook.ErrDisabled)

		// Its owner enables it, and sends the dead letters anew.
		to.says(nil)
		_, err = r.Update(ctx, ours, e.ID, false, func(e webhook.Endpoint) (webhook.Settable, error) {
			e.Disabled = ""
			return e.Settable, nil
		})
		require.NoError(t, err)
		n, err := r.RedeliverFailed(ctx, ours, e.ID, time.Time{})
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Eventually(t, func() bool { return len(r.deliveries(t, ours, e.ID, webhook.Delivered)) == 2 }, patience, 5*time.Millisecond)
		_, err = r.Test(ctx, ours, e.ID)
		require.NoError(t, err)
		require.Equal(t, "webhook.test", to.wait(t, 5)[4].content(t).Type)

		deeds, _, err := audit.NewDeeds(r.db).List(ctx, audit.Query{Tenant: "ours", Limit: 10})
		require.NoError(t, err)
		var verbs []string
		for _, d := range deeds {
			verbs = append(verbs, string(d.Verb)+" "+string(d.Key))
			require.Equal(t, e.ID, d.What)
		}
		require.Equal(t, []string{"webhook.redelivered key", "webhook.changed key", "webhook.disabled ", "webhook.created key"}, verbs)
	})
}

// For an overlap both keys sign, and then the new one alone.
func TestRotation(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		e, first := r.add(t, ours, to.URL)
		rotated, second, err := r.Rotate(ctx, ours, e.ID, time.Hour)
		require.NoError(t, err)
		require.NotEqual(t, first, second)
		require.Len(t, rotated.PublicKeys, 2)
		require.Equal(t, e.PublicKeys[0], rotated.PublicKeys[1])
		signed := func(n int, by ...string) {
			r.emit(t, "ours", "user.created", n)
			m := to.wait(t, n)[n-1]
			require.Len(t, strings.Fields(m.header.Get("webhook-signature")), 2*len(by))
			for _, secret := range by {
				require.True(t, m.genuine(t, secret))
			}
		}
		signed(1, first, second)
		r.advance(time.Hour)
		signed(2, second)
		got, err := r.Endpoint(ctx, ours, e.ID)
		require.NoError(t, err)
		require.Equal(t, rotated.PublicKeys[:1], got.PublicKeys)

		_, third, err := r.Rotate(ctx, ours, e.ID, time.Hour)
		require.NoError(t, err)
		_, fourth, err := r.Rotate(ctx, ours, e.ID, time.Hour)
		require.NoError(t, err)
		signed(3, third, fourth)
		require.False(t, to.messages()[2].genuine(t, second), "of former keys the last alone")
		_, fifth, err := r.Rotate(ctx, ours, e.ID, 0)
		require.NoError(t, err)
		signed(4, fifth)
		for _, wrong := range []time.Duration{-1, webhook.MaxOverlap + 1} {
			_, _, err = r.Rotate(ctx, ours, e.ID, wrong)
			require.ErrorIs(t, err, webhook.ErrInvalid)
		}
		signed(5, fifth)
	})
}

// Keys lie sealed in the database, open under each version of the secret, and are
// bound to their endpoint.
func TestKeysAreSealed(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		ctx, db, clock := t.Context(), handle(t), &ahead{}
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "ours"}))
		r := open(t, db, keys{1}, clock, config())
		to := receive(t, clock)
		e, secret := r.add(t, ours, to.URL)
		r.stop()

		newer := open(t, db, keys{2, 1}, clock, config())
		newer.emit(t, "ours", "user.created", 1)
		require.True(t, to.wait(t, 1)[0].genuine(t, secret, e.PublicKeys...))
		newer.stop()

		other := open(t, db, keys{3}, clock, config())
		got, err := other.Endpoint(ctx, ours, e.ID)
		require.NoError(t, err)
		require.Empty(t, got.PublicKeys)
		other.emit(t, "ours", "user.created", 2)
		require.Eventually(t, func() bool {
			d := other.deliveries(t, ours, e.ID, webhook.Pending)
			return len(d) == 1 && d[0].Last != nil && d[0].Last.Fault == "the endpoint's keys cannot be opened; rotate them"
		}, patience, 5*time.Millisecond)
		_, secret, err = other.Rotate(ctx, ours, e.ID, time.Hour)
		require.NoError(t, err)
		other.advance(10 * time.Second)
		require.True(t, to.wait(t, 2)[1].genuine(t, secret))

		// Another endpoint's keys do not sign for this one.
		second, _ := other.add(t, ours, to.URL)
		require.NoError(t, db.Update(ctx, "swap", func(tx store.Tx) error {
			_, err := tx.Exec(`UPDATE webhook_endpoints SET sealed = (SELECT sealed FROM webhook_endpoints WHERE id = $1), former = NULL WHERE id = $2`, second.ID, e.ID)
			return err
		}))
		got, err = other.Endpoint(ctx, ours, e.ID)
		require.NoError(t, err)
		require.Empty(t, got.PublicKeys)
	})
}

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
		_, _, err = r.Add(t.Context(), ours, webhook.Settable{URL: "http://localhost:" + port}, true)
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

// The challenge must come back before an endpoint is kept.
func TestVerification(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		challenge := func() string {
			m := to.messages()
			var c map[string]string
			require.NoError(t, json.Unmarshal(m[len(m)-1].body, &c))
			require.Equal(t, "url_verification", c["type"])
			require.Len(t, c, 2)
			return c["challenge"]
		}
		for answer, taken := range map[string]bool{`{"challenge":"%s"}`: true, `{"ok":true,"challenge":"%s"}`: true, `%s`: true, `"%s"` + "\n": true, ``: false, `{"challenge":"x%s"}`: false, `{"other":"%s"}`: false, `%s%s`: false} {
			to.says(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, strings.ReplaceAll(answer, "%s", challenge()))
			})
			e, secret, err := r.Add(ctx, ours, webhook.Settable{URL: to.URL}, true)
			if !taken {
				require.ErrorIs(t, err, webhook.ErrUnverified, answer)
				continue
			}
			require.NoError(t, err, answer)
			require.NotZero(t, e.VerifiedAt)
			m := to.messages()
			require.True(t, m[len(m)-1].genuine(t, secret, e.PublicKeys...))

			// A change of the URL asks again, or forgets.
			to.says(status(http.StatusForbidden))
			change := func(path string) func(webhook.Endpoint) (webhook.Settable, error) {
				return func(e webhook.Endpoint) (webhook.Settable, error) {
					e.URL = to.URL + path
					return e.Settable, nil
				}
			}
			_, err = r.Update(ctx, ours, e.ID, true, change("/a"))
			require.ErrorIs(t, err, webhook.ErrUnverified)
			got, err := r.Endpoint(ctx, ours, e.ID)
			require.NoError(t, err)
			require.Equal(t, to.URL, got.URL)
			require.Equal(t, e.VerifiedAt, got.VerifiedAt)
			got, err = r.Update(ctx, ours, e.ID, false, change("/a"))
			require.NoError(t, err)
			require.Equal(t, to.URL+"/a", got.URL)
			require.Zero(t, got.VerifiedAt)
			require.NoError(t, r.Remove(ctx, ours, e.ID))
		}
		all, err := r.Endpoints(ctx, ours, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

// Nothing of a tenant's is another's to see or change.
func TestTenantsAreApart(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		e, _ := r.add(t, ours, to.URL)
		r.emit(t, "ours", "user.created", 1)
		d := r.settle(t, e.ID, 1)
		for doing, err := range map[string]error{
			"read":   second(r.Endpoint(ctx, theirs, e.ID)),
			"change": second(r.Update(ctx, theirs, e.ID, false, func(e webhook.Endpoint) (webhook.Settable, error) { return e.Settable, nil })),
			"verify": second(r.Update(ctx, theirs, e.ID, true, func(e webhook.Endpoint) (webhook.Settable, error) { return e.Settable, nil })),
			"rotate": func() error { _, _, err := r.Rotate(ctx, theirs, e.ID, 0); return err }(),
			"remove": r.Remove(ctx, theirs, e.ID),
			"test":   second(r.Test(ctx, theirs, e.ID)),
			"list":   second(r.Deliveries(ctx, theirs, webhook.Query{Endpoint: e.ID, Limit: 10})),
			"look":   func() error { _, _, _, err := r.Delivery(ctx, theirs, e.ID, d.ID); return err }(),
			"repeat": second(r.Redeliver(ctx, theirs, e.ID, d.ID)),
			"all":    second(r.RedeliverFailed(ctx, theirs, e.ID, time.Time{})),
		} {
			require.ErrorIs(t, err, store.ErrNotFound, doing)
		}
		all, err := r.Endpoints(ctx, theirs, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, all)
		other, _ := r.add(t, ours, to.URL)
		_, _, _, err = r.Delivery(ctx, ours, other.ID, d.ID)
		require.ErrorIs(t, err, store.ErrNotFound)

		// With a tenant goes all of it.
		_, err = r.db.DeleteTenant(ctx, "ours")
		require.NoError(t, err)
		for _, table := range []string{"webhook_endpoints", "webhook_events", "webhook_deliveries", "webhook_attempts"} {
			require.Zero(t, r.count(t, table), table)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		good := webhook.Settable{URL: "https://example.org"}
		for name, change := range map[string]func(*webhook.Settable){
			"url":         func(s *webhook.Settable) { s.URL = "https://10.0.0.1" },
			"types":       func(s *webhook.Settable) { s.Types = []string{"user.unknown"} },
			"description": func(s *webhook.Settable) { s.Description = strings.Repeat("x", 257) },
		} {
			bad := good
			change(&bad)
			_, _, err := r.Add(ctx, ours, bad, false)
			var argument *webhook.ArgumentError
			require.ErrorAs(t, err, &argument)
			require.Equal(t, name, argument.Argument)
		}
		_, err := r.Deliveries(ctx, ours, webhook.Query{State: "lost"})
		require.ErrorIs(t, err, webhook.ErrInvalid)
		for range webhook.MaxEndpoints {
			r.add(t, ours, "https://example.org")
		}
		_, _, err = r.Add(ctx, ours, good, false)
		require.ErrorIs(t, err, webhook.ErrTooMany)
		r.add(t, theirs, "https://example.org")
		page, err := r.Endpoints(ctx, ours, store.Page{Limit: 20})
		require.NoError(t, err)
		require.Len(t, page, 20)
		rest, err := r.Endpoints(ctx, ours, store.Page{After: page[19].ID, Limit: 100})
		require.NoError(t, err)
		require.Len(t, rest, 30)
	})
}

// The log is bounded by time, by number and for each delivery; what waits stays.
func TestLogIsBounded(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		e, _ := r.add(t, ours, to.URL)
		for i := range 5 {
			r.emit(t, "ours", "user.created", i)
			require.Eventually(t, func() bool { return len(r.deliveries(t, ours, e.ID, webhook.Delivered)) == i+1 }, patience, 5*time.Millisecond)
		}
		to.says(status(http.StatusInternalServerError))
		r.emit(t, "ours", "user.created", 5)
		to.wait(t, 6)
		n, err := r.SweepTo(ctx, r.clock.now(), 3)
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		left := r.deliveries(t, ours, e.ID, webhook.Delivered)
		require.Len(t, left, 3)
		require.EqualValues(t, 4, r.count(t, "webhook_events"))
		n, err = r.Sweep(ctx, left[0].EndedAt.Add(webhook.DefaultConfig().Keep-1))
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		n, err = r.Sweep(ctx, r.clock.now().Add(1000*webhook.DefaultConfig().Keep))
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		require.Len(t, r.deliveries(t, ours, e.ID, ""), 1)
		require.EqualValues(t, 1, r.count(t, "webhook_events"))

		d := r.settle(t, e.ID, 1)
		for i := range 55 {
			_, err := r.Redeliver(ctx, ours, e.ID, d.ID)
			require.NoError(t, err)
			r.settle(t, e.ID, i+2)
		}
		d, attempts, _, err := r.Delivery(ctx, ours, e.ID, d.ID)
		require.NoError(t, err)
		require.Equal(t, 56, d.Attempts)
		require.Len(t, attempts, 50)
		require.Equal(t, 7, attempts[0].Number)

		_, _, err = r.Rotate(ctx, ours, e.ID, time.Hour)
		require.NoError(t, err)
		_, err = r.Sweep(ctx, r.clock.now().Add(2*time.Hour))
		require.NoError(t, err)
		former, err := store.One(ctx, r.db, "look", func(row store.Row) (b []byte, err error) { err = row.Scan(&b); return b, err }, `SELECT former FROM webhook_endpoints`)
		require.NoError(t, err)
		require.Empty(t, former)
		require.NoError(t, r.Remove(ctx, ours, e.ID))
		_, err = r.Sweep(ctx, r.clock.now())
		require.NoError(t, err)
		require.Zero(t, r.count(t, "webhook_events"))
		require.Zero(t, r.count(t, "webhook_attempts"))
	})
}

func (r *rig) count(t *testing.T, table string) int64 {
	t.Helper()
	return countOf(t, r.db, table)
}

func countOf(t *testing.T, db store.DB, table string) int64 {
	t.Helper()
	n, err := store.One(t.Context(), db, "count", func(row store.Row) (n int64, err error) { err = row.Scan(&n); return n, err }, `SELECT count(*) FROM `+table)
	require.NoError(t, err)
	return n
}

func second[T any](_ T, err error) error { return err }
