// Package exact is the index that needs no other process: it holds every
// gallery in memory and its answers are those of comparing the probe with
// every template in float64.
package exact

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"oneton/changelog"
	"oneton/index"
)

// Config says how the index works.
type Config struct {
	// Workers is the most goroutines that one search uses; 0 means one for
	// each CPU.
	Workers int
}

// Index is a view of the change log that answers searches. It is safe for
// concurrent use; searches of one gallery wait for its changes and changes
// wait for its searches, so that every answer is of one moment.
type Index struct {
	cfg      Config
	applying sync.Mutex
	position atomic.Uint64

	mu        sync.RWMutex
	galleries map[galleryKey]*gallery
}

type galleryKey struct{ tenant, gallery string }

var _ changelog.View = (*Index)(nil)

// New returns an empty index, at position 0.
func New(cfg Config) (*Index, error) {
	if cfg.Workers < 0 {
		return nil, fmt.Errorf("make index: %d workers", cfg.Workers)
	}
	return &Index{cfg: cfg, galleries: make(map[galleryKey]*gallery)}, nil
}

// Position implements changelog.View.
func (x *Index) Position() uint64 { return x.position.Load() }

// Apply implements changelog.View. Applying any change again leaves the index
// the same. After an error some galleries may have come further than Position.
func (x *Index) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	batches, err := split(changes)
	if err != nil {
		return fmt.Errorf("apply changes: %w", err)
	}
	for _, b := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.applyTo(b, next); err != nil {
			return fmt.Errorf("apply changes of gallery %s: %w", b.key.gallery, err)
		}
	}
	x.position.Store(max(next, x.position.Load()))
	return nil
}

func (x *Index) applyTo(b *batch, next uint64) error {
	g := x.gallery(b.key)
	if g != nil && !b.dropped {
		return g.apply(b.faces, next)
	}
	// Readers see the gallery that was dropped until the one that takes its
	// place is whole.
	var fresh *gallery
	if len(b.faces) > 0 {
		fresh = newGallery(x.cfg)
		if err := fresh.apply(b.faces, next); err != nil {
			fresh.close()
			return err
		}
	}
	x.mu.Lock()
	if fresh != nil {
		x.galleries[b.key] = fresh
	} else {
		delete(x.galleries, b.key)
	}
	x.mu.Unlock()
	if g != nil {
		g.close()
	}
	return nil
}

func (x *Index) gallery(k galleryKey) *gallery {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.galleries[k]
}

// Search returns the subjects nearest to the probe; see index.Query and
// index.Result. A gallery of which the log has told nothing is empty.
func (x *Index) Search(ctx context.Context, q index.Query) (index.Result, error) {
	if err := q.Check(); err != nil {
		return index.Result{}, err
	}
	var r index.Result
	var err error
	r.Position = x.look(q.Scope, func(s *shelf) {
		r.Subjects = s.people.len()
		r.Hits, err = s.search(ctx, q)
	})
	if err != nil {
		return index.Result{}, err
	}
	return r, nil
}

// Subjects is how many subjects with a face the scope holds.
func (x *Index) Subjects(ctx context.Context, scope index.Scope) (n int, err error) {
	x.look(scope, func(s *shelf) { n = s.people.len() })
	return n, ctx.Err()
}

// look calls do with the scope's shelf, if there is one, while nothing changes
// it, and returns the position that do sees.
func (x *Index) look(scope index.Scope, do func(*shelf)) uint64 {
	for {
		// Read before the gallery is looked up: what is absent then has no
		// change up to this position.
		position := x.position.Load()
		g := x.gallery(galleryKey{scope.Tenant, scope.Gallery})
		if g == nil {
			return position
		}
		if position, ok := g.look(x, scope.Pack, do); ok {
			return position
		}
	}
}

// Close frees the index; it is empty afterwards.
func (x *Index) Close() error {
	x.applying.Lock()
	defer x.applying.Unlock()
	x.mu.Lock()
	galleries := x.galleries
	x.galleries = make(map[galleryKey]*gallery)
	x.mu.Unlock()
	for _, g := range galleries {
		g.close()
	}
	return nil
}
