package search

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"oneton/search/internal/kernel"
)

// Set is a set of rows of one dimension. All methods may be called at once
// from many goroutines; searches and updates do not wait for each other.
//
// Rows lie in segments: the tail, which takes new rows, and sealed ones, which
// are merged and rid of deleted rows in the background. A search works on a
// view, which says how many rows of which segments there are and which of
// them are deleted; an update makes a new view.
type Set struct {
	cfg        Config
	kernel     *kernel.Kernel
	skim       skimRule
	mostSifted int
	rule       basisRule
	view       atomic.Pointer[view]
	queue      queue
	// basis is what sealed segments are or will be coded in, once the set has
	// learned one. It is set only with work held.
	basis atomic.Pointer[basis]
	// traffic is what the background work makes way for, unless hurried, which
	// counts those who wait for it to end.
	traffic *Traffic
	hurried atomic.Int64

	// mu is held to make a new view.
	mu sync.Mutex
	// tail is the segment of the last part that takes new rows, or nil.
	tail *segment
	// learnAt is from how many sealed rows a basis is learned.
	learnAt int
	note    []byte
	closed  bool
	keeping bool
	keeper  sync.WaitGroup

	// work is held to replace sealed segments; it is taken before mu.
	work  sync.Mutex
	files int // the number of the next file
	fault fault
}

// Kernels lists the names of the ways of scanning that this processor can
// run, fastest first.
func Kernels() []string {
	var names []string
	for _, k := range kernel.Available() {
		names = append(names, k.Name)
	}
	return names
}

// New returns an empty set. A set that cfg.Dir holds is removed.
func New(cfg Config) (*Set, error) {
	s, err := newSet(cfg)
	if err != nil {
		return nil, err
	}
	if s.cfg.Dir != "" {
		if err := s.sweep(nil); err != nil {
			return nil, err
		}
		if err := removeIfThere(filepath.Join(s.cfg.Dir, manifestName)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func newSet(cfg Config) (*Set, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	k, err := kernel.Named(cfg.Kernel)
	if err != nil {
		return nil, fmt.Errorf("%w (%s names it, unless the configuration does): %w", err, kernelVariable, ErrConfig)
	}
	s := &Set{cfg: cfg, kernel: k, traffic: cfg.Traffic, skim: defaultSkim, mostSifted: mostSifted, rule: defaultBasis, learnAt: defaultBasis.rows}
	if s.traffic == nil {
		s.traffic = new(Traffic)
	}
	s.view.Store(newView(nil, 0))
	return s, nil
}

// makeDir makes the set's directory, which is not there before it is needed.
func (s *Set) makeDir() error {
	if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	return nil
}

// hurry makes the background work rest no more until done.
func (s *Set) hurry() (done func()) {
	s.hurried.Add(1)
	return func() { s.hurried.Add(-1) }
}

// newView returns a view that is held once.
func newView(parts []part, next uint64) *view {
	v := &view{parts: parts, next: next}
	v.refs.Store(1)
	for _, p := range parts {
		p.segment.retain()
		v.live += p.rows - p.dead
		if !slices.Contains(v.bases, p.basis) {
			v.bases = append(v.bases, p.basis)
		}
	}
	return v
}

// publish makes v what searches see. The caller holds mu.
func (s *Set) publish(v *view) {
	s.view.Swap(v).release()
}

// acquire returns the view of now, to be released, or nil when closed.
func (s *Set) acquire() *view {
	for {
		v := s.view.Load()
		if v == nil || v.retain() {
			return v
		}
	}
}

// Kernel is the name of the set's way of scanning.
func (s *Set) Kernel() string { return s.kernel.Name }

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
	// space until they are compacted away.
	Rows, Deleted int
	// Segments is how many pieces the rows lie in.
	Segments int
	// Split is how many rows are coded by their principal components, of which
	// a first pass reads the first, at six bits.
	Split int
	// Hot is the bytes of memory that scans need; Cold is those of the
	// vectors in memory, and Disk those of the vectors in files.
	Hot, Cold, Disk int64
	// Fault is why the background work last failed, such as a full disk; it
	// is tried again later. Answers stay right meanwhile.
	Fault error
}

// Stats returns the set's size.
func (s *Set) Stats() Stats {
	v := s.acquire()
	if v == nil {
		return Stats{}
	}
	defer v.release()
	st := Stats{Rows: v.live, Segments: len(v.parts), Fault: s.fault.last()}
	for _, p := range v.parts {
		st.Deleted += p.dead
		if p.basis != nil {
			st.Split += p.rows - p.dead
		}
		st.Hot += int64(hotBytes(p.layout(), p.rows)) + 2*int64(len(p.live))
		if bytes := 4 * int64(p.dimension) * int64(p.rows); p.file == nil {
			st.Cold += bytes
		} else {
			st.Disk += bytes
		}
	}
	return st
}

// Close frees the set, once what runs on it has ended. It waits for the
// background work; later calls return ErrClosed. Nothing is saved.
func (s *Set) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closed = true
	s.mu.Unlock()
	defer s.hurry()()
	s.keeper.Wait()
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = nil
	s.view.Swap(nil).release()
	return nil
}
