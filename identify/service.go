package identify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"oneton/store"
)

// Config is what the service is told once.
type Config struct {
	// DefaultPack is used where neither the request nor a gallery names one.
	DefaultPack string
	// DefaultPolicy is a new gallery's, where its owner does not say.
	DefaultPolicy store.Policy
	// PositionWait is how long a search waits for an index that has come to
	// the position it names; 0 is 5 s.
	PositionWait time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	// Fixed are galleries whose people other rooms know by their ids: nobody is merged,
	// split or moved there.
	Fixed []string
	// Observer is told what the service does; nil is nobody.
	Observer Observer
}

// defaultPositionWait is well above what a replica needs that follows: a
// commit's notification, or a poll each second.
const defaultPositionWait = 5 * time.Second

// Service answers the questions of package identify's doc. It is safe for
// concurrent use.
type Service struct {
	cfg      Config
	embedder Embedder
	index    Index
	follower Follower
	store    Store
	// observed tells that there is an observer who asked for it, and searches counts
	// those of large galleries.
	observer Observer
	observed bool
	searches atomic.Uint64
	recent   recent
	counts   counts
}

// New returns a service, or ErrInvalid when the configuration cannot work.
func New(cfg Config, e Embedder, i Index, f Follower, s Store) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.PositionWait = cmp.Or(cfg.PositionWait, defaultPositionWait)
	if _, err := e.Calibration(cfg.DefaultPack); err != nil {
		return nil, fmt.Errorf("use default pack %q: %w", cfg.DefaultPack, err)
	}
	service := &Service{cfg: cfg, embedder: e, index: i, follower: f, store: s, observer: nobody{}}
	if cfg.Observer != nil {
		service.observer, service.observed = cfg.Observer, true
	}
	if err := service.validatePolicy(cfg.DefaultPack, cfg.DefaultPolicy); err != nil {
		return nil, err
	}
	return service, nil
}

// now is the time to store, in the microseconds that every store keeps, so
// that an answer says what is read later.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// committed tells the follower that the log has grown.
func (s *Service) committed() { s.follower.Notify() }

// caughtUp waits until the index has applied the log up to position, and with
// position 0 every change of the gallery that was acknowledged before the call.
func (s *Service) caughtUp(ctx context.Context, g store.Gallery, position uint64) (err error) {
	ctx, done := s.observer.Begin(ctx, "wait")
	defer func() { done(err) }()
	if position > 0 {
		return s.reached(ctx, position)
	}
	position, err = s.store.PositionOf(ctx, g.ID)
	if errors.Is(err, store.ErrNotFound) {
		// Deleted since the search began: its faces go with the log's end.
		position, err = s.store.Position(ctx)
	}
	if err != nil {
		return fmt.Errorf("read position: %w", err)
	}
	if err := s.follower.WaitFor(ctx, g.Tenant, g.ID, position); err != nil {
		return fmt.Errorf("wait for the index: %w", err)
	}
	return nil
}

// reached waits, for a while, until the index has applied the log up to a
// position that a caller was told of, maybe by another process.
func (s *Service) reached(ctx context.Context, position uint64) error {
	bound, cancel := context.WithTimeout(ctx, s.cfg.PositionWait)
	defer cancel()
	err := s.follower.Wait(bound, position)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("wait for the index: %w", err)
	}
	end, err := s.store.Position(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read position: %w", err)
	case position > end:
		return fmt.Errorf("wait for position %d of %d: %w", position, end, ErrPositionAhead)
	}
	return fmt.Errorf("wait for position %d of %d: %w", position, end, ErrPositionNotReached)
}
