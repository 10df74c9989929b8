package webhook_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
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
