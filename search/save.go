package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// Saving is what of the caller's belongs to a save.
type Saving struct {
	// Moment, unless nil, is called once, when no update of the set is under
	// way: the save is of the set as it is then. Updates wait for it.
	Moment func()
	// Note, unless nil, makes the note of the caller's once the rows are
	// written, such as what the rows of that moment belong to.
	Note func(*Pace) ([]byte, error)
}

// Save makes the set as it is now durable in its directory, with a note of
// the caller's. The save before stays valid until this one is whole; then no
// file of the set has a vector of a row that was deleted before the call.
// Without a directory it returns ErrMemory.
func (s *Set) Save(note []byte) error {
	defer s.hurry()()
	return s.save(Saving{Note: func(*Pace) ([]byte, error) { return bytes.Clone(note), nil }})
}

// SaveBeside saves as Save does, and makes way for searches until ctx ends;
// then it hurries.
func (s *Set) SaveBeside(ctx context.Context, of Saving) error {
	stop := context.AfterFunc(ctx, func() { s.hurried.Add(1) })
	defer func() {
		if !stop() {
			s.hurried.Add(-1)
		}
	}()
	return s.save(of)
}

func (s *Set) save(of Saving) error {
	if s.cfg.Dir == "" {
		return ErrMemory
	}
	s.work.Lock()
	defer s.work.Unlock()
	v, err := s.seal(of.Moment)
	if err != nil {
		return err
	}
	defer v.release()
	if err := s.makeDir(); err != nil {
		return err
	}
	pace := s.traffic.Pace(s.pressed)
	m := manifest{dimension: s.cfg.Dimension, next: v.next, basis: s.basis.Load()}
	for i, p := range v.parts {
		if s.isClosed() {
			return ErrClosed
		}
		// What was deleted is nobody's to keep: no file that a save leaves has
		// its vectors.
		if p.number == 0 || p.dead > 0 {
			if p, err = s.rewrite(v.parts[i:i+1], pace); err != nil {
				return fmt.Errorf("save rows: %w", err)
			}
		}
		if p.segment != nil {
			m.parts = append(m.parts, savedPart{number: p.number, rows: p.rows, sum: p.sum, live: p.live})
		}
	}
	if of.Note != nil {
		if m.note, err = of.Note(pace); err != nil {
			return fmt.Errorf("note the save: %w", err)
		}
	}
	if err := m.write(s.cfg.Dir); err != nil {
		return fmt.Errorf("save set: %w", err)
	}
	s.mu.Lock()
	s.note = m.note
	s.fault.set(nil)
	s.keep()
	s.mu.Unlock()
	return s.sweep(m.parts)
}

// seal makes new rows go to a new tail from this moment on, and returns the
// view of it, to be released.
func (s *Set) seal(moment func()) (*view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	s.tail = nil
	v := s.view.Load()
	v.retain()
	if moment != nil {
		moment()
	}
	return v, nil
}

func (s *Set) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Note is the note of the last Save, in this process or before it.
func (s *Set) Note() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.note)
}

// Open returns the set that Save left in cfg.Dir: ErrNotSaved when there is
// none, ErrDamaged when it cannot be trusted. Vectors are not read until they
// are needed; a damaged one makes that search return ErrDamaged.
func Open(cfg Config) (*Set, error) {
	s, err := newSet(cfg)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(s.cfg.Dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotSaved
	}
	if err != nil {
		return nil, fmt.Errorf("open set: %w", err)
	}
	m, err := decodeManifest(b)
	if err == nil && m.dimension != s.cfg.Dimension {
		err = fmt.Errorf("saved rows have dimension %d: %w", m.dimension, ErrDamaged)
	}
	if err != nil {
		return nil, fmt.Errorf("open set: %w", err)
	}
	s.basis.Store(m.basis)
	parts, err := s.load(m)
	if err != nil {
		return nil, fmt.Errorf("open set: %w", err)
	}
	s.publish(newView(parts, m.next))
	s.note = m.note
	for _, p := range m.parts {
		s.files = max(s.files, p.number)
	}
	if err := s.sweep(m.parts); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// load opens the files of a manifest.
func (s *Set) load(m manifest) ([]part, error) {
	parts := make([]part, len(m.parts))
	var group errgroup.Group
	group.SetLimit(s.cfg.Workers)
	for i, saved := range m.parts {
		group.Go(func() error {
			seg, err := openSegment(s.cfg.Dir, saved.number, m.basis, m.dimension, saved.rows, saved.sum)
			if err != nil {
				return err
			}
			p := part{segment: seg, rows: saved.rows, live: saved.live}
			if p.live != nil {
				p.dead = p.rows - p.countLive()
			}
			p.dense = int(seg.offsets[p.rows-1]) == p.rows-1
			parts[i] = p
			return nil
		})
	}
	err := group.Wait()
	if err == nil && !ordered(parts, m.next) {
		err = ErrDamaged
	}
	if err != nil {
		for _, p := range parts {
			if p.segment != nil {
				p.segment.free()
			}
		}
		return nil, err
	}
	return parts, nil
}

// ordered tells whether ids rise over the parts and stay below next.
func ordered(parts []part, next uint64) bool {
	var low uint64
	for _, p := range parts {
		for row := range p.rows {
			id := p.id(row)
			if id < low || id >= next {
				return false
			}
			low = id + 1
		}
	}
	return true
}

// sweep removes the files that neither a saved nor a present part needs.
func (s *Set) sweep(saved []savedPart) error {
	needed := map[string]bool{}
	for _, p := range saved {
		needed[segmentPath(s.cfg.Dir, p.number)] = true
	}
	v := s.acquire()
	if v == nil {
		return ErrClosed
	}
	defer v.release()
	for _, p := range v.parts {
		needed[segmentPath(s.cfg.Dir, p.number)] = true
	}
	paths, err := filepath.Glob(filepath.Join(s.cfg.Dir, "*.segment"))
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	for _, path := range paths {
		if !needed[path] {
			if err := removeIfThere(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// countLive is how many of the part's rows its mask has.
func (p *part) countLive() int {
	masks := make([]uint32, blocksFor(p.rows))
	p.masks(masks, 0, nil)
	n := 0
	for _, m := range masks {
		n += bits.OnesCount16(uint16(m))
	}
	return n
}
