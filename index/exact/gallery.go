package exact

import (
	"sync"

	"oneton/changelog"
)

// gallery holds a shelf for each pack that the gallery has templates of.
type gallery struct {
	cfg Config

	mu       sync.RWMutex
	position uint64
	shelves  map[string]*shelf
	// closed says that the gallery has left the index.
	closed bool
}

func newGallery(cfg Config) *gallery {
	return &gallery{cfg: cfg, shelves: make(map[string]*shelf)}
}

// apply makes the changes; readers see all or none of a shelf's. On an error
// the shelf in question is as before.
func (g *gallery) apply(faces []faceChange, next uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.clear()
	for _, f := range faces {
		if f.change.Kind != changelog.PutFace || g.shelves[f.change.Pack] != nil {
			continue
		}
		s, err := newShelf(g.cfg, len(f.change.Template))
		if err != nil {
			return err
		}
		g.shelves[f.change.Pack] = s
	}
	for pack, s := range g.shelves {
		if err := s.apply(pack, faces); err != nil {
			return err
		}
	}
	g.position = max(g.position, next)
	return nil
}

// clear removes the shelves that hold nothing.
func (g *gallery) clear() {
	for pack, s := range g.shelves {
		if s.people.len() == 0 {
			s.discard()
			delete(g.shelves, pack)
		}
	}
}

// look calls do with the pack's shelf, if there is one, and returns the
// position that do sees; false means that the gallery has left the index.
func (g *gallery) look(x *Index, pack string, do func(*gallery, *shelf)) (position uint64, ok bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return 0, false
	}
	// The index may have passed positions that have no change of this gallery.
	position = max(g.position, x.position.Load())
	if s := g.shelves[pack]; s != nil {
		do(g, s)
	}
	return position, true
}

// leave takes the gallery's shelves from its readers and lets end have them.
func (g *gallery) leave(end func(*shelf)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, s := range g.shelves {
		end(s)
	}
	g.shelves = nil
}
