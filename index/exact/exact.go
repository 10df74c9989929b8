// Package exact is the index that needs no other process: it holds every
// gallery in memory and its answers are those of comparing the probe with
// every template in float64.
package exact

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"oneton/changelog"
	"oneton/index"
	"oneton/search"
	"oneton/store"
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
	// Report, unless nil, is told what no caller is: which part of what was
	// saved is damaged, and why, and of every panic, with its stack.
	Report func(error)
	// Scanned, unless nil, is told of each scan: the rows it went over, what their codes
	// take, how many rows were compared in float64, and false when the codes in memory
	// were not as they were written.
	Scanned func(rows int, bytes int64, rescored int, certified bool)

	// traffic is of all the index's searches.
	traffic *search.Traffic
	sizes   sizes
}

// Index is a view of the change log that answers searches. It is safe for
// concurrent use. Every answer is of one moment, and neither does a search
// wait for changes nor do changes wait for a search.
type Index struct {
	cfg  Config
	lock *os.File
	// applying is held to change anything.
	applying sync.Mutex
	// healed says that a gallery has been lost since the last Apply, whose
	// caller may not know of it yet.
	healed   bool
	position atomic.Uint64
	// endings free shelves that have left. They are begun with applying held.
	endings sync.WaitGroup

	mu        sync.RWMutex
	galleries map[galleryKey]*gallery
	// rebuilding are the galleries that were lost, until the index is at the
	// position it was at then.
	rebuilding map[galleryKey]uint64

	// saving is held by a Save. It is taken before applying.
	saving sync.Mutex
	// files is held to change what is kept. It is taken last.
	files sync.Mutex
	kept  kept
	// losses counts how often something was lost that the log must fill.
	losses int
}

type galleryKey struct {
	tenant  store.TenantID
	gallery store.GalleryID
}

var _ changelog.View = (*Index)(nil)

// New returns the index that Save left in cfg.Dir, at the position it was
// saved at, or an empty one at position 0. A gallery that is damaged counts as
// not there, and the index as at position 0, since the log can rebuild it.
// search.ErrConfig means that no index can be made as configured, by cfg or the
// environment, and ErrLocked that another process uses the directory.
func New(cfg Config) (*Index, error) {
	cfg.traffic, cfg.sizes = new(search.Traffic), defaultSizes
	probe, err := search.New(search.Config{Dimension: 1, Workers: cfg.Workers})
	if err != nil {
		return nil, fmt.Errorf("make index: %w", err)
	}
	if err := probe.Close(); err != nil {
		return nil, fmt.Errorf("make index: %w", err)
	}
	x := &Index{cfg: cfg, galleries: make(map[galleryKey]*gallery), rebuilding: make(map[galleryKey]uint64)}
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
		if err := x.applySafely(b, next); err != nil {
			return fmt.Errorf("apply changes of gallery %s: %w", b.key.gallery, err)
		}
	}
	x.reach(max(next, x.position.Load()))
	x.clear(batches)
	return nil
}

// reach says that the index has come to a position.
func (x *Index) reach(position uint64) {
	x.position.Store(position)
	x.mu.RLock()
	some := len(x.rebuilding) > 0
	x.mu.RUnlock()
	if some {
		x.mu.Lock()
		defer x.mu.Unlock()
		maps.DeleteFunc(x.rebuilding, func(_ galleryKey, until uint64) bool { return position >= until })
	}
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

// applySafely is applyTo that loses the gallery by a panic, and nothing more.
func (x *Index) applySafely(b *batch, next uint64) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanicked, v)
			x.report(fmt.Errorf("%w\n%s", err, debug.Stack()))
			x.lose(b.key)
		}
	}()
	return x.applyTo(b, next)
}

func (x *Index) applyTo(b *batch, next uint64) error {
	g := x.gallery(b.key)
	if g != nil && g.reached() > next {
		return nil // the log is read again for another's sake
	}
	if g != nil && !b.dropped {
		return g.apply(b.faces, next)
	}
	// Readers see the gallery that was dropped until the one that takes its
	// place is whole.
	fresh := newGallery(x.cfg, x.end)
	if err := fresh.apply(b.faces, next); err != nil {
		return err
	}
	x.mu.Lock()
	x.galleries[b.key] = fresh
	x.mu.Unlock()
	if g != nil {
		g.leave()
	}
	return nil
}

// end frees a shelf that has left, once the searches of it have ended. The
// caller holds applying.
func (x *Index) end(s *shelf) { x.endings.Go(s.close) }

func (x *Index) gallery(k galleryKey) *gallery {
	g, _ := x.lookUp(k)
	return g
}

// Search returns the subjects nearest to the probe; see index.Query and
// index.Result. A gallery of which the log has told nothing is empty.
func (x *Index) Search(ctx context.Context, q index.Query) (index.Result, error) {
	if err := q.Check(); err != nil {
		return index.Result{}, err
	}
	p, err := x.snapshot(q.Scope, q.Filter)
	if err != nil {
		return index.Result{}, err
	}
	defer p.release()
	q, err = q.In(p.rows.count)
	if err != nil {
		return index.Result{}, err
	}
	hits, work, err := p.search(ctx, q, x.cfg.Scanned)
	if errors.Is(err, search.ErrDamaged) {
		x.heal(keyOf(q.Scope), p.gallery, err)
	}
	if err != nil {
		return index.Result{}, err
	}
	return index.Result{Hits: hits, Faces: p.rows.count, Position: p.position, Work: work}, nil
}

// heal loses a gallery of which a damaged file was met, unless that has been
// done since. The next Apply fails, since its changes may have been read when
// the index was further.
func (x *Index) heal(key galleryKey, damaged *gallery, why error) {
	x.applying.Lock()
	defer x.applying.Unlock()
	if x.gallery(key) != damaged {
		return
	}
	x.report(fmt.Errorf("gallery %s of tenant %s leaves the index, and is built anew from the log: %w", key.gallery, key.tenant, why))
	x.healed = true
	x.lose(key)
}

// lose takes a gallery out of the index, which then is at position 0, from
// where the log fills the gap; the other galleries stay where they are. Until
// then the gallery is not to be searched. The caller holds applying or is alone.
func (x *Index) lose(key galleryKey) {
	x.files.Lock()
	x.losses++
	x.files.Unlock()
	position := x.position.Load()
	x.mu.Lock()
	g := x.galleries[key]
	delete(x.galleries, key)
	until := position
	for _, other := range x.rebuilding {
		until = max(until, other)
	}
	x.rebuilding[key] = until
	for _, other := range x.galleries {
		other.reach(position)
	}
	x.mu.Unlock()
	x.position.Store(0)
	if g != nil {
		g.leave()
	}
}

func (x *Index) report(err error) {
	if x.cfg.Report != nil {
		x.cfg.Report(err)
	}
}

// Faces is how many faces the scope holds.
func (x *Index) Faces(ctx context.Context, scope index.Scope) (int, error) {
	p, err := x.snapshot(scope, nil)
	if err != nil {
		return 0, err
	}
	defer p.release()
	return p.rows.count, ctx.Err()
}

// snapshot is the scope's shelf at one moment, with the position of it.
func (x *Index) snapshot(scope index.Scope, filter map[string][]string) (snapshot, error) {
	for {
		// Read before the gallery is looked up: what is absent then has no
		// change up to this position. The index may have passed positions that
		// have no change of the gallery.
		position := x.position.Load()
		g, rebuilding := x.lookUp(keyOf(scope))
		if rebuilding {
			return snapshot{}, fmt.Errorf("%w: the gallery is being built anew", index.ErrUnavailable)
		}
		if g == nil {
			return snapshot{position: position, rows: new(rows)}, nil
		}
		if p, ok := g.snapshot(scope.Pack, filter); ok {
			p.position = max(p.position, position)
			return p, nil
		}
	}
}

// Reached is the position of the log up to which the index has applied the
// changes of a gallery, which may be beyond its own position.
func (x *Index) Reached(tenant store.TenantID, gallery store.GalleryID) uint64 {
	position := x.position.Load()
	if g, rebuilding := x.lookUp(galleryKey{tenant, gallery}); g != nil && !rebuilding {
		position = max(position, g.reached())
	}
	return position
}

func keyOf(s index.Scope) galleryKey { return galleryKey{s.Tenant, s.Gallery} }

// lookUp returns the gallery, or nil, and whether it is being built anew.
func (x *Index) lookUp(k galleryKey) (g *gallery, rebuilding bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, rebuilding = x.rebuilding[k]
	return x.galleries[k], rebuilding
}

// unchanged calls do with the scope's shelf, if there is one, while nothing
// changes the index.
func (x *Index) unchanged(scope index.Scope, do func(*shelf)) {
	x.applying.Lock()
	defer x.applying.Unlock()
	if g := x.gallery(keyOf(scope)); g != nil && g.shelves[scope.Pack] != nil {
		do(g.shelves[scope.Pack])
	}
}

// Close frees the index; it is empty afterwards. Nothing is saved, not by a Save
// either that it meets.
func (x *Index) Close() error {
	x.applying.Lock()
	x.empty()
	x.applying.Unlock()
	x.saving.Lock()
	defer x.saving.Unlock()
	if x.lock == nil {
		return nil
	}
	if err := x.lock.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("unlock directory: %w", err)
	}
	return nil
}

// empty takes everything out of the memory. The caller holds applying.
func (x *Index) empty() {
	x.files.Lock()
	x.losses++
	x.files.Unlock()
	x.mu.Lock()
	galleries := x.galleries
	x.galleries = make(map[galleryKey]*gallery)
	clear(x.rebuilding)
	x.mu.Unlock()
	for _, g := range galleries {
		g.leave()
	}
	x.endings.Wait()
}
