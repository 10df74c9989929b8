package webhook_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/store"
	"oneton/webhook"
)

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
