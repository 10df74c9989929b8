package identify

import (
	"context"
	"fmt"
	"time"

	"oneton/store"
)

// Config is what the service is told once.
type Config struct {
	// DefaultPack is used where neither the request nor a gallery names one.
	DefaultPack string
	// DefaultPolicy is a new gallery's, where its owner does not say.
	DefaultPolicy store.Policy
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// Service answers the questions of package identify's doc. It is safe for
// concurrent use.
type Service struct {
	cfg      Config
	embedder Embedder
	index    Index
	follower Follower
	store    Store
	inserts  keyedLock
}

// New returns a service, or ErrInvalid when the configuration cannot work.
func New(cfg Config, e Embedder, i Index, f Follower, s Store) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if _, err := e.Calibration(cfg.DefaultPack); err != nil {
		return nil, fmt.Errorf("use default pack %q: %w", cfg.DefaultPack, err)
	}
	if err := validatePolicy(cfg.DefaultPolicy); err != nil {
		return nil, err
	}
	return &Service{cfg: cfg, embedder: e, index: i, follower: f, store: s}, nil
}

// now is the time to store, in the microseconds that every store keeps, so
// that an answer says what is read later.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// committed tells the follower that the log has grown.
func (s *Service) committed() { s.follower.Notify() }

// caughtUp waits until the index has applied the log up to position, and with
// position 0 up to everything acknowledged before the call.
func (s *Service) caughtUp(ctx context.Context, position uint64) error {
	if position == 0 {
		var err error
		if position, err = s.store.Position(ctx); err != nil {
			return fmt.Errorf("read position: %w", err)
		}
	}
	if err := s.follower.Wait(ctx, position); err != nil {
		return fmt.Errorf("wait for the index: %w", err)
	}
	return nil
}
