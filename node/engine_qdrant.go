package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"oneton/changelog"
	"oneton/config"
	"oneton/index/qdrant"
	"oneton/store"
)

// rebuildRetry is the pause before a Qdrant that could not be emptied is asked
// again.
const rebuildRetry = time.Second

const (
	// checkInterval is how often it is looked whether Qdrant has lost something.
	checkInterval = time.Second
	// patience is after how long a process that cannot reach Qdrant lets others
	// try.
	patience = 30 * time.Second
)

var errNoQdrant = errors.New("qdrant cannot be reached from here; another process may try")

// qdrantEngine is the index that a Qdrant cluster holds for all processes of
// one database. Of these, one at a time brings it along; all search it.
type qdrantEngine struct {
	*qdrant.Index
	truth *Truth
	// turn is the name of the right to bring the collections along.
	turn     string
	patience time.Duration
	log      zerolog.Logger
	// follower is nil while another process brings the index along.
	follower atomic.Pointer[changelog.Follower]
}

var _ engine = (*qdrantEngine)(nil)

func openQdrant(ctx context.Context, cfg config.Config, t *Truth, log zerolog.Logger) (engine, error) {
	at := cfg.Index.Qdrant
	x, err := qdrant.New(ctx, at)
	if errors.Is(err, qdrant.ErrNotAccepted) {
		return nil, fmt.Errorf("index.qdrant.search is %s, which 'oneton index recall' must measure first and --accept: %w", at.Search, err)
	}
	if err != nil {
		return nil, err
	}
	return &qdrantEngine{Index: x, truth: t, turn: "qdrant/" + at.Prefix, patience: patience, log: log}, nil
}

func (e *qdrantEngine) Notify() {
	if f := e.follower.Load(); f != nil {
		f.Notify()
	}
}

// Wait returns once the index has come to position, whoever brings it there;
// index.ErrUnavailable as soon as Qdrant does not answer.
func (e *qdrantEngine) Wait(ctx context.Context, position uint64) error {
	if e.Position() < position {
		e.Notify() // the position may be another process's
	}
	return e.Index.Wait(ctx, position)
}

// WaitFor waits for all galleries' changes: Qdrant has one position.
func (e *qdrantEngine) WaitFor(ctx context.Context, _ store.TenantID, _ store.GalleryID, position uint64) error {
	return e.Wait(ctx, position)
}

// ready is always: a Qdrant that is away is away for all servers, and none
// would be left to enrol.
func (e *qdrantEngine) ready(context.Context, uint64) error { return nil }

func (e *qdrantEngine) failing() error {
	if f := e.follower.Load(); f != nil {
		return f.Err()
	}
	return nil
}

// aside are none unless it is this process's turn to bring the index along.
func (e *qdrantEngine) aside() ([]changelog.Change, bool) {
	if f := e.follower.Load(); f != nil {
		return f.Aside()
	}
	return nil, false
}

func (e *qdrantEngine) rebuild(ctx context.Context) error { return e.Reset(ctx) }

func (e *qdrantEngine) tasks() []task { return []task{{"follow the database", e.run}} }

// run brings the index along whenever it is this process's turn, until ctx
// ends.
func (e *qdrantEngine) run(ctx context.Context) error {
	for {
		t, err := e.truth.acquire(ctx, e.turn)
		if err != nil {
			return err
		}
		e.log.Info().Msg("this process brings the index along")
		err = e.lead(ctx, t)
		t.Release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.log.Warn().Err(err).Msg("this process brings the index along no longer")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rebuildRetry):
		}
	}
}

// lead brings the index along until ctx or the turn ends. An index that is
// ahead of the log has followed another, as before a backup was restored, and
// is built anew.
func (e *qdrantEngine) lead(ctx context.Context, t turn) error {
	return during(ctx, t, func(ctx context.Context) error {
		ctx, cancel := context.WithCancelCause(ctx)
		var beside sync.WaitGroup
		defer beside.Wait()
		defer cancel(nil)
		beside.Go(func() { e.check(ctx, cancel) })
		for {
			f := changelog.NewFollower(e.truth.Store, e.Index, changelog.FollowerConfig{SetAside: setAside(e.log)})
			e.follower.Store(f)
			err := f.Run(ctx)
			e.follower.Store(nil)
			if !errors.Is(err, changelog.ErrAhead) {
				return context.Cause(ctx)
			}
			e.log.Warn().Err(err).Msg("the index is built anew")
			if err := e.Reset(ctx); err != nil {
				return err
			}
		}
	})
}

// check looks every so often whether Qdrant has lost something, so that it is
// applied again even if nobody searches or enrols, and gives up when Qdrant
// does not answer for long.
func (e *qdrantEngine) check(ctx context.Context, giveUp context.CancelCauseFunc) {
	for answered := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkInterval):
		}
		if _, err := e.Check(ctx); err == nil {
			answered = time.Now()
			continue
		}
		if time.Since(answered) > e.patience {
			giveUp(errNoQdrant)
		}
		e.Notify() // what is wrong, the follower meets and tells
	}
}
