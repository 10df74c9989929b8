package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/argument"
	"oneton/store"
	"oneton/webhook"
)

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
			e, secret, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: webhook.Settable{URL: to.URL}, Verify: true})
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
			"rotate": func() error { _, _, err := r.Rotate(ctx, theirs, e.ID, "", 0); return err }(),
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
			_, _, err := r.Add(ctx, ours, webhook.NewEndpoint{Settable: bad})
			var about *argument.Error
			require.ErrorAs(t, err, &about)
			require.Equal(t, name, about.Argument)
		}
		_, err := r.Deliveries(ctx, ours, webhook.Query{State: "lost"})
		require.ErrorIs(t, err, webhook.ErrInvalid)
		for range webhook.MaxEndpoints {
			r.add(t, ours, "https://example.org")
		}
		_, _, err = r.Add(ctx, ours, webhook.NewEndpoint{Settable: good})
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

func second[T any](_ T, err error) error { return err }
