package search

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func asking(probes int) *request { return &request{queries: make([]*query, probes)} }

func TestQueueSharesTheNextScan(t *testing.T) {
	var q queue
	a, b, c, large, last := asking(1), asking(2), asking(3), asking(maxProbes), asking(1)
	require.True(t, q.enter(a), "a lone request never waits")
	require.Equal(t, []*request{a}, q.join(a))
	for _, r := range []*request{b, c, large, last} {
		require.False(t, q.enter(r))
	}

	q.leave(nil)
	lead, err := q.wait(context.Background(), b)
	require.NoError(t, err)
	require.True(t, lead)
	require.Equal(t, []*request{b, c}, q.join(b), "what there is room for, in order")
	q.leave([]*request{c})
	lead, err = q.wait(context.Background(), c)
	require.NoError(t, err)
	require.False(t, lead, "answered")

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	lead, err = q.wait(gone, last)
	require.False(t, lead)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, <-large.turn)
	require.Equal(t, []*request{large}, q.join(large))
	q.leave(nil)
	require.True(t, q.enter(a), "free again")
}

// TestQueuePassesOnTheLeadOfOneWhoLeft cancels a request that has been given
// the lead already.
func TestQueuePassesOnTheLeadOfOneWhoLeft(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 { // select chooses either way
		var q queue
		a, b, c := asking(1), asking(1), asking(1)
		require.True(t, q.enter(a))
		require.False(t, q.enter(b))
		require.False(t, q.enter(c))
		q.leave(nil)
		if lead, err := q.wait(gone, b); lead {
			require.NoError(t, err)
			q.leave(nil)
		}
		require.True(t, <-c.turn)
	}
}
