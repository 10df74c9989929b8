package search

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// Set is a set of rows of one dimension. All methods may be called at once
// from many goroutines; searches and updates do not wait for each other.
type Set struct {
	cfg  Config
	mu   sync.Mutex
	view atomic.Pointer[view]
	note []byte
}

// view is the set at one moment. Views share the rows' array: a later view
// only appends beyond the rows an earlier one has.
type view struct {
	rows []Row
	dead Mask
	live int
	next uint64
}

// New returns an empty set. Whatever cfg.Dir held is removed.
func New(cfg Config) (*Set, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Dir != "" {
		if err := os.RemoveAll(cfg.Dir); err != nil {
			return nil, fmt.Errorf("clear directory: %w", err)
		}
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("make directory: %w", err)
		}
	}
	s := &Set{cfg: cfg}
	s.view.Store(&view{})
	return s, nil
}

// Update removes the rows named and then inserts rows. A search sees all of
// it or none. Removing an unknown id is no error. When a row cannot be
// inserted (ErrNotUnit, ErrOrder or the face package's errors), nothing is
// changed.
func (s *Set) Update(insert []Row, remove []uint64) error {
	for _, r := range insert {
		if err := validate(r.Vector, s.cfg.Dimension); err != nil {
			return fmt.Errorf("insert row %d: %w", r.ID, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.view.Load()
	if old == nil {
		return ErrClosed
	}
	v := &view{rows: old.rows, dead: append(Mask(nil), old.dead...), live: old.live, next: old.next}
	for _, r := range insert {
		if r.ID < v.next {
			return fmt.Errorf("insert row %d after %d: %w", r.ID, v.next-1, ErrOrder)
		}
		v.next = r.ID + 1
	}
	known := make(map[uint64]bool, len(v.rows))
	if len(remove) > 0 {
		for _, r := range v.rows {
			known[r.ID] = true
		}
	}
	for _, id := range remove {
		if known[id] && !v.dead.Has(id) {
			v.dead.Add(id)
			v.live--
		}
	}
	for _, r := range insert {
		r.Vector = append([]float32(nil), r.Vector...)
		v.rows = append(v.rows, r)
		v.live++
	}
	s.view.Store(v)
	return nil
}

// Search returns the rows nearest to the probe, a unit vector.
func (s *Set) Search(ctx context.Context, probe []float32, opt Options) (Result, error) {
	results, err := s.SearchBatch(ctx, [][]float32{probe}, opt)
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

// SearchBatch answers every probe as Search would, in fewer passes over the
// rows. Its results are in the order of the probes.
func (s *Set) SearchBatch(ctx context.Context, probes [][]float32, opt Options) ([]Result, error) {
	if err := opt.validate(); err != nil {
		return nil, err
	}
	for i, p := range probes {
		if err := validate(p, s.cfg.Dimension); err != nil {
			return nil, fmt.Errorf("search for probe %d: %w", i, err)
		}
	}
	v := s.view.Load()
	if v == nil {
		return nil, ErrClosed
	}
	results := make([]Result, len(probes))
	for i, p := range probes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = v.scan(p, opt)
	}
	return results, nil
}

// Len is how many rows the set holds.
func (s *Set) Len() int {
	if v := s.view.Load(); v != nil {
		return v.live
	}
	return 0
}

// NextID is the lowest id that the next row may have.
func (s *Set) NextID() uint64 {
	if v := s.view.Load(); v != nil {
		return v.next
	}
	return 0
}

// Stats tells the size of a set.
type Stats struct {
	// Rows is how many rows searches may find; Deleted is how many more take
	// space until compaction.
	Rows, Deleted int
	// Hot is the bytes that every scan reads or needs at hand; Cold is the
	// bytes that only rescoring touches, in files when there is a directory.
	Hot, Cold int64
}

// Stats returns the set's size.
func (s *Set) Stats() Stats {
	v := s.view.Load()
	if v == nil {
		return Stats{}
	}
	return Stats{
		Rows:    v.live,
		Deleted: len(v.rows) - v.live,
		Hot:     int64(len(v.rows)) * int64(4*s.cfg.Dimension+48),
	}
}

// Close frees the set. It waits for what runs in the background and for
// running searches; later calls return ErrClosed. Nothing is saved.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.Store(nil)
	return nil
}
