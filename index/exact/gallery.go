package exact

import (
	"errors"
	"fmt"
	"maps"
	"sync"

	"oneton/changelog"
	"oneton/face"
	"oneton/search"
)

// gallery holds a shelf for each pack that the gallery has templates of.
// Whoever changes it is alone; mu is held only to show the changes to searches
// and by searches to take a snapshot, never while one of them works.
type gallery struct {
	cfg Config
	// end frees a shelf that has left.
	end func(*shelf)
	// staged, unless nil, is called when an apply has done its work and
	// searches do not see it yet.
	staged func()

	mu sync.RWMutex
	// position is that of the log up to which the gallery has come, or a lower
	// one since which no change was of it.
	position uint64
	shelves  map[string]*shelf
	// closed says that the gallery has left the index.
	closed bool
}

func newGallery(cfg Config, end func(*shelf)) *gallery {
	return &gallery{cfg: cfg, end: end, shelves: make(map[string]*shelf)}
}

// apply makes the changes; searches see all or none. On an error nothing is
// changed; templates of another dimension than their shelf's are a
// *changelog.UnfitError. After a panic the gallery must leave the index.
func (g *gallery) apply(faces []faceChange, next uint64) error {
	shelves := maps.Clone(g.shelves)
	var edits []*shelfEdit
	done := false
	defer func() {
		if done {
			return
		}
		for _, e := range edits {
			e.abandon()
		}
		g.endAbsent(shelves, g.shelves)
	}()
	var unfit changelog.UnfitError
	for _, f := range faces {
		if f.change.Kind != changelog.PutFace {
			continue
		}
		dimension := len(f.change.Template)
		if shelves[f.change.Pack] == nil {
			s, err := newShelf(g.cfg, dimension)
			if err != nil {
				return err
			}
			shelves[f.change.Pack] = s
		}
		if want := shelves[f.change.Pack].dimension; dimension != want {
			unfit.Seqs = append(unfit.Seqs, f.change.Seq)
			unfit.Err = fmt.Errorf("templates of pack %s have %d dimensions, not %d: %w", f.change.Pack, want, dimension, face.ErrDimension)
		}
	}
	if unfit.Err != nil {
		return &unfit
	}
	for pack, s := range shelves {
		e, err := s.stage(pack, faces)
		if err != nil {
			return err
		}
		edits = append(edits, e)
	}
	for _, e := range edits {
		e.note()
	}
	made := maps.Clone(shelves)
	maps.DeleteFunc(shelves, func(_ string, s *shelf) bool { return len(s.people) == 0 })
	if g.staged != nil {
		g.staged()
	}
	g.publish(edits, shelves, next)
	done = true
	g.endAbsent(made, shelves)
	return nil
}

func (g *gallery) publish(edits []*shelfEdit, shelves map[string]*shelf, next uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range edits {
		e.publish()
	}
	g.shelves = shelves
	g.position = max(g.position, next)
}

// endAbsent ends the shelves of from that have left.
func (g *gallery) endAbsent(from, left map[string]*shelf) {
	for pack, s := range from {
		if left[pack] != s {
			g.end(s)
		}
	}
}

// reach says that the gallery has come to a position.
func (g *gallery) reach(position uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.position = max(g.position, position)
}

func (g *gallery) reached() uint64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.position
}

// snapshot is a pack's shelf at one moment, or nothing when the gallery has
// none. It must be released.
type snapshot struct {
	gallery  *gallery
	position uint64
	// shelf is nil when there is none.
	shelf  *shelf
	set    search.Snapshot
	rows   *rows
	chosen chosen
}

// snapshot waits for nothing that takes long; false means that the gallery has
// left the index.
func (g *gallery) snapshot(pack string, filter map[string][]string) (snapshot, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return snapshot{}, false
	}
	p := snapshot{gallery: g, position: g.position, shelf: g.shelves[pack], rows: new(rows)}
	if p.shelf == nil {
		return p, true
	}
	var err error
	if p.set, err = p.shelf.set.Snapshot(); err != nil {
		// A shelf is closed only after it has left its gallery.
		panic(errors.Join(errors.New("exact: shelf of a gallery is closed"), err))
	}
	p.rows = p.shelf.rows.Load()
	p.chosen = p.shelf.labels.choose(filter)
	return p, true
}

func (p *snapshot) release() {
	if p.shelf != nil {
		p.set.Release()
	}
}

// leave takes the gallery's shelves from its readers and ends them. Searches
// that have a snapshot go on.
func (g *gallery) leave() {
	g.mu.Lock()
	shelves := g.shelves
	g.closed, g.shelves = true, nil
	g.mu.Unlock()
	for _, s := range shelves {
		g.end(s)
	}
}
