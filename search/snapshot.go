package search

import (
	"context"
	"fmt"
	"slices"
)

// Snapshot is a set at one moment: its searches see no later update. Those of
// one set share scans, also when they are of different moments. It must be
// released, and not used afterwards.
type Snapshot struct {
	set  *Set
	view *view
}

// Snapshot returns the set as it is now, without waiting for anything.
func (s *Set) Snapshot() (Snapshot, error) {
	v := s.acquire()
	if v == nil {
		return Snapshot{}, ErrClosed
	}
	return Snapshot{set: s, view: v}, nil
}

// Release lets the snapshot's memory go.
func (p Snapshot) Release() { p.view.release() }

// Len is how many rows the snapshot holds.
func (p Snapshot) Len() int { return p.view.live }

// Each calls do with every row's id and vector, by rising ids, until it fails.
// The vector is good until the next call.
func (p Snapshot) Each(do func(id uint64, vector []float32) error) error {
	var vectors sequence
	return eachLive(p.view.parts, func(of *part, row int) error {
		v, err := vectors.at(of.segment, row)
		if err != nil {
			return err
		}
		return do(of.id(row), v)
	})
}

// Search returns the rows nearest to the probe, a unit vector.
func (p Snapshot) Search(ctx context.Context, probe []float32, opt Options) (Result, error) {
	results, err := p.SearchBatch(ctx, [][]float32{probe}, opt)
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

// SearchBatch answers every probe as Search would, in fewer passes over the
// rows. Its results are in the order of the probes.
func (p Snapshot) SearchBatch(ctx context.Context, probes [][]float32, opt Options) ([]Result, error) {
	if err := opt.validate(); err != nil {
		return nil, err
	}
	for i, probe := range probes {
		if err := validate(probe, p.set.cfg.Dimension); err != nil {
			return nil, fmt.Errorf("search for probe %d: %w", i, err)
		}
	}
	results := make([]Result, 0, len(probes))
	for some := range slices.Chunk(probes, maxProbes) {
		r := request{view: p.view}
		for _, probe := range some {
			r.queries = append(r.queries, newQuery(ctx, p.view, probe, opt))
		}
		err := p.set.serve(ctx, &r)
		for _, q := range r.queries {
			results = append(results, q.result)
			if err == nil {
				err = q.err
			}
			q.release()
		}
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// Search searches the set as it is now; see Snapshot.Search.
func (s *Set) Search(ctx context.Context, probe []float32, opt Options) (Result, error) {
	p, err := s.Snapshot()
	if err != nil {
		return Result{}, err
	}
	defer p.Release()
	return p.Search(ctx, probe, opt)
}

// SearchBatch searches the set as it is now; see Snapshot.SearchBatch.
func (s *Set) SearchBatch(ctx context.Context, probes [][]float32, opt Options) ([]Result, error) {
	p, err := s.Snapshot()
	if err != nil {
		return nil, err
	}
	defer p.Release()
	return p.SearchBatch(ctx, probes, opt)
}
