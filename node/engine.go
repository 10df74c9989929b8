package node

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"oneton/changelog"
	"oneton/config"
	"oneton/identify"
	"oneton/index/exact"
	"oneton/index/verify"
	"oneton/store"
)

// engine searches a view of the log, and brings it along.
type engine interface {
	identify.Index
	identify.Follower
	changelog.View
	// Verify compares the view with the log.
	Verify(ctx context.Context, log changelog.Log, o verify.Options) (verify.Verification, error)
	// tasks bring the view along the log.
	tasks() []task
	// ready returns nil when this server should be sent requests, which may
	// speak of the position.
	ready(ctx context.Context, position uint64) error
	// failing is why the view does not come along; nil while it does.
	failing() error
	// aside are the changes that the view goes on without; see
	// changelog.Follower.
	aside() (changes []changelog.Change, more bool)
	// rebuild forgets the view; while it runs, it is built anew.
	rebuild(ctx context.Context) error
	Close() error
}

func openEngine(ctx context.Context, cfg config.Config, t *Truth, log zerolog.Logger) (engine, error) {
	if cfg.Index.Engine == "qdrant" {
		return openQdrant(ctx, cfg, t, log)
	}
	return openExact(ctx, cfg, t, log)
}

// exactEngine is the index of this process alone.
type exactEngine struct {
	*exact.Index
	follower *changelog.Follower
	// save is how often the index is saved; 0 is never.
	save time.Duration
	// full tells whether what room there is must be left to the database.
	full func() bool
	log  zerolog.Logger
}

var _ engine = (*exactEngine)(nil)

// openExact resumes the exact index where it was saved. One that is ahead of
// the log has followed another, as after a restored backup, and starts anew.
func openExact(ctx context.Context, cfg config.Config, t *Truth, log zerolog.Logger) (engine, error) {
	e, err := resumeExact(cfg, t, log)
	if err != nil {
		return nil, err
	}
	position, err := t.Store.Position(ctx)
	if err == nil && e.Position() > position {
		log.Warn().Uint64("index", e.Position()).Uint64("database", position).Msg("the saved index is ahead of the database and is built anew")
		err = e.Reset()
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func resumeExact(cfg config.Config, t *Truth, log zerolog.Logger) (*exactEngine, error) {
	at := exact.Config{Report: func(err error) {
		if errors.Is(err, exact.ErrVersion) {
			log.Info().Err(err).Msg("the saved index is of another version of the program")
			return
		}
		log.Error().Err(err).Msg("the index met a fault")
	}, Scanned: cfg.Index.Scanned}
	if cfg.Index.Save > 0 {
		at.Dir = filepath.Join(cfg.Data, "index")
	}
	x, err := exact.New(at)
	if err != nil {
		return nil, err
	}
	return &exactEngine{
		Index: x, follower: changelog.NewFollower(t.Store, x, changelog.FollowerConfig{SetAside: setAside(log)}),
		save: cfg.Index.Save, full: t.Full, log: log,
	}, nil
}

func (e *exactEngine) Wait(ctx context.Context, position uint64) error {
	return e.follower.Wait(ctx, position)
}

func (e *exactEngine) WaitFor(ctx context.Context, tenant store.TenantID, gallery store.GalleryID, position uint64) error {
	return e.follower.WaitFor(ctx, tenant, gallery, position)
}

func (e *exactEngine) Notify() { e.follower.Notify() }

func (e *exactEngine) ready(ctx context.Context, position uint64) error { return e.Wait(ctx, position) }

func (e *exactEngine) failing() error { return e.follower.Err() }

func (e *exactEngine) aside() ([]changelog.Change, bool) { return e.follower.Aside() }

func (e *exactEngine) rebuild(context.Context) error { return e.Reset() }

func (e *exactEngine) tasks() []task {
	return []task{{"follow the database", e.follower.Run}, {"save the index", e.keep}}
}

// keep makes the index durable every so often, and once more when ctx ends.
func (e *exactEngine) keep(ctx context.Context) error {
	if e.save == 0 {
		return nil
	}
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-time.After(e.save):
		}
		if e.full() {
			e.log.Warn().Msg("the index is not saved while the disk is full")
			continue
		}
		if err := e.Save(ctx); err != nil {
			e.log.Error().Err(err).Msg("the index was not saved; the next start rebuilds what is missing")
		}
	}
	return nil
}

// setAside logs what the index goes on without.
func setAside(log zerolog.Logger) func(changelog.Change) {
	return func(c changelog.Change) {
		log.Error().Err(c.Damage).Uint64("position", c.Seq).Str("tenant", string(c.Tenant)).Str("gallery", string(c.Gallery)).Str("face", string(c.Face)).
			Msg("a face is damaged in the database and is set aside: searches do not see it, or not by its metadata")
	}
}
