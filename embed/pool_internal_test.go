package embed

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPoolRefusesWhenQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, 1, 0)
		first, err := p.acquire(t.Context())
		require.NoError(t, err)
		second, err := p.acquire(t.Context())
		require.NoError(t, err)
		require.NotSame(t, first, second)

		waited := make(chan *worker)
		go func() {
			w, _ := p.acquire(t.Context())
			waited <- w
		}()
		synctest.Wait()
		_, err = p.acquire(t.Context())
		require.ErrorIs(t, err, ErrBusy)

		p.release(first)
		require.Same(t, first, <-waited)
		p.release(first)
		p.release(second)
		p.close()
	})
}

func TestPoolGivesUpWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 1, 0)
		w, err := p.acquire(t.Context())
		require.NoError(t, err)

		// Each who gives up leaves room for the next.
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			_, err = p.acquire(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(start))
			_, err = p.acquire(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		p.release(w)
		p.close()
	})
}

func TestPoolCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 1, 0)
		w, err := p.acquire(t.Context())
		require.NoError(t, err)
		waiting := make(chan error)
		go func() {
			_, err := p.acquire(t.Context())
			waiting <- err
		}()
		synctest.Wait()

		closed := make(chan struct{})
		go func() {
			p.close()
			p.close()
			close(closed)
		}()
		require.ErrorIs(t, <-waiting, ErrClosed)
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("closed while a worker is out")
		default:
		}
		p.release(w)
		<-closed
		_, err = p.acquire(t.Context())
		require.ErrorIs(t, err, ErrClosed)
	})
}
