package search

import (
	"context"
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

// request is some probes to be searched for in one scan of a view.
type request struct {
	view    *view
	queries []*query
	// turn tells that the request is answered, or, when true, that it is to
	// lead the next scan.
	turn chan bool
}

// serve gets a request answered.
func (s *Set) serve(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.view.bytes()*len(r.queries) < soloBytes {
		// The scan is too short to share.
		s.answer(r)
		return nil
	}
	if !s.queue.enter(r) {
		if lead, err := s.queue.wait(ctx, r); !lead {
			return err
		}
	}
	together := s.queue.join(r)
	defer s.queue.leave(together[1:])
	s.answer(together...)
	return nil
}

// answer scans for the requests. When that panics, it is the answer to each.
func (s *Set) answer(requests ...*request) {
	queries := requests[0].queries
	for _, r := range requests[1:] {
		queries = append(slices.Clip(queries), r.queries...)
	}
	err := s.guard("scan", func() error {
		s.find(queries)
		return nil
	})
	if err != nil {
		for _, q := range queries {
			q.fail(err)
		}
	}
}

// find answers the queries.
func (s *Set) find(queries []*query) {
	s.scan(queries)
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
