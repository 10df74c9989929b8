package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/storetest"
	"oneton/webhook"
)

// For an overlap both keys sign, and then the new one alone.
func TestRotation(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		ctx, to := t.Context(), receive(t, r.clock)
		e, first := r.add(t, ours, to.URL)
		rotated, second, err := r.Rotate(ctx, ours, e.ID, "", time.Hour)
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

		_, third, err := r.Rotate(ctx, ours, e.ID, "", time.Hour)
		require.NoError(t, err)
		_, fourth, err := r.Rotate(ctx, ours, e.ID, "", time.Hour)
		require.NoError(t, err)
		signed(3, third, fourth)
		require.False(t, to.messages()[2].genuine(t, second), "of former keys the last alone")
		_, fifth, err := r.Rotate(ctx, ours, e.ID, "", 0)
		require.NoError(t, err)
		signed(4, fifth)
		for _, wrong := range []time.Duration{-1, webhook.MaxOverlap + 1} {
			_, _, err = r.Rotate(ctx, ours, e.ID, "", wrong)
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
			return len(d) == 1 && d[0].Last != nil && d[0].Last.Fault == "the endpoint's keys or credentials cannot be opened; rotate or set them"
		}, patience, 5*time.Millisecond)
		_, secret, err = other.Rotate(ctx, ours, e.ID, "", time.Hour)
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
