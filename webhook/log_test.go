package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/webhook"
)

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

		_, _, err = r.Rotate(ctx, ours, e.ID, "", time.Hour)
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

// A delivery whose job came to its end while no server ran is a dead letter, and can be
// sent anew.
func TestForgottenDeliveriesAreDeadLetters(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		const day = 24 * time.Hour
		ctx, to := t.Context(), receive(t, r.clock)
		to.says(status(http.StatusInternalServerError))
		e, _ := r.add(t, ours, to.URL)
		r.emit(t, "ours", "user.created", 1)
		d := r.settle(t, e.ID, 1)
		require.NoError(t, r.db.Remove(ctx, "end job", func(tx store.Tx) error {
			_, err := tx.Exec(`DELETE FROM jobs`)
			return err
		}))
		_, err := r.Sweep(ctx, d.NextAt.Add(60*day-time.Second))
		require.NoError(t, err)
		require.Len(t, r.deliveries(t, ours, e.ID, webhook.Pending), 1)
		n, err := r.Sweep(ctx, d.NextAt.Add(60*day))
		require.NoError(t, err)
		require.Zero(t, n)
		failed := r.deliveries(t, ours, e.ID, webhook.Failed)
		require.Len(t, failed, 1)
		require.Zero(t, failed[0].NextAt)
		to.says(nil)
		again, err := r.RedeliverFailed(ctx, ours, e.ID, time.Time{})
		require.NoError(t, err)
		require.Equal(t, 1, again)
		require.Equal(t, webhook.Delivered, r.settle(t, e.ID, 2).State)
	})
}
