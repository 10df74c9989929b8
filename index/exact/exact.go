// Package exact is the index that needs no other process: it holds every
// gallery in memory and its answers are those of comparing the probe with
// every template in float64.
package exact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"oneton/changelog"
	"oneton/index"
	"oneton/search"
)

// Config says how the index works.
type Config struct {
	// Workers is the most goroutines that one search uses; 0 means one for
	// each CPU.
	Workers int
	// Dir is a directory of the index's own, made when missing. With it,
	// vectors that only rescoring needs lie in files, and Save makes the
	// next start quick. When empty, everything is in memory.
	Dir string
}

// Index is a view of the change log that answers searches. It is safe for
// concurrent use. Every answer is of one moment, and neither does a search
// wait for changes nor do changes wait for a search.
type Index struct {
	cfg  Config
	lock *os.File
	// applying is held to change anything.
	applying sync.Mutex
	// healed says that the index has been emptied since the last Apply, whose
	// caller may not know of it yet.
	healed   bool
	position atomic.Uint64

	mu        sync.RWMutex
	galleries map[galleryKey]*gallery
}

type galleryKey struct{ tenant, gallery string }

var _ changelog.View = (*Index)(nil)

// New returns the index that Save left in cfg.Dir, at the position it was
// saved at, or an empty one at position 0. What is damaged counts as not
// there, since the log can rebuild it. ErrLocked means that another process
// uses the directory.
func New(cfg Config) (*Index, error) {
	if cfg.Workers < 0 {
		return nil, fmt.Errorf("make index: %d workers", cfg.Workers)
	}
	x := &Index{cfg: cfg, galleries: make(map[galleryKey]*gallery)}
	if cfg.Dir == "" {
		return x, nil
	}
	if err := x.open(); err != nil {
		_ = x.Close()
		return nil, fmt.Errorf("open index: %w", err)
	}
	return x, nil
}

// Position implements changelog.View.
func (x *Index) Position() uint64 { return x.position.Load() }

// Apply implements changelog.View. Applying any change again leaves the index
// the same. After an error some galleries may have come further than Position.
func (x *Index) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if x.healed {
		x.healed = false
		return errEmptied
	}
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
	x.clear(batches)
	return nil
}

// clear removes the galleries that a batch has emptied. Until the index is at
// the batch's position they tell searches of it.
func (x *Index) clear(batches []*batch) {
	for _, b := range batches {
		if g := x.gallery(b.key); g != nil && len(g.shelves) == 0 {
			x.mu.Lock()
			delete(x.galleries, b.key)
			x.mu.Unlock()
		}
	}
}

func (x *Index) applyTo(b *batch, next uint64) error {
	g := x.gallery(b.key)
	if g != nil && !b.dropped {
		return g.apply(b.faces, next)
	}
	// Readers see the gallery that was dropped until the one that takes its
	// place is whole.
	fresh := newGallery(x.cfg)
	if err := fresh.apply(b.faces, next); err != nil {
		return err
	}
	x.mu.Lock()
	x.galleries[b.key] = fresh
	x.mu.Unlock()
	if g != nil {
		g.leave((*shelf).discard)
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
	p := x.snapshot(q.Scope, q.Filter)
	defer p.release()
	q, err := q.In(p.rows.count)
	if err != nil {
		return index.Result{}, err
	}
	hits, err := p.search(ctx, q)
	if errors.Is(err, search.ErrDamaged) {
		err = errors.Join(err, x.heal(q.Scope, p.gallery))
	}
	if err != nil {
		return index.Result{}, err
	}
	return index.Result{Hits: hits, Faces: p.rows.count, Position: p.position}, nil
}

// heal forgets everything after a search met a damaged file, unless that has
// been done since. The index is back at position 0, from where the log
// rebuilds it: the next Apply fails, since its changes may have been read when
// the index was further.
func (x *Index) heal(scope index.Scope, damaged *gallery) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if x.gallery(galleryKey{scope.Tenant, scope.Gallery}) != damaged {
		return nil
	}
	x.healed = true
	return x.forget()
}

// Faces is how many faces the scope holds.
func (x *Index) Faces(ctx context.Context, scope index.Scope) (int, error) {
	p := x.snapshot(scope, nil)
	defer p.release()
	return p.rows.count, ctx.Err()
}

// snapshot is the scope's shelf at one moment, with the position of it.
func (x *Index) snapshot(scope index.Scope, filter map[string][]string) snapshot {
	for {
		// Read before the gallery is looked up: what is absent then has no
		// change up to this position. The index may have passed positions that
		// have no change of the gallery.
		position := x.position.Load()
		g := x.gallery(galleryKey{scope.Tenant, scope.Gallery})
		if g == nil {
			return snapshot{position: position}
		}
		if p, ok := g.snapshot(scope.Pack, filter); ok {
			p.position = max(p.position, position)
			return p
		}
	}
}

// unchanged calls do with the scope's shelf, if there is one, while nothing
// changes the index.
func (x *Index) unchanged(scope index.Scope, do func(*shelf)) {
	x.applying.Lock()
	defer x.applying.Unlock()
	if g := x.gallery(galleryKey{scope.Tenant, scope.Gallery}); g != nil && g.shelves[scope.Pack] != nil {
		do(g.shelves[scope.Pack])
	}
}

// Close frees the index; it is empty afterwards. Nothing is saved.
func (x *Index) Close() error {
	x.applying.Lock()
	defer x.applying.Unlock()
	x.empty()
	if x.lock == nil {
		return nil
	}
	if err := x.lock.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("unlock directory: %w", err)
	}
	return nil
}

// empty takes everything out of the memory.
func (x *Index) empty() {
	x.mu.Lock()
	galleries := x.galleries
	x.galleries = make(map[galleryKey]*gallery)
	x.mu.Unlock()
	for _, g := range galleries {
		g.leave((*shelf).close)
	}
}
