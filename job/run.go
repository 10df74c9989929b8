package job

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"oneton/pool"
	"oneton/store"
)

// grace is how long a stop waits for work that does not end when it is told to.
const grace = 2 * time.Second

// run is one attempt at a job in this process.
type run struct {
	claimed
	keep time.Duration
	// waited is how long it had waited, and ended how it has ended, if it has.
	waited time.Duration
	ended  Status
	ctx    context.Context // the work's
	// stop ends the work, and says why.
	stop context.CancelCauseFunc
	// lease fires when the lease was not renewed in time.
	lease *time.Timer
	// lost is closed when the job is not this worker's any more, and done when
	// nothing is done for it any more.
	lost, done chan struct{}
	once       sync.Once
}

// lose ends work that is not this worker's any more.
func (r *run) lose(why error) {
	r.once.Do(func() { close(r.lost) })
	r.stop(why)
}

// Run does jobs until ctx ends. Those at work then are told to stop, and go back to
// the queue. It is called once.
func (q *Queue) Run(ctx context.Context) error {
	q.seal()
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { q.renewAll(beside) })
	all.Go(func() { q.watch(beside) })
	all.Go(func() { q.trimAll(beside) })
	if l, ok := q.db.(store.Listener); ok {
		all.Go(func() {
			_ = l.ListenFor(beside, room, func() { // ends with its context
				wake(q.announced)
				q.Wake()
			})
		})
	}
	for ctx.Err() == nil {
		pause, err := q.serve(ctx)
		if err != nil && ctx.Err() == nil {
			q.log.Error().Err(err).Msg("could not look for jobs, and will try again")
		}
		if pause == 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.woken:
		case <-time.After(pause):
		}
	}
	q.halt()
	return nil
}

// serve begins what is due, and tells when to look again.
func (q *Queue) serve(ctx context.Context) (pause time.Duration, err error) {
	added := q.added.Swap(false)
	seen, err := q.look(ctx)
	if err != nil {
		return q.cfg.Poll, err
	}
	again := false
	if seen.over {
		if again, err = q.expire(ctx); err != nil {
			return q.cfg.Poll, err
		}
	}
	if !seen.due && !added {
		if again {
			return 0, nil
		}
		return seen.next, nil
	}
	n, err := q.claim(ctx)
	switch {
	case err != nil:
		return q.cfg.Poll, err
	case n > 0 || again:
		return 0, nil
	case seen.due: // of a kind that others handle
		return q.cfg.Poll, nil
	}
	return seen.next, nil
}

// free are the lanes with places that nobody works in, and how many.
func (q *Queue) free() iter.Seq2[*lane, int] {
	q.mu.Lock()
	defer q.mu.Unlock()
	places := make(map[*lane]int, len(q.lanes))
	for _, l := range q.lanes {
		places[l] = l.places
	}
	for r := range q.running {
		places[q.laneOf(r.kind)]--
	}
	return func(yield func(*lane, int) bool) {
		for _, l := range q.lanes {
			if places[l] > 0 && !yield(l, places[l]) {
				return
			}
		}
	}
}

// start begins the work, whose lease was asked for at begun, and which may take as
// long as left.
func (q *Queue) start(c claimed, begun time.Time, left, waited time.Duration) {
	ctx, stop := context.WithCancelCause(pool.WithTenant(context.Background(), string(c.tenant)))
	ctx, cancel := context.WithTimeoutCause(ctx, left, ErrExpired)
	r := &run{claimed: c, keep: q.keep(c.kind), waited: max(waited, 0), ctx: ctx, stop: stop, lost: make(chan struct{}), done: make(chan struct{})}
	r.lease = time.AfterFunc(q.cfg.Lease-time.Since(begun), func() { r.lose(ErrLost) })
	q.mu.Lock()
	q.running[r] = struct{}{}
	q.mu.Unlock()
	go func() {
		defer cancel()
		defer stop(nil)
		q.work(r)
		r.lease.Stop()
		q.mu.Lock()
		delete(q.running, r)
		q.mu.Unlock()
		close(r.done)
		q.tell(r.id)
		q.Wake()
	}()
}

// atWork are the runs of now.
func (q *Queue) atWork() []*run {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]*run, 0, len(q.running))
	for r := range q.running {
		all = append(all, r)
	}
	return all
}

// halt tells all work to stop, waits for it a while, and puts what goes on all the
// same back into the queue.
func (q *Queue) halt() {
	all := q.atWork()
	for _, r := range all {
		r.stop(ErrStopping)
	}
	patience, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var left []*run
	for _, r := range all {
		select {
		case <-r.done:
		case <-patience.Done():
			left = append(left, r)
		}
	}
	for _, r := range left {
		if err := q.db.Update(context.Background(), "put a job back", r.back); err != nil && !errors.Is(err, ErrLost) {
			q.log.Error().Err(err).Str("job", string(r.id)).Msg("a job is at work still, and another worker has it when its lease runs out")
		}
		r.lose(ErrLost)
	}
}

// renewAll renews the leases, until ctx ends.
func (q *Queue) renewAll(ctx context.Context) {
	const signs = 3
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(q.cfg.Lease / signs):
		}
		if err := q.renew(ctx); err != nil && ctx.Err() == nil {
			q.log.Error().Err(err).Msg("could not renew the leases of jobs, and will try again")
		}
	}
}

func (q *Queue) renew(ctx context.Context) error {
	all, begun := q.atWork(), time.Now()
	if len(all) == 0 {
		return nil
	}
	var lost bool
	err := q.db.Update(ctx, "renew the leases of jobs", func(tx store.Tx) error {
		lost = false
		now, err := tx.Now()
		if err != nil {
			return err
		}
		for _, r := range all {
			err := r.change(tx, `lease_until = $3`, now.Add(q.cfg.Lease))
			if err != nil && !errors.Is(err, ErrLost) {
				return err
			}
			lost = lost || err != nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range all {
		r.lease.Reset(q.cfg.Lease - time.Since(begun)) // one that is lost is told below
	}
	if lost {
		wake(q.announced)
	}
	return nil
}

// change changes the job's row while it is this worker's, else it is ErrLost. The
// arguments are parameters from $3 on.
func (r *run) change(tx store.Tx, set string, args ...any) error {
	n, err := tx.Exec(`UPDATE jobs SET `+set+` WHERE id = $1 AND claim = $2 AND status = 'running'`, append([]any{r.id, r.claim}, args...)...)
	if err == nil && n == 0 {
		err = fmt.Errorf("job %s: %w", r.id, ErrLost)
	}
	return err
}
