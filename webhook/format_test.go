package webhook_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/argument"
	"oneton/store"
	"oneton/store/storetest"
	"oneton/webhook"
)

// signedResult is the data of events that have a result.
type signedResult struct {
	JWS string `json:"jwsResult"`
}

const jws = "eyJraWQiOiIxIiwiYWxnIjoiUlMyNTYifQ.eyJkYXRhIjp7fX0.c2lnbmF0dXJl-_"

// whole is a message of a result, byte for byte.
func whole(result string) string { return `{"jwsResult":"` + result + `"}` }

// receiveAs is a receiver that takes a message from whom it knows alone.
func (r *rig) receiveAs(t *testing.T, knows func(*http.Request) bool) *receiver {
	t.Helper()
	to := receive(t, r.clock)
	to.says(func(w http.ResponseWriter, req *http.Request) {
		if !knows(req) {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	return to
}

// Results go, as the whole of a message, to receivers that know requests by each kind
// of credentials; nothing else goes there, and standard webhooks have them as events.
func TestResultsInTheFormatOfUqudo(t *testing.T) {
	for name, c := range map[string]struct {
		credentials *webhook.Credentials
		scheme      string
		knows       func(*http.Request) bool
		wrong       webhook.Credentials
	}{
		"none": {scheme: "none", knows: func(r *http.Request) bool { return r.Header.Get("Authorization") == "" }, wrong: webhook.Credentials{User: "x", Password: "y"}},
		"basic": {
			credentials: &webhook.Credentials{User: "ada", Password: "pass: wörd"}, scheme: "basic",
			knows: func(r *http.Request) bool {
				user, password, ok := r.BasicAuth()
				return ok && user == "ada" && password == "pass: wörd"
			},
			wrong: webhook.Credentials{User: "ada", Password: "other"},
		},
		"header": {
			credentials: &webhook.Credentials{Header: "x-api-key", Value: "s3 cret"}, scheme: "header",
			knows: func(r *http.Request) bool {
				return len(r.Header.Values("X-Api-Key")) == 1 && r.Header.Get("X-Api-Key") == "s3 cret"
			},
			wrong: webhook.Credentials{Header: "X-Api-Key", Value: "other"},
		},
		"bearer": {
			credentials: &webhook.Credentials{Header: "Authorization", Value: "Bearer t"}, scheme: "header",
			knows: func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer t" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, r *rig) {
				ctx, to, beside := t.Context(), r.receiveAs(t, c.knows), receive(t, r.clock)
				e, secret, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: to.URL, Credentials: c.credentials}, Format: webhook.Uqudo})
				require.NoError(t, err)
				require.Empty(t, secret)
				require.Empty(t, e.PublicKeys)
				require.Equal(t, c.scheme, e.Authentication.Scheme())
				require.NotContains(t, fmt.Sprintf("%+v", e), "cret")
				require.NotContains(t, fmt.Sprintf("%+v", e), "wörd")
				same, err := r.Endpoint(ctx, ours, e.ID)
				require.NoError(t, err)
				require.Equal(t, e.Authentication, same.Authentication)
				standard, key := r.add(t, ours, beside.URL)

				r.emit(t, "ours", "user.created", map[string]int{"number": 1})
				r.emit(t, "theirs", "session.completed", signedResult{jws})
				r.emit(t, "ours", "session.completed", signedResult{jws})
				m := to.wait(t, 1)[0]
				require.Equal(t, whole(jws), string(m.body))
				require.Equal(t, "application/json", m.header.Get("Content-Type"))
				for h := range m.header {
					require.NotContains(t, strings.ToLower(h), "webhook")
				}
				require.Equal(t, webhook.Delivered, r.settle(t, e.ID, 1).State)
				require.Len(t, to.messages(), 1)
				for _, s := range beside.wait(t, 2) {
					require.True(t, s.genuine(t, key, standard.PublicKeys...))
					if s.content(t).Type == "session.completed" {
						require.Equal(t, map[string]any{"jwsResult": jws}, s.content(t).Data)
					}
				}

				// Other credentials are a fault of which the log tells nothing secret, until they are right.
				if c.scheme == "none" || c.wrong.Scheme() == "none" {
					return
				}
				set := func(to webhook.Credentials) {
					_, err := r.Update(ctx, ours, e.ID, false, func(e webhook.Endpoint) (webhook.Settable, error) {
						e.Credentials = &to
						return e.Settable, nil
					})
					require.NoError(t, err)
				}
				set(c.wrong)
				r.emit(t, "ours", "session.completed", signedResult{jws + "2"})
				var d webhook.Delivery
				require.Eventually(t, func() bool {
					d = r.deliveries(t, ours, e.ID, "")[0]
					return d.Attempts == 1
				}, patience, 5*time.Millisecond)
				require.Equal(t, "the receiver answered 401", d.Last.Fault)
				_, _, body, err := r.Delivery(ctx, ours, e.ID, d.ID)
				require.NoError(t, err)
				require.Equal(t, whole(jws+"2"), string(body))
				set(*c.credentials)
				r.advance(10 * time.Second)
				require.Equal(t, jws+"2", strings.Split(string(to.wait(t, 3)[2].body), `"`)[3])
			})
		})
	}
}

// A result is there until all receivers have taken it, as a dead letter too, and then
// nowhere.
func TestTakenResultsAreErased(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, first, second := t.Context(), receive(t, r.clock), receive(t, r.clock)
		second.says(status(http.StatusInternalServerError))
		add := func(to *receiver) webhook.Endpoint {
			e, _, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: to.URL}, Format: webhook.Uqudo})
			require.NoError(t, err)
			return e
		}
		a, b := add(first), add(second)
		body := func(e webhook.Endpoint, d webhook.Delivery) string {
			_, _, body, err := r.Delivery(ctx, ours, e.ID, d.ID)
			require.NoError(t, err)
			return string(body)
		}
		r.emit(t, "ours", "session.completed", signedResult{jws})
		one := r.settle(t, a.ID, 1)
		require.Equal(t, webhook.Delivered, one.State)
		require.NotEmpty(t, body(a, one), "another waits for it")
		for try := range webhook.Tries {
			two := r.settle(t, b.ID, try+1)
			if try < webhook.Tries-1 {
				r.advance(two.NextAt.Sub(r.clock.now()))
			}
		}
		two := r.deliveries(t, ours, b.ID, webhook.Failed)[0]
		require.Equal(t, whole(jws), body(b, two))
		_, err := r.Redeliver(ctx, ours, a.ID, one.ID)
		require.NoError(t, err)
		first.wait(t, 2)
		second.says(nil)
		_, err = r.RedeliverFailed(ctx, ours, b.ID, time.Time{})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return body(a, one) == "" && body(b, two) == "" }, patience, 5*time.Millisecond)
		require.Equal(t, first.messages()[0].body, second.messages()[webhook.Tries].body)
		for _, e := range []webhook.Endpoint{a, b} {
			_, err = r.Redeliver(ctx, ours, e.ID, r.deliveries(t, ours, e.ID, webhook.Delivered)[0].ID)
			require.ErrorIs(t, err, webhook.ErrErased)
		}
		require.Zero(t, r.count(t, `webhook_events WHERE length(body) > 0`))
		require.EqualValues(t, 1, r.count(t, `webhook_events`))

		// One that a receiver who has left had not taken is erased by the sweep.
		second.says(status(http.StatusInternalServerError))
		r.emit(t, "ours", "session.completed", signedResult{jws})
		require.Eventually(t, func() bool { return len(r.deliveries(t, ours, a.ID, webhook.Delivered)) == 2 }, patience, 5*time.Millisecond)
		require.EqualValues(t, 1, r.count(t, `webhook_events WHERE length(body) > 0`))
		require.NoError(t, r.Remove(ctx, ours, b.ID))
		_, err = r.Sweep(ctx, r.clock.now())
		require.NoError(t, err)
		require.Zero(t, r.count(t, `webhook_events WHERE length(body) > 0`))
		require.Len(t, r.deliveries(t, ours, a.ID, webhook.Delivered), 2)
		require.Zero(t, r.count(t, `job_inputs j JOIN jobs ON jobs.id = j.job WHERE jobs.ended_at IS NOT NULL`))
	})
}

// A result that waits lies sealed in the database, since it names a session, and opens
// under each version of the secret.
func TestWaitingResultsAreSealed(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		ctx, db, clock := t.Context(), handle(t), &ahead{}
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "ours"}))
		r, to := open(t, db, keys{1}, clock, config()), receive(t, clock)
		to.says(status(http.StatusInternalServerError))
		e, _ := r.add(t, ours, to.URL)
		tried := func(r *rig, state webhook.State, attempts int) (d webhook.Delivery, body string) {
			t.Helper()
			require.Eventually(t, func() bool {
				all := r.deliveries(t, ours, e.ID, state)
				if len(all) == 1 {
					d = all[0]
				}
				return d.Attempts == attempts
			}, patience, 5*time.Millisecond)
			_, _, text, err := r.Delivery(ctx, ours, e.ID, d.ID)
			require.NoError(t, err)
			return d, string(text)
		}
		r.emit(t, "ours", "session.completed", signedResult{jws})
		_, body := tried(r, webhook.Pending, 1)
		require.Contains(t, body, jws)
		kept, err := store.One(ctx, db, "look", func(row store.Row) (b []byte, err error) {
			err = row.Scan(&b)
			return b, err
		}, `SELECT body FROM webhook_events`)
		require.NoError(t, err)
		require.NotContains(t, string(kept), "session.completed")
		require.NotContains(t, string(kept), jws[:16])
		r.stop()

		// The keys of an endpoint are made anew under another secret, what waits is not.
		other := open(t, db, keys{3}, clock, config())
		_, secret, err := other.Rotate(ctx, ours, e.ID, "", 0)
		require.NoError(t, err)
		other.advance(10 * time.Second)
		d, body := tried(other, webhook.Pending, 2)
		require.Equal(t, "the result was sealed under a secret that the server does not have", d.Last.Fault)
		require.Empty(t, body)
		other.stop()

		both := open(t, db, keys{3, 1}, clock, config())
		to.says(nil)
		both.advance(time.Hour)
		_, body = tried(both, webhook.Delivered, 3)
		require.Empty(t, body)
		m := to.messages()[len(to.messages())-1]
		require.True(t, m.genuine(t, secret))
		require.Equal(t, jws, m.content(t).Data["jwsResult"])
	})
}

// What is of one format alone is refused of the other, and what no request can have.
func TestFormatsAreChecked(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		long := strings.Repeat("x", 4097)
		for name, c := range map[string]struct {
			add      webhook.NewEndpoint
			argument string
		}{
			"format":            {webhook.NewEndpoint{Format: "other"}, "format"},
			"types":             {webhook.NewEndpoint{Format: webhook.Uqudo, Settable: webhook.Settable{Types: []string{"user.created"}}}, "types"},
			"secret":            {webhook.NewEndpoint{Format: webhook.Uqudo, Secret: ownSecret(32)}, "secret"},
			"signed":            {webhook.NewEndpoint{Settable: webhook.Settable{Credentials: &webhook.Credentials{}}}, "authentication"},
			"both":              {with(webhook.Credentials{User: "u", Header: "X-A", Value: "v"}), "authentication"},
			"colon":             {with(webhook.Credentials{User: "u:", Password: "p"}), "authentication"},
			"control":           {with(webhook.Credentials{User: "u", Password: "p\r\nX: y"}), "authentication"},
			"no user":           {with(webhook.Credentials{Password: "p"}), "authentication"},
			"no header":         {with(webhook.Credentials{Value: "v"}), "authentication"},
			"no value":          {with(webhook.Credentials{Header: "X-A"}), "authentication"},
			"no name":           {with(webhook.Credentials{Header: "X A", Value: "v"}), "authentication"},
			"name with a break": {with(webhook.Credentials{Header: "X-A\r\nX-B", Value: "v"}), "authentication"},
			"host":              {with(webhook.Credentials{Header: "host", Value: "internal"}), "authentication"},
			"length":            {with(webhook.Credentials{Header: "content-length", Value: "0"}), "authentication"},
			"coding":            {with(webhook.Credentials{Header: "Transfer-Encoding", Value: "chunked"}), "authentication"},
			"proxy":             {with(webhook.Credentials{Header: "proxy-authorization", Value: "v"}), "authentication"},
			"break":             {with(webhook.Credentials{Header: "X-A", Value: "v\r\nX-B: w"}), "authentication"},
			"blank":             {with(webhook.Credentials{Header: "X-A", Value: " v"}), "authentication"},
			"not ascii":         {with(webhook.Credentials{Header: "X-A", Value: "é"}), "authentication"},
			"long":              {with(webhook.Credentials{User: "u", Password: long}), "authentication"},
		} {
			c.add.URL = "https://example.org"
			_, _, err := r.Add(ctx, ours, c.add)
			var about *argument.Error
			require.ErrorAs(t, err, &about, name)
			require.Equal(t, c.argument, about.Argument, name)
			require.ErrorIs(t, err, webhook.ErrInvalid)
			require.NotContains(t, err.Error(), "chunked")
		}
		e, _, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: "https://example.org", Types: []string{"session.completed"}}, Format: webhook.Uqudo})
		require.NoError(t, err)
		require.Equal(t, []string{"session.completed"}, e.Types)
		_, _, err = r.Rotate(ctx, ours, e.ID, "", time.Hour)
		require.ErrorIs(t, err, webhook.ErrUnsigned)
		for _, data := range []any{1, map[string]int{"jwsResult": 1}, signedResult{}, struct{}{}} {
			err := r.db.Update(ctx, "cause", func(tx store.Tx) error { return r.Emit(tx, "ours", "session.completed", data) })
			require.ErrorIs(t, err, webhook.ErrType)
		}
		require.Zero(t, r.count(t, `webhook_events`))
	})
}

func with(c webhook.Credentials) webhook.NewEndpoint {
	return webhook.NewEndpoint{Format: webhook.Uqudo, Settable: webhook.Settable{Credentials: &c}}
}

// A test of a receiver and a challenge come with its credentials; those lie sealed, and
// under another secret nothing is sent.
func TestCredentialsAreSealed(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		ctx, db, clock := t.Context(), handle(t), &ahead{}
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "ours"}))
		r := open(t, db, keys{1}, clock, config())
		to := r.receiveAs(t, func(req *http.Request) bool { return req.Header.Get("X-Api-Key") == "credential" })
		answer := to.answer
		to.says(func(w http.ResponseWriter, req *http.Request) {
			answer(w, req)
			m := to.messages()
			_, challenge, _ := strings.Cut(string(m[len(m)-1].body), `"challenge":"`)
			fmt.Fprint(w, strings.TrimSuffix(challenge, `"}`))
		})
		e, _, err := r.Add(ctx, ours, webhook.NewEndpoint{
			Settable: webhook.Settable{URL: to.URL, Credentials: &webhook.Credentials{Header: "X-Api-Key", Value: "credential"}},
			Format:   webhook.Uqudo, Verify: true,
		})
		require.NoError(t, err)
		require.NotZero(t, e.VerifiedAt)
		_, err = r.Test(ctx, ours, e.ID)
		require.NoError(t, err)
		require.Equal(t, webhook.Delivered, r.settle(t, e.ID, 1).State)
		require.Equal(t, whole(""), string(to.messages()[1].body))
		sealed, err := store.One(ctx, db, "look", func(row store.Row) (b []byte, err error) { err = row.Scan(&b); return b, err }, `SELECT sealed FROM webhook_endpoints`)
		require.NoError(t, err)
		require.NotContains(t, string(sealed), "credential")
		r.stop()

		other := open(t, db, keys{3}, clock, config())
		got, err := other.Endpoint(ctx, ours, e.ID)
		require.NoError(t, err)
		require.Nil(t, got.Authentication)
		other.emit(t, "ours", "session.completed", signedResult{jws})
		require.Eventually(t, func() bool {
			d := other.deliveries(t, ours, e.ID, webhook.Pending)
			return len(d) == 1 && d[0].Last != nil && d[0].Last.Fault == "the endpoint's keys or credentials cannot be opened; rotate or set them"
		}, patience, 5*time.Millisecond)
		_, err = other.Update(ctx, ours, e.ID, false, func(e webhook.Endpoint) (webhook.Settable, error) {
			e.Credentials = &webhook.Credentials{Header: "X-Api-Key", Value: "credential"}
			return e.Settable, nil
		})
		require.NoError(t, err)
		other.advance(10 * time.Second)
		require.Equal(t, whole(jws), string(to.wait(t, 3)[2].body))

		// What is sealed of one endpoint, or as of another format, is no other's.
		second, _ := other.add(t, ours, to.URL)
		require.NoError(t, db.Update(ctx, "swap", func(tx store.Tx) error {
			_, err := tx.Exec(`UPDATE webhook_endpoints SET format = 'uqudo' WHERE id = $1`, second.ID)
			return err
		}))
		got, err = other.Endpoint(ctx, ours, second.ID)
		require.NoError(t, err)
		require.Nil(t, got.Authentication)
	})
}

func ownSecret(size int) string { return "whsec_" + base64.StdEncoding.EncodeToString(bytes(7, size)) }

// Owners may bring the secret that they sign with elsewhere, of the sizes that the
// standard has.
func TestOwnSecrets(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		for i, size := range []int{24, 25, 32, 63, 64} {
			own := ownSecret(size)
			e, told, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: to.URL}, Secret: own})
			require.NoError(t, err)
			require.Equal(t, own, told)
			require.Len(t, e.PublicKeys, 1)
			_, err = r.Test(ctx, ours, e.ID)
			require.NoError(t, err)
			require.True(t, to.wait(t, 2*i+1)[2*i].genuine(t, own, e.PublicKeys...))
			next := ownSecret(88 - size)
			rotated, told, err := r.Rotate(ctx, ours, e.ID, next, time.Hour)
			require.NoError(t, err)
			require.Equal(t, next, told)
			require.Len(t, rotated.PublicKeys, 2)
			_, err = r.Test(ctx, ours, e.ID)
			require.NoError(t, err)
			m := to.wait(t, 2*i+2)[2*i+1]
			require.True(t, m.genuine(t, own))
			require.True(t, m.genuine(t, next))
		}
		e, _ := r.add(t, ours, to.URL)
		for _, wrong := range []string{
			ownSecret(23), ownSecret(65), "whsec_", "whsec", strings.TrimPrefix(ownSecret(32), "whsec_"), "WHSEC_" + ownSecret(32)[6:],
			strings.TrimRight(ownSecret(32), "="), ownSecret(32) + "\n", "whsec_" + strings.Repeat("-_", 16), ownSecret(32)[:48] + "\n" + ownSecret(32)[48:],
		} {
			_, _, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: to.URL}, Secret: wrong})
			var about *argument.Error
			require.ErrorAs(t, err, &about, wrong)
			require.Equal(t, "secret", about.Argument)
			_, _, err = r.Rotate(ctx, ours, e.ID, wrong, 0)
			if wrong != "" {
				require.ErrorAs(t, err, &about, wrong)
			}
			require.NotContains(t, err.Error(), ownSecret(32)[6:20])
		}
	})
}
