package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

func testFingerprint(t *testing.T, open Open) {
	handles, ctx := []Store{opened(t, open), opened(t, open)}, t.Context()
	_, err := handles[0].Fingerprint(ctx)
	require.ErrorIs(t, err, store.ErrNotFound)

	agreed, errs := make([][]byte, workers), make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			agreed[w], errs[w] = handles[w%len(handles)].AgreeFingerprint(context.Background(), []byte{byte(w), 0, 255})
		})
	}
	wg.Wait()
	for w := range workers {
		require.NoError(t, errs[w])
		require.Equal(t, agreed[0], agreed[w], "all are told the same")
	}
	require.Len(t, agreed[0], 3)
	got, err := handles[1].Fingerprint(ctx)
	require.NoError(t, err)
	require.Equal(t, agreed[0], got)

	require.NoError(t, handles[0].ReplaceFingerprint(ctx, []byte("other")))
	got, err = handles[1].AgreeFingerprint(ctx, []byte("third"))
	require.NoError(t, err)
	require.Equal(t, "other", string(got))
}
