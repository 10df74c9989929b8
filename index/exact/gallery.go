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
	// staged, unless nil, is called when an apply has done its work and
	// searches do not see it yet.
	staged func()

	mu       sync.RWMutex
	position uint64
	shelves  map[string]*shelf
	// closed says that the gallery has left the index.
	closed bool
}

func newGallery(cfg Config) *gallery {
	return &gallery{cfg: cfg, shelves: make(map[string]*shelf)}
}

// apply makes the changes; searches see all or none. On an error nothing is
// changed; templates of another dimension than their shelf's are a
// *changelog.UnfitError.
func (g *gallery) apply(faces []faceChange, next uint64) (err error) {
	shelves := maps.Clone(g.shelves)
	var edits []*shelfEdit
	defer func() {
		if err == nil {
			return
		}
		for _, e := range edits {
			e.abandon()
		}
		discardAbsent(shelves, g.shelves)
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
	discardAbsent(made, shelves)
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

// discardAbsent discards the shelves of from that have left.
func discardAbsent(from, left map[string]*shelf) {
	for pack, s := range from {
		if left[pack] != s {
			s.discard()
		}
	}
}

// snapshot is a pack's shelf at one moment, or nothing when the gallery has
// none. It must be released.
type snapshot struct {
	gallery  *gallery
	position uint64
	// shelf is nil when there is none.
	shelf  *shelf
	set    search.Snapshot
	rows   rows
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
	p := snapshot{gallery: g, position: g.position, shelf: g.shelves[pack]}
	if p.shelf == nil {
		return p, true
	}
	var err error
	if p.set, err = p.shelf.set.Snapshot(); err != nil {
		// A shelf is closed only after it has left its gallery.
		panic(errors.Join(errors.New("exact: shelf of a gallery is closed"), err))
	}
	p.rows = p.shelf.rows
	p.chosen = p.shelf.labels.choose(filter)
	return p, true
}

func (p *snapshot) release() {
	if p.shelf != nil {
		p.set.Release()
	}
}

// leave takes the gallery's shelves from its readers and lets end have them.
// Searches that have a snapshot go on.
func (g *gallery) leave(end func(*shelf)) {
	g.mu.Lock()
	shelves := g.shelves
	g.closed, g.shelves = true, nil
	g.mu.Unlock()
	for _, s := range shelves {
		end(s)
	}
}
