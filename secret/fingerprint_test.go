package secret_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/secret"
	"oneton/store"
	"oneton/store/storetest"
)

func TestFingerprints(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		handles := []secret.Fingerprints{secret.NewFingerprints(open(t)), secret.NewFingerprints(open(t))}
		_, err := handles[0].Fingerprint(ctx)
		require.ErrorIs(t, err, store.ErrNotFound)

		const workers = 8
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
	})
}
