// Package qdrant is the index that a Qdrant cluster searches. Its answers are
// those of index/exact: by default Qdrant compares the probe with every
// template of the gallery, and the cosines of those near enough are computed
// again in float64.
//
// Each pack has a collection. A face is a point whose id is the face's and
// whose payload has the tenant, the gallery, the subject and the metadata.
// Beside the faces, in the same collection and so in the same write-ahead log,
// lie the points that hold what is true of them: for each gallery its number
// of subjects, and markers with the log's position up to which the collection
// has come. A marker is written last, so that what it covers is there even
// after a crash of Qdrant's machine; the index's position is that of the marker
// furthest behind, and is 0 when a collection is gone.
//
// One process at a time may Apply. In that process a search of a gallery sees
// all of a call's changes or none. Other processes only search; their answers
// hold everything up to the position that they name, and may hold some of what
// is being applied; the number of faces that they say, and that their threshold
// follows from, is never less than was searched.
package qdrant

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	api "github.com/qdrant/go-client/qdrant"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"

	"oneton/changelog"
	"oneton/index"
)

// Index is a view of the change log that answers searches. It is safe for
// concurrent use.
type Index struct {
	cfg    Config
	client *api.Client
	locks  *locks

	applying sync.Mutex
	// position is 0 until the index is loaded.
	position atomic.Uint64
	// wasAt is the position before the last time that Qdrant went back.
	wasAt atomic.Uint64
	// back says that Qdrant went back since the last Apply, whose caller may
	// not know of it yet.
	back atomic.Bool

	// loading is held by the one who looks at what Qdrant has.
	loading *semaphore.Weighted
	mu      sync.RWMutex
	// home is nil until the index is loaded.
	home   *space
	spaces map[string]*space
}

var _ changelog.View = (*Index)(nil)

// New returns the index that the collections of cfg's prefix are. When Qdrant
// cannot be reached now, Position is 0 until it can; until then, as whenever
// it is away, other methods fail with index.ErrUnavailable. It fails with
// ErrNotAccepted when cfg asks for a search that is not allowed yet.
func New(ctx context.Context, cfg Config) (*Index, error) { return newIndex(ctx, cfg) }

func newIndex(ctx context.Context, cfg Config, options ...grpc.DialOption) (*Index, error) {
	x, err := unloaded(cfg, options...)
	if err != nil {
		return nil, err
	}
	err = x.Load(ctx)
	if err == nil && cfg.Search == HNSW {
		err = x.accepted(ctx)
	}
	if err != nil && !errors.Is(err, index.ErrUnavailable) {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// unloaded is an index that has asked Qdrant nothing yet.
func unloaded(cfg Config, options ...grpc.DialOption) (*Index, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure qdrant: %w", err)
	}
	key, err := cfg.key()
	if err != nil {
		return nil, err
	}
	cfg.APIKey = key
	client, err := dial(cfg, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to qdrant: %w", err)
	}
	return &Index{cfg: cfg, client: client, locks: newLocks(), loading: semaphore.NewWeighted(1)}, nil
}

// Close ends the connections. What Qdrant has stays.
func (x *Index) Close() error { return x.client.Close() }

// Position implements changelog.View.
func (x *Index) Position() uint64 { return x.position.Load() }

// Load looks at what Qdrant has, so that Position is the view's. Every other
// method calls it when need be; a follower that shall notice that the view is
// ahead of its log starts after it.
func (x *Index) Load(ctx context.Context) error {
	if err := x.loading.Acquire(ctx, 1); err != nil {
		return x.failed(ctx, "wait for a look at collections", err)
	}
	defer x.loading.Release(1)
	x.mu.RLock()
	loaded := x.home != nil
	x.mu.RUnlock()
	if loaded {
		return nil
	}
	return x.load(ctx)
}

func (x *Index) load(ctx context.Context) error {
	home, spaces, err := x.find(ctx)
	if err != nil {
		return err
	}
	if home == nil {
		if home, err = x.create(ctx, "", 0); err != nil {
			return err
		}
	}
	position, err := x.durable(ctx, home, spaces)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.home, x.spaces = home, spaces
	if before := x.position.Swap(position); position < before {
		x.wentBack(before)
	}
	return nil
}

// find looks for the collections; home is nil where there is none.
func (x *Index) find(ctx context.Context) (home *space, spaces map[string]*space, err error) {
	names, err := x.client.ListCollections(ctx)
	if err != nil {
		return nil, nil, x.failed(ctx, "list collections", err)
	}
	spaces = make(map[string]*space)
	for _, name := range names {
		if !x.own(name) {
			continue
		}
		s, err := x.open(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if name == x.cfg.Prefix {
			home = s
		} else {
			spaces[s.pack] = s
		}
	}
	return home, spaces, nil
}

// forget makes the next call look at what Qdrant has.
func (x *Index) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.home, x.spaces = nil, nil
}

// known are the collections.
func (x *Index) known(ctx context.Context) (home *space, spaces map[string]*space, err error) {
	for {
		x.mu.RLock()
		home, spaces = x.home, x.spaces
		x.mu.RUnlock()
		if home != nil {
			return home, spaces, nil
		}
		if err := x.Load(ctx); err != nil {
			return nil, nil, err
		}
	}
}

// space is the collection of the pack, or nil when there is none.
func (x *Index) space(ctx context.Context, pack string) (*space, error) {
	_, spaces, err := x.known(ctx)
	return spaces[pack], err
}

// learn notes a collection that has come.
func (x *Index) learn(s *space) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.spaces == nil {
		return // forgotten meanwhile, and found by the next look
	}
	x.spaces = maps.Clone(x.spaces) // others read the old one
	x.spaces[s.pack] = s
}

// Reset deletes the collections and starts from position 0. A follower that
// runs on applies the log anew; an Apply under way fails.
func (x *Index) Reset(ctx context.Context) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if err := x.drop(ctx); err != nil {
		return err
	}
	return x.Load(ctx)
}

// Remove deletes the collections. The index is of no use afterwards.
func (x *Index) Remove(ctx context.Context) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	return x.drop(ctx)
}

func (x *Index) drop(ctx context.Context) error {
	names, err := x.client.ListCollections(ctx)
	if err != nil {
		return x.failed(ctx, "list collections", err)
	}
	x.forget()
	for _, name := range names {
		if !x.own(name) {
			continue
		}
		if err := x.client.DeleteCollection(ctx, name); err != nil {
			return x.failed(ctx, "delete collection "+name, err)
		}
	}
	return nil
}
