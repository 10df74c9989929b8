package qdrant

import (
	"context"
	"time"
)

// The pauses between looks at the position of an index that another process
// brings along.
const (
	firstLook   = 2 * time.Millisecond
	longestLook = 50 * time.Millisecond
)

// Wait returns once the index has come to position, whichever process brings
// it there: at once when it has. Otherwise it returns ctx's error, or
// index.ErrUnavailable as soon as Qdrant does not answer.
func (x *Index) Wait(ctx context.Context, position uint64) error {
	for pause := firstLook; x.Position() < position; pause = min(2*pause, longestLook) {
		at, err := x.refresh(ctx)
		if err != nil {
			return err
		}
		if at >= position {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

// waitDurable waits until all collections say themselves that they have come
// to position.
func (x *Index) waitDurable(ctx context.Context, position uint64) error {
	for {
		home, spaces, err := x.known(ctx)
		if err != nil {
			return err
		}
		before := x.position.Load()
		at, err := x.durable(ctx, home, spaces)
		if err != nil {
			return err
		}
		if err := x.compared(before, at); err != nil {
			return err
		}
		x.position.CompareAndSwap(before, at)
		if at >= position {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(longestLook):
		}
	}
}

// refresh reads the position, which another process may have raised.
func (x *Index) refresh(ctx context.Context) (uint64, error) {
	ctx, cancel := bound(ctx, x.cfg.Timeout)
	defer cancel()
	home, _, err := x.known(ctx)
	if err != nil {
		return 0, err
	}
	before := x.position.Load()
	points, err := x.get(ctx, home, home.markers)
	if err != nil {
		return 0, err
	}
	at, _ := home.marked(points)
	if err := x.compared(before, at); err != nil {
		return 0, err
	}
	x.position.CompareAndSwap(before, at)
	return at, nil
}
