package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"oneton/build"
	"oneton/config"
	"oneton/index/exact"
	"oneton/node"
	"oneton/store"
)

var (
	errAhead = errors.New("the index is ahead of the database")
	errHeld  = errors.New("another process has the data folder")
)

// sight is what is seen of the database.
type sight interface {
	CheckSecret(ctx context.Context) error
	Position(ctx context.Context) (uint64, error)
	Now(ctx context.Context) (time.Time, error)
	Close() error
}

// patience bounds the look at a database that does not answer.
const patience = 10 * time.Second

func (p *patient) close() {
	if p.sight != nil {
		_ = p.sight.Close()
	}
}

func missingReserve(cfg config.Config) int64 { return node.MissingReserve(cfg) }

func lookAtDatabase(ctx context.Context, p *patient) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	seen, err := node.Look(ctx, p.cfg)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		return "", err
	case errors.Is(err, store.ErrOlderSchema):
		return p.cfg.Store.Driver + ", of an older version or empty: the next start of a server brings its tables to this version", nil
	case errors.Is(err, fs.ErrNotExist) && p.cfg.Store.Driver == "sqlite":
		return "there is none yet, and a server makes one", nil
	case errors.Is(err, errNotFolder) || errors.Is(err, fs.ErrPermission):
		return "", skipped("the folder comes first")
	case err != nil:
		return "", err
	}
	p.sight = seen
	return p.cfg.Store.Driver + ", of this version", nil
}

// unseen is why what is in the database cannot be compared.
func (p *patient) unseen() error {
	if p.sight == nil {
		return skipped("the database comes first")
	}
	return nil
}

func lookAtSecret(ctx context.Context, p *patient) (string, error) {
	if err := p.unseen(); err != nil {
		return "", err
	}
	if err := p.sight.CheckSecret(ctx); err != nil {
		return "", err
	}
	return "is the one that the database knows, or none is needed yet", nil
}

// mostApart is how far the clocks of a server and of its database may differ:
// what a server signs is checked by others' clocks, which RFC 7519 lets differ by
// no more than a few minutes.
const mostApart = time.Minute

func lookAtClock(ctx context.Context, p *patient) (string, error) {
	now := p.now()
	if built := build.Read().Time; now.Before(built) {
		return "", fmt.Errorf("%w: it says %s, before this program was built at %s", node.ErrClock, now.UTC().Format(time.RFC3339), built.Format(time.RFC3339))
	}
	err := node.CheckClock(p.cfg, now)
	if errors.Is(err, node.ErrClockAhead) {
		return "", warning{err}
	}
	if errors.Is(err, errNotFolder) || errors.Is(err, fs.ErrPermission) {
		return "", skipped("the folder comes first")
	}
	if err != nil {
		return "", err
	}
	if p.sight == nil || p.cfg.Store.Driver == "sqlite" {
		return "nothing is known against it", nil
	}
	theirs, err := p.sight.Now(ctx)
	if err != nil {
		return "", err
	}
	if apart := theirs.Sub(p.now()).Round(time.Second); apart.Abs() > mostApart {
		return "", fmt.Errorf("%w, or the database's: they are %s apart", node.ErrClock, apart.Abs())
	}
	return "agrees with the database's", nil
}

func lookAtIndex(ctx context.Context, p *patient) (string, error) {
	at, used, err := node.LookAtIndex(ctx, p.cfg)
	p.used = used
	if exact.Damaged(err) {
		return "", warning{err}
	}
	if errors.Is(err, errNotFolder) || errors.Is(err, fs.ErrPermission) {
		return "", skipped("the folder comes first")
	}
	if err != nil {
		return "", err
	}
	if err := p.unseen(); err != nil {
		return "", err
	}
	end, err := p.sight.Position(ctx)
	if err != nil {
		return "", err
	}
	if at > end {
		return "", fmt.Errorf("%w: it is at position %d of %d", errAhead, at, end)
	}
	return fmt.Sprintf("%s, at position %d of %d", p.cfg.Index.Engine, at, end), nil
}
