package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

// testNow checks that handles agree on the time.
func testNow(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	var last time.Time
	for range 5 {
		for _, s := range []Store{a.Store, b.Store} {
			require.NoError(t, s.Update(ctx, "tell the time", func(tx store.Tx) error {
				now, err := tx.Now()
				require.NoError(t, err)
				require.Equal(t, time.UTC, now.Location())
				require.Equal(t, now, now.Truncate(time.Microsecond))
				require.False(t, now.Before(last), "%v, and before it %v", now, last)
				again, err := tx.Now()
				require.NoError(t, err)
				require.Equal(t, now, again)
				last = now
				return nil
			}))
			require.NoError(t, s.Read(ctx, "tell the time", func(r store.Reader) error {
				now, err := r.Now()
				require.NoError(t, err)
				require.Equal(t, time.UTC, now.Location())
				require.False(t, now.Before(last), "%v, and before it %v", now, last)
				last = now
				return nil
			}))
		}
	}
	require.WithinDuration(t, time.Now(), last, time.Minute)
}

// testAnnouncements checks that who listens in another process hears of what was
// committed, once it was, and of no other room's.
func testAnnouncements(t *testing.T, open Open) {
	a, b := opened(t, open), opened(t, open)
	refused := errors.New("refused")
	announce := func(room string, err error) {
		require.ErrorIs(t, a.Update(t.Context(), "announce", func(tx store.Tx) error {
			tx.Announce(room)
			tx.Announce(room)
			return err
		}), err)
	}
	announce("heard", nil)
	listener, ok := b.Store.(store.Listener)
	if !ok {
		return // whoever shares the file polls
	}
	ctx, end := context.WithCancel(t.Context())
	heard, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- listener.ListenFor(ctx, "heard", func() {
			select {
			case heard <- struct{}{}:
			case <-ctx.Done():
			}
		})
	}()
	const patience = 20 * time.Second
	hears := func(why string) {
		t.Helper()
		select {
		case <-heard:
		case <-time.After(patience):
			t.Fatal("not heard: " + why)
		}
	}
	hears("it begins to listen")
	for range 3 {
		announce("other", nil)
		announce("heard", nil)
		hears("another process has announced")
	}
	announce("heard", refused)
	announce("other", nil)
	announce("heard", nil)
	hears("another process has announced")
	select { // at most what the refused one has left behind
	case <-heard:
	case <-time.After(100 * time.Millisecond):
	}
	select {
	case <-heard:
		t.Fatal("heard more than was announced")
	case <-time.After(100 * time.Millisecond):
	}
	end()
	require.ErrorIs(t, <-ended, context.Canceled)
}
