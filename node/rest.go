package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"oneton/config"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/qdrant"
	"oneton/index/verify"
	"oneton/store"
)

var (
	errNotSaved = errors.New("index.engine is exact and index.save is 0: each server builds an index of its own at its start, and none is saved")
	errInUse    = errors.New("a server uses the saved index, and holds it in memory; ask its /readyz, or stop it first")
)

// Index is an index at rest and the truth that it is a view of, for one piece
// of work.
type Index struct {
	Truth  *Truth
	engine engine
	log    zerolog.Logger
}

// WithIndex opens the index that the settings name, without bringing it along.
// A saved index that a server holds is an error that says so.
func WithIndex(ctx context.Context, cfg config.Config, do func(*Index) error) error {
	if cfg.Index.Engine == "exact" && cfg.Index.Save == 0 {
		return errNotSaved
	}
	if err := Begun(cfg); err != nil {
		return err
	}
	cfg.Index.Qdrant.Search = "exact" // whatever servers do, here it is only looked
	t, err := OpenTruth(ctx, cfg)
	if err != nil {
		return err
	}
	log := zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr}).Level(zerolog.WarnLevel)
	var e engine
	if cfg.Index.Engine == "exact" {
		e, err = resumeExact(cfg, t, log)
	} else {
		e, err = openQdrant(ctx, cfg, t, log)
	}
	if errors.Is(err, exact.ErrLocked) {
		err = fmt.Errorf("%w (%s)", errInUse, filepath.Join(cfg.Data, "index"))
	}
	if err != nil {
		return errors.Join(err, t.Close())
	}
	return errors.Join(do(&Index{t, e, log}), e.Close(), t.Close())
}

// Qdrant is the index where it is Qdrant's, else nil.
func (i *Index) Qdrant() *qdrant.Index {
	if q, ok := i.engine.(*qdrantEngine); ok {
		return q.Index
	}
	return nil
}

// Position is the last change of the log that the index has applied.
func (i *Index) Position() uint64 { return i.engine.Position() }

// Faces is how many faces the index has in the scope.
func (i *Index) Faces(ctx context.Context, scope index.Scope) (int, error) {
	return i.engine.Faces(ctx, scope)
}

// Verify compares the index with the log.
func (i *Index) Verify(ctx context.Context, o verify.Options) (verify.Verification, error) {
	return i.engine.Verify(ctx, i.Truth.Store, o)
}

// Scope is where faces of the gallery are searched.
func (i *Index) Scope(ctx context.Context, g store.Gallery) (index.Scope, error) {
	space, err := i.Truth.Store.Space(ctx, g.Pack)
	return index.Scope{Tenant: g.Tenant, Gallery: g.ID, Pack: space.Name()}, err
}

// Rebuild forgets the index and brings it to the position.
func (i *Index) Rebuild(ctx context.Context, position uint64) error {
	if err := i.engine.rebuild(ctx); err != nil {
		return err
	}
	return i.ComeTo(ctx, position)
}

// ComeTo brings the index to the position, or waits for the server that does.
func (i *Index) ComeTo(ctx context.Context, position uint64) error {
	working, stop := context.WithCancel(ctx)
	work, working := errgroup.WithContext(working)
	work.Go(func() error { return runAll(working, i.log, i.engine.tasks()) })
	work.Go(func() error {
		defer stop()
		for {
			// The first tries may meet collections that are not there yet.
			err := i.engine.Wait(working, position)
			if err == nil || working.Err() != nil {
				return err
			}
			time.Sleep(turnRetry)
		}
	})
	err := work.Wait()
	if ctx.Err() == nil && errors.Is(err, context.Canceled) && i.Position() >= position {
		return nil
	}
	return err
}
