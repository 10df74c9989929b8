package signature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Tended is what Tend did.
type Tended struct {
	// Made is the id of a key that was made; empty is none.
	Made string
	// Removed is how many have ended and were erased.
	Removed int
}

// Tend makes the next key when it is time, and erases those that have ended. Of
// several processes that do it at once one makes a key.
func (s *Service) Tend(ctx context.Context) (t Tended, err error) {
	r, err := s.ready(ctx)
	if err != nil {
		return t, err
	}
	if s.due(r) {
		s.making.Lock()
		id, made, err := s.make(ctx, r.next(), s.cfg.Ahead)
		s.making.Unlock()
		if err != nil {
			return t, err
		}
		if made {
			t.Made = id
		}
	}
	for _, k := range r.keys {
		if k.Use != Ended {
			continue
		}
		if err := s.table.remove(ctx, k.ID); err != nil && !errors.Is(err, ErrUnknown) { // another process was quicker
			return t, err
		}
		t.Removed++
	}
	return t, nil
}

// due tells whether the next key is to be made: when the newest's time is nearly over,
// when it is under an older secret, and when a wrong clock made it.
func (s *Service) due(r ring) bool {
	k, ok := r.newest()
	switch {
	case !ok:
		return false
	case k.CreatedAt.After(r.now.Add(clocks)):
		return true
	case k.Use == Waiting: // processes whose secrets differ for a while make one, and not one each
		return false
	case k.seal != 0:
		return true
	}
	return s.cfg.Rotate > 0 && !r.now.Before(k.SignsFrom.Add(s.cfg.Rotate-s.cfg.Ahead))
}

// clocks is how far a clock may be set back without being called wrong.
const clocks = 5 * time.Minute

// Rotate makes the next key, which signs after Config.Ahead, or at once. It is
// ErrWaiting when one waits already and it is not to be at once.
func (s *Service) Rotate(ctx context.Context, atOnce bool) (Key, error) {
	s.making.Lock()
	defer s.making.Unlock()
	for {
		r, err := s.ring(ctx)
		if err != nil {
			return Key{}, err
		}
		k, some := r.newest()
		if some && k.Use == Waiting && !atOnce {
			return k, fmt.Errorf("%w: %s, from %s on", ErrWaiting, k.ID, k.SignsFrom.Format(time.RFC3339))
		}
		after := s.cfg.Ahead
		if atOnce || !some {
			after = 0
		}
		id, made, err := s.make(ctx, r.next(), after)
		if err != nil {
			return Key{}, err
		}
		if made {
			return s.key(ctx, id)
		}
	}
}

// Revoke erases a key: what it signed is refused from now on, and where it signed,
// another does.
func (s *Service) Revoke(ctx context.Context, id string) error {
	if err := s.table.revoke(ctx, id); err != nil {
		return err
	}
	_, err := s.ready(ctx)
	return err
}

func (s *Service) key(ctx context.Context, id string) (Key, error) {
	r, err := s.ring(ctx)
	if err != nil {
		return Key{}, err
	}
	i := slices.IndexFunc(r.keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	return r.keys[i], nil
}
