// Package pool shares the processor among everything that computes: decoding,
// and running models. It knows nothing of what is computed.
package pool

import (
	"cmp"
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Config sizes a Pool.
type Config struct {
	// Workers is how many compute at once; 0 is one a core.
	Workers int
	// Queue is how many may wait for a worker.
	Queue int
	// Waited, unless nil, is told of each Acquire that has ended: how long it waited, and
	// its error.
	Waited func(waited time.Duration, err error)
}

// Worker is the right to compute.
type Worker struct {
	// Number is the worker's own, from 0, less than the pool's Size: whoever
	// computes may keep memory for each.
	Number int
	// tenant is whose work it does.
	tenant string
}

// Pool hands out its workers, fairly between tenants, and lets a bounded number
// of callers wait.
//
// A free worker goes to the waiting tenant that holds the fewest, of those to
// the one that waits longest. A tenant that holds none may take one more than
// the pool's number, so that nobody waits until another's long work is done:
// for a while one more computes, and all a little slower. The worker
// that a tenant gave back last is kept for it a moment, in which others that
// hold one do not take it, so that who comes again and again finds it free. One
// tenant alone has all workers.
//
// When the queue is full, who comes displaces the newest of the tenant that has
// most in it, unless that is less than fair.
type Pool struct {
	workers, queue int
	waited         func(time.Duration, error)
	// keep is how long a tenant's seat is kept.
	keep time.Duration

	mu   sync.Mutex
	free []*Worker
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
	worker *Worker
	err    error
}

// New makes the workers.
func New(cfg Config) *Pool {
	p := &Pool{
		workers: cmp.Or(cfg.Workers, runtime.GOMAXPROCS(0)), queue: cfg.Queue, waited: cfg.Waited, keep: time.Second,
		held: make(map[string]int), seats: make(map[string]time.Time),
	}
	p.back = sync.NewCond(&p.mu)
	for n := range p.Size() {
		p.free = append(p.free, &Worker{Number: n})
	}
	return p
}

// Size is how many workers there are: one more than compute at once for long.
func (p *Pool) Size() int { return p.workers + 1 }

// Acquire waits for a worker for the context's tenant; see WithTenant. It is
// ErrBusy when as many callers wait as may, ErrClosed, or the context's error.
// Whoever gets a worker gives it back with Release.
func (p *Pool) Acquire(ctx context.Context) (*Worker, error) {
	if p.waited == nil {
		return p.acquire(ctx)
	}
	begun := time.Now()
	w, err := p.acquire(ctx)
	p.waited(time.Since(begun), err)
	return w, err
}

func (p *Pool) acquire(ctx context.Context) (*Worker, error) {
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
		p.Release(w.worker)
	}
	return nil, ctx.Err()
}

func (p *Pool) mayTake(tenant string) bool {
	if p.held[tenant] == 0 {
		return p.busy <= p.workers
	}
	return p.busy+len(p.seats) < p.workers
}

func (p *Pool) take(tenant string) *Worker {
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
func (p *Pool) enqueue(tenant string) *waiter {
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
func (p *Pool) displace(mine int) bool {
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
func (p *Pool) leave(tenant string, w *waiter) bool {
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

func (w *waiter) tell(worker *Worker, err error) {
	w.worker, w.err = worker, err
	close(w.told)
}

// Release gives a worker back.
func (p *Pool) Release(w *Worker) {
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
func (p *Pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(p.seats, func(_ string, until time.Time) bool { return !until.After(now) })
	for p.serve() {
	}
}

// serve gives a worker to the waiting whose turn it is; false when none may take
// one.
func (p *Pool) serve() bool {
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

// Close makes Acquire fail with ErrClosed, and waits until every worker is back.
// Closing twice does nothing.
func (p *Pool) Close() {
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
