package search

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// maxProbes is how many probes one scan takes: enough for the comparing, not
// the memory, to be what takes time.
const maxProbes = 32

// queue lets requests that come while a scan runs share the next one. A
// request that comes when none runs never waits.
type queue struct {
	mu      sync.Mutex
	busy    bool
	waiting []*request
}

// request is some probes to be searched for in one scan.
type request struct {
	queries []*query
	// turn tells that the request is answered, or, when true, that it is to
	// lead the next scan.
	turn chan bool
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
	results := make([]Result, 0, len(probes))
	for some := range slices.Chunk(probes, maxProbes) {
		r := request{}
		for _, p := range some {
			r.queries = append(r.queries, newQuery(ctx, p, opt))
		}
		err := s.serve(ctx, &r)
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

// serve gets a request answered.
func (s *Set) serve(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.quick(len(r.queries)) {
		return s.answer(r)
	}
	if !s.queue.enter(r) {
		if lead, err := s.queue.wait(ctx, r); !lead {
			return err
		}
	}
	together := s.queue.join(r)
	err := s.answer(together...)
	s.queue.leave(together[1:])
	return err
}

// quick tells whether a scan is too short to share.
func (s *Set) quick(probes int) bool {
	v := s.view.Load()
	return v == nil || v.bytes()*probes < soloBytes
}

// answer scans for the requests.
func (s *Set) answer(requests ...*request) error {
	v := s.acquire()
	if v == nil {
		for _, r := range requests {
			for _, q := range r.queries {
				q.err = ErrClosed
			}
		}
		return ErrClosed
	}
	defer v.release()
	queries := requests[0].queries
	for _, r := range requests[1:] {
		queries = append(slices.Clip(queries), r.queries...)
	}
	s.traffic.scans.Add(1)
	s.scan(v, queries)
	var next atomic.Int64
	parallel(min(s.cfg.Workers, len(queries)), func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(queries) {
				return
			}
			queries[i].finish()
		}
	})
	return nil
}

// enter tells whether the request may lead a scan at once; otherwise it waits.
func (q *queue) enter(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.busy {
		q.busy = true
		return true
	}
	r.turn = make(chan bool, 1)
	q.waiting = append(q.waiting, r)
	return false
}

// wait returns when the request is answered or has the lead. A request that a
// running scan has taken is waited for even when ctx is done, since the scan
// reads what the caller owns.
func (q *queue) wait(ctx context.Context, r *request) (lead bool, err error) {
	select {
	case lead := <-r.turn:
		return lead, nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	i := slices.Index(q.waiting, r)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	q.mu.Unlock()
	if i < 0 && <-r.turn {
		q.leave(nil)
	}
	return false, ctx.Err()
}

// join returns the leading request and those that the scan has room for, in
// the order they came.
func (q *queue) join(leader *request) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	together := []*request{leader}
	room := maxProbes - len(leader.queries)
	for len(q.waiting) > 0 && len(q.waiting[0].queries) <= room {
		room -= len(q.waiting[0].queries)
		together = append(together, q.waiting[0])
		q.waiting = slices.Delete(q.waiting, 0, 1)
	}
	return together
}

// leave tells those who are answered and passes the lead on.
func (q *queue) leave(answered []*request) {
	for _, r := range answered {
		r.turn <- false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.busy = false
		return
	}
	r := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	r.turn <- true
}
