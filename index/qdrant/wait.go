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
		at, err := x.Check(ctx)
		if err != nil {
			return err
		}
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

// Check looks whether Qdrant still has what it had, and returns the position
// that it has come to. It fails with index.ErrUnavailable, and Position goes
// back, when Qdrant has lost something; a follower then applies it again.
func (x *Index) Check(ctx context.Context) (uint64, error) {
	before := x.position.Load()
	at, err := x.Durable(ctx)
	if err != nil {
		return 0, err
	}
	if err := x.compared(before, at); err != nil {
		return 0, err
	}
	x.position.CompareAndSwap(before, at)
	return at, nil
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
	at, collections := home.marked(points)
	if at > before {
		if err := x.meet(ctx, collections); err != nil {
			return 0, err
		}
		return x.Check(ctx)
	}
	return at, x.compared(before, at)
}

// meet learns of collections that another process has made. One that is gone
// is an error.
func (x *Index) meet(ctx context.Context, collections []string) error {
	_, spaces, err := x.known(ctx)
	if err != nil {
		return err
	}
	there := make(map[string]bool)
	for _, s := range spaces {
		there[s.name] = true
	}
	for _, name := range collections {
		if there[name] {
			continue
		}
		s, err := x.open(ctx, name)
		if err != nil {
			return err
		}
		x.learn(s)
		there[name] = true
	}
	return nil
}

// Durable is the position that Qdrant has come to, as it says now: 0 when a
// collection is gone.
func (x *Index) Durable(ctx context.Context) (uint64, error) {
	home, spaces, err := x.known(ctx)
	if err != nil {
		return 0, err
	}
	return x.durable(ctx, home, spaces)
}
