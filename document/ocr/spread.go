package ocr

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"oneton/pool"
)

// spread does n things, each on a worker of the pool, as many at once as it gives.
// Workers are given back after each, so that others have their turn. It returns
// when none is under way, with the first error.
func (r *Reader) spread(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	shared, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	work := func(helps bool) error {
		for next.Load() < int64(n) {
			w, err := r.workers.Acquire(shared)
			if helps && errors.Is(err, pool.ErrBusy) {
				return nil
			}
			if err != nil {
				return err
			}
			if i := next.Add(1) - 1; i < int64(n) {
				err = do(shared, int(i))
			}
			r.workers.Release(w)
			if err != nil {
				return err
			}
		}
		return nil
	}
	var hands sync.WaitGroup
	for hand := range min(n, r.workers.Size()-1) {
		hands.Go(func() {
			if err := work(hand > 0); err != nil {
				cancel(err)
			}
		})
	}
	hands.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.Cause(shared)
}
