package exact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"oneton/search"
)

// Save makes the index durable in its directory, so that the next New starts
// where the index is now. It writes what has changed since the last Save, and
// nothing when nothing has, while searches and changes go on: until ctx ends it
// makes way for searches, and then it hurries. The save before is valid until
// this one is whole. Without a directory it does nothing.
func (x *Index) Save(ctx context.Context) error {
	if x.cfg.Dir == "" {
		return nil
	}
	x.saving.Lock()
	defer x.saving.Unlock()
	s := saving{Index: x, after: make(map[*shelf]savedShelf)}
	x.files.Lock()
	s.before, s.losses = x.kept, x.losses
	x.files.Unlock()
	// All galleries are at the position or beyond it, and stay so.
	s.position = x.Position()
	s.pace = x.cfg.traffic.Pace(func() bool { return ctx.Err() != nil })
	if s.plan(x.live()) {
		if err := s.write(ctx); err != nil {
			return fmt.Errorf("save index: %w", err)
		}
	}
	return x.tidy()
}

// saving is a Save under way.
type saving struct {
	*Index
	pace     *search.Pace
	position uint64
	// losses are the index's when the save began.
	losses int
	before kept
	// small shelves are to be written to bundles and large ones to their
	// directories. after is where all lie in the end.
	small, large []liveShelf
	after        map[*shelf]savedShelf
}

// liveShelf is a shelf of the index, and where it is to be saved.
type liveShelf struct {
	gallery *gallery
	shelf   *shelf
	saved   savedShelf
}

// live are the shelves that searches see.
func (x *Index) live() []liveShelf {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var all []liveShelf
	for key, g := range x.galleries {
		g.mu.RLock()
		for pack, s := range g.shelves {
			all = append(all, liveShelf{g, s, savedShelf{
				Tenant: key.tenant, Gallery: key.gallery, Pack: pack, Dimension: s.dimension,
			}})
		}
		g.mu.RUnlock()
	}
	return all
}

// plan chooses what is to be written and tells whether anything is. A bundle of
// which a shelf has changed is written anew without it, so that no file keeps
// what was deleted; one that is less than half full is written anew with others.
func (s *saving) plan(live []liveShelf) bool {
	var same []liveShelf
	anew, sizes := make(map[string]bool), make(map[string]int64)
	gone := maps.Clone(s.before.shelves)
	for _, l := range live {
		s.pace.Rest()
		old, known := s.before.shelves[l.shelf]
		switch {
		case known && old.version == l.shelf.rows.Load().version:
			delete(gone, l.shelf)
			s.after[l.shelf] = old
			same = append(same, l)
			if old.inBundle() {
				sizes[old.File] += old.Size
			}
		case s.cfg.sizes.holds(l.shelf):
			s.small = append(s.small, l)
		default:
			s.large = append(s.large, l)
		}
	}
	for _, old := range gone {
		if old.inBundle() {
			anew[old.File] = true
		}
	}
	if len(anew)+len(s.small) > 0 {
		for file, size := range sizes {
			if 2*size < int64(s.cfg.sizes.bundle) {
				anew[file] = true
			}
		}
	}
	for _, l := range same {
		if old := s.after[l.shelf]; old.inBundle() && anew[old.File] {
			delete(s.after, l.shelf)
			s.small = append(s.small, l)
		}
	}
	return len(s.small)+len(s.large)+len(gone) > 0 || s.position != s.before.position
}

func (s *saving) write(ctx context.Context) error {
	w := bundler{dir: s.cfg.Dir, full: s.cfg.sizes.bundle, pace: s.pace}
	for _, l := range s.small {
		if err := s.bundle(&w, l); err != nil {
			return fmt.Errorf("save gallery %s: %w", l.saved.Gallery, err)
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	maps.Copy(s.after, w.done)
	for _, l := range s.large {
		err := l.shelf.save(ctx)
		if errors.Is(err, search.ErrClosed) {
			continue // it has left, which the log after the position says
		}
		if err != nil {
			return s.heal(err, l)
		}
		l.saved.File, l.saved.version = filepath.Base(l.shelf.dir), l.shelf.filed.version
		s.after[l.shelf] = l.saved
	}
	return s.keep()
}

func (s *saving) bundle(w *bundler, l liveShelf) error {
	p, there := l.gallery.snapshot(l.saved.Pack, nil)
	if !there || p.shelf != l.shelf {
		p.release()
		return nil // it has left, which the log after the position says
	}
	defer p.release()
	if err := w.add(&p, l.saved); err != nil {
		return s.heal(err, l)
	}
	return nil
}

// heal gives up a save that has met a damaged file, with its gallery.
func (s *saving) heal(err error, l liveShelf) error {
	if errors.Is(err, search.ErrDamaged) {
		s.Index.heal(l.saved.key(), l.gallery, err)
	}
	return err
}

// keep makes the save valid, unless something was lost since it began: what it
// has not found then may be in the log before the position.
func (s *saving) keep() error {
	// The shelves of a bundle lie together, so that it is read once.
	shelves := slices.SortedFunc(maps.Values(s.after), func(a, b savedShelf) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	b, err := encodeManifest(s.position, shelves, s.pace)
	if err != nil {
		return err
	}
	s.files.Lock()
	defer s.files.Unlock()
	if s.Index.losses != s.losses {
		return errEmptied
	}
	if err := writeFile(filepath.Join(s.cfg.Dir, manifestName), b); err != nil {
		return err
	}
	s.kept = kept{s.position, s.after}
	return nil
}

// tidy removes the files of what has left the index.
func (x *Index) tidy() error {
	return sweep(x.cfg.Dir, func() map[string]bool {
		// While nothing is applied, every shelf is in its gallery.
		x.applying.Lock()
		defer x.applying.Unlock()
		x.files.Lock()
		defer x.files.Unlock()
		needed := x.kept.names()
		for _, l := range x.live() {
			needed[filepath.Base(l.shelf.dir)] = true
		}
		return needed
	}, shelfPattern, bundlePattern)
}
