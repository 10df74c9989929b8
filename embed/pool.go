package embed

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"oneton/picture"
)

// worker is the memory that one photo needs while it is computed.
type worker struct {
	decoder picture.Decoder
	frame   []float32
	input   []float32
	crop    *picture.Raster
	// tenant is whose photo it computes.
	tenant string
}

// pool hands out its workers, fairly between tenants, and lets a bounded number
// of callers wait.
//
// A free worker goes to the waiting tenant that holds the fewest, of those to
// the one that waits longest. A tenant that holds none may take one more than
// the pool's number, so that nobody waits until another's long photos are done:
// for a while one photo more is computed, and all a little slower. The worker
// that a tenant gave back last is kept for it a moment, in which others that
// hold one do not take it, so that who comes again and again finds it free. One
// tenant alone has all workers.
//
// When the queue is full, who comes displaces the newest of the tenant that has
// most in it, unless that is less than fair.
type pool struct {
	workers, queue int
	// keep is how long a tenant's seat is kept.
	keep time.Duration

	mu   sync.Mutex
	free []*worker
	// held is how many workers each tenant holds, and busy all of them.
	held map[string]int
	busy int
	// seats say until when a worker is kept for tenants that hold none.
	seats map[string]time.Time
	// lines are the waiting, by tenant, the tenant whose turn is next first.
	lines  []*line
	waits  int
	closed bool
	back   *sync.Cond
}

// line is one tenant's waiting, the oldest first.
type line struct {
	tenant  string
	waiters []*waiter
}

// waiter is told once: a worker or why there is none.
type waiter struct {
	told   chan struct{}
	worker *worker
	err    error
}

// newPool makes workers whose frames have the given number of values.
func newPool(workers, queue, frame int) *pool {
	p := &pool{workers: workers, queue: queue, keep: time.Second, held: make(map[string]int), seats: make(map[string]time.Time)}
	p.back = sync.NewCond(&p.mu)
	for range workers + 1 {
		p.free = append(p.free, &worker{
			frame: make([]float32, frame),
			input: make([]float32, 3*cropSide*cropSide),
			crop:  picture.NewRaster(cropSide, cropSide),
		})
	}
	return p
}

// acquire waits for a worker for the context's tenant. It is ErrBusy when as
// many callers wait as may, ErrClosed, or the context's error.
func (p *pool) acquire(ctx context.Context) (*worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tenant := TenantOf(ctx)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	if p.mayTake(tenant) {
		w := p.take(tenant)
		p.mu.Unlock()
		return w, nil
	}
	w := p.enqueue(tenant)
	p.mu.Unlock()
	if w == nil {
		return nil, ErrBusy
	}
	select {
	case <-w.told:
		return w.worker, w.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	if p.leave(tenant, w) {
		p.mu.Unlock()
		return nil, ctx.Err()
	}
	p.mu.Unlock()
	if w.worker != nil {
		p.release(w.worker)
	}
	return nil, ctx.Err()
}

func (p *pool) mayTake(tenant string) bool {
	if p.held[tenant] == 0 {
		return p.busy <= p.workers
	}
	return p.busy+len(p.seats) < p.workers
}

func (p *pool) take(tenant string) *worker {
	last := len(p.free) - 1
	w := p.free[last]
	p.free = p.free[:last]
	w.tenant = tenant
	delete(p.seats, tenant)
	p.held[tenant]++
	p.busy++
	return w
}

// enqueue is nil when there is no room.
func (p *pool) enqueue(tenant string) *waiter {
	at := slices.IndexFunc(p.lines, func(l *line) bool { return l.tenant == tenant })
	mine := 0
	if at >= 0 {
		mine = len(p.lines[at].waiters)
	}
	if p.waits >= p.queue && !p.displace(mine) {
		return nil
	}
	if at < 0 {
		at = len(p.lines)
		p.lines = append(p.lines, &line{tenant: tenant})
	}
	w := &waiter{told: make(chan struct{})}
	p.lines[at].waiters = append(p.lines[at].waiters, w)
	p.waits++
	return w
}

// displace sends the newest of the longest line away, when it is longer than
// the one that is to grow would be.
func (p *pool) displace(mine int) bool {
	var longest *line
	for _, l := range p.lines {
		if longest == nil || len(l.waiters) > len(longest.waiters) {
			longest = l
		}
	}
	if longest == nil || len(longest.waiters) <= mine+1 {
		return false
	}
	newest := longest.waiters[len(longest.waiters)-1]
	longest.waiters = longest.waiters[:len(longest.waiters)-1]
	p.waits--
	newest.tell(nil, ErrBusy)
	return true
}

// leave takes a waiter out of its line; false when it was told already.
func (p *pool) leave(tenant string, w *waiter) bool {
	for i, l := range p.lines {
		at := slices.Index(l.waiters, w)
		if l.tenant != tenant || at < 0 {
			continue
		}
		l.waiters = slices.Delete(l.waiters, at, at+1)
		p.waits--
		if len(l.waiters) == 0 {
			p.lines = slices.Delete(p.lines, i, i+1)
		}
		return true
	}
	return false
}

func (w *waiter) tell(worker *worker, err error) {
	w.worker, w.err = worker, err
	close(w.told)
}

func (p *pool) release(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[w.tenant]--; p.held[w.tenant] == 0 {
		delete(p.held, w.tenant)
		if p.keep > 0 && !p.closed {
			p.seats[w.tenant] = time.Now().Add(p.keep)
			time.AfterFunc(p.keep, p.expire)
		}
	}
	p.busy--
	p.free = append(p.free, w)
	for p.serve() {
	}
	p.back.Broadcast()
}

// expire ends the seats whose time is over.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(p.seats, func(_ string, until time.Time) bool { return !until.After(now) })
	for p.serve() {
	}
}

// serve gives a worker to the waiting whose turn it is; false when none may take
// one.
func (p *pool) serve() bool {
	next := -1
	for i, l := range p.lines {
		if p.mayTake(l.tenant) && (next < 0 || p.held[l.tenant] < p.held[p.lines[next].tenant]) {
			next = i
		}
	}
	if next < 0 {
		return false
	}
	l := p.lines[next]
	first := l.waiters[0]
	l.waiters = l.waiters[1:]
	p.waits--
	p.lines = slices.Delete(p.lines, next, next+1)
	if len(l.waiters) > 0 {
		p.lines = append(p.lines, l)
	}
	first.tell(p.take(l.tenant), nil)
	return true
}

// close makes acquire fail and waits until every worker is back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, l := range p.lines {
		for _, w := range l.waiters {
			w.tell(nil, ErrClosed)
		}
	}
	p.lines, p.waits = nil, 0
	for p.busy > 0 {
		p.back.Wait()
	}
}
