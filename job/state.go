package job

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"oneton/store"
)

// Get is what is known of a job of the tenant's, or store.ErrNotFound, which is also
// what there is of one that has ended long ago.
func (q *Queue) Get(ctx context.Context, tenant store.TenantID, id ID) (State, error) {
	return store.One(ctx, q.db, "read a job", scanState, stateColumns+`WHERE id = $1 AND tenant = $2`, id, tenant)
}

// Wait is Get once the job has ended, whoever did it. When ctx ends before, it is
// ctx's error with what was known last.
func (q *Queue) Wait(ctx context.Context, tenant store.TenantID, id ID) (State, error) {
	told, leave := q.await(id)
	defer leave()
	var last State
	for {
		s, err := q.Get(ctx, tenant, id)
		switch {
		case err != nil && ctx.Err() != nil:
			return last, ctx.Err()
		case err != nil || s.Status.Ended():
			return s, err
		}
		last = s
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-told:
		case <-time.After(q.cfg.Poll):
		}
	}
}

// await is told when there may be news of a job, until it leaves.
func (q *Queue) await(id ID) (told <-chan struct{}, leave func()) {
	c := make(chan struct{}, 1)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[id] == nil {
		q.waiting[id] = make(map[chan struct{}]struct{})
	}
	q.waiting[id][c] = struct{}{}
	return c, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if delete(q.waiting[id], c); len(q.waiting[id]) == 0 {
			delete(q.waiting, id)
		}
	}
}

// tell lets those who wait for a job look at it.
func (q *Queue) tell(id ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for c := range q.waiting[id] {
		wake(c)
	}
}

// Cancel ends a job that has not ended: a queued one never begins, and one at work is
// told to stop and changes nothing of it any more. It is ErrEnded, with its state, of
// a job that had ended, and store.ErrNotFound of none of the tenant's.
func (q *Queue) Cancel(ctx context.Context, tenant store.TenantID, id ID) (s State, err error) {
	cancelled := false
	err = q.db.Remove(ctx, "cancel a job", func(tx store.Tx) (err error) {
		cancelled = false
		if s, err = store.OneOf(tx, scanState, stateColumns+`WHERE id = $1 AND tenant = $2`, id, tenant); err != nil || s.Status.Ended() {
			return err
		}
		now, err := q.now(tx)
		if err != nil {
			return err
		}
		cancelled = true
		s.Status, s.EndedAt = Cancelled, now
		if _, err := tx.Exec(`UPDATE jobs SET status = 'cancelled', lease_until = NULL, ended_at = $2, keep_until = $3 WHERE id = $1`,
			id, now, now.Add(q.keep(s.Kind))); err != nil {
			return err
		}
		tx.Announce(room)
		return erase(tx, id)
	})
	switch {
	case err != nil:
		return s, err
	case !cancelled:
		return s, fmt.Errorf("cancel job %s: %w: %s", id, ErrEnded, s.Status)
	}
	q.lose(id, ErrCancelled)
	q.tell(id)
	return s, nil
}

// lose ends the work at a job in this process.
func (q *Queue) lose(id ID, why error) {
	for _, r := range q.atWork() {
		if r.id == id {
			r.lose(why)
		}
	}
}

// watch looks at the jobs that are waited for or at work here when another process
// may have changed them, until ctx ends.
func (q *Queue) watch(ctx context.Context) {
	// pause bounds how often, however much is announced.
	const pause = 10 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.announced:
		}
		if err := q.review(ctx); err != nil && ctx.Err() == nil {
			q.log.Error().Err(err).Msg("could not look at jobs, and will at the next sign of them")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// review tells those who wait for jobs that have ended, and the work that is another's.
func (q *Queue) review(ctx context.Context) error {
	runs := q.atWork()
	q.mu.Lock()
	ids := make([]ID, 0, len(q.waiting)+len(runs))
	for id := range q.waiting {
		ids = append(ids, id)
	}
	q.mu.Unlock()
	waiting := len(ids)
	for _, r := range runs {
		ids = append(ids, r.id)
	}
	now, err := q.standing(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids[:waiting] {
		if s, there := now[id]; !there || s.status.Ended() {
			q.tell(id)
		}
	}
	for _, r := range runs {
		s, there := now[r.id]
		switch {
		case there && s.status == Cancelled:
			r.lose(ErrCancelled)
		case !there, s.claim != r.claim, s.status == Queued:
			r.lose(ErrLost)
		}
	}
	return nil
}

// standing is where a job is and whose.
type standing struct {
	id     ID
	status Status
	claim  int64
}

// standing is that of those of the jobs that there are.
func (q *Queue) standing(ctx context.Context, ids []ID) (map[ID]standing, error) {
	const most = 256
	all := make(map[ID]standing, len(ids))
	for some := range slices.Chunk(ids, most) {
		var names []string
		var args []any
		for i, id := range some {
			names = append(names, "$"+strconv.Itoa(i+1))
			args = append(args, id)
		}
		found, err := store.List(ctx, q.db, "look at jobs", func(row store.Row) (s standing, err error) {
			err = row.Scan(&s.id, &s.status, &s.claim)
			return s, err
		}, `SELECT id, status, claim FROM jobs WHERE id IN (`+strings.Join(names, ", ")+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			all[s.id] = s
		}
	}
	return all, nil
}
