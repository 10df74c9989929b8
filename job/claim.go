package job

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"oneton/store"
)

// claims is what one transaction claims at most, so that other writers wait little.
const claims = 16

// claimed is a job as its worker has it.
type claimed struct {
	id                ID
	tenant            store.TenantID
	kind, part        string
	priority          int
	attempt, attempts int64
	// claim tells this worker from those before and after.
	claim         int64
	addedAt, ends time.Time
	// runAt is since when it might begin.
	runAt time.Time
}

func (c claimed) group() group { return group{c.kind, c.part} }

// next claims the job whose turn it is in the lane, or is store.ErrNotFound: of the
// tenants that have one to do, that with the fewest at work, and of those the one
// that was served longest ago; of its jobs the one that has waited longest, as its
// priority counts.
func (q *Queue) next(tx store.Tx, l *lane, full []group, now, leased time.Time) (c claimed, err error) {
	const (
		of    = 3
		due   = `j.status = 'queued' AND j.run_at <= $2 AND j.ends_by > $2 AND `
		has   = `t.lane = $1 AND EXISTS (SELECT 1 FROM jobs j WHERE j.lane = t.lane AND j.tenant = t.tenant AND ` + due
		first = `(SELECT count(*) FROM jobs r WHERE r.lane = t.lane AND r.tenant = t.tenant AND r.status = 'running'), t.served, t.tenant`
	)
	mine, args := l.mine(full, of)
	tenant, err := store.OneOf(tx, func(row store.Row) (id store.TenantID, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT t.tenant FROM job_turns t WHERE `+has+mine+`) ORDER BY `+first+` LIMIT 1`, append([]any{l.name, now}, args...)...)
	if err != nil {
		return c, err
	}
	mine, args = l.mine(full, of+1)
	c, err = store.OneOf(tx, func(row store.Row) (c claimed, err error) {
		err = row.Scan(&c.id, &c.tenant, &c.kind, &c.part, &c.priority, &c.attempt, &c.attempts, &c.claim, &c.addedAt, &c.ends, &c.runAt)
		return c, err
	}, `SELECT id, tenant, kind, part, priority, attempt, attempts, claim, added_at, ends_by, run_at FROM jobs j
		WHERE j.lane = $1 AND j.tenant = $3 AND `+due+mine+` ORDER BY j.turn, j.id LIMIT 1`, append([]any{l.name, now, tenant}, args...)...)
	if err != nil {
		return c, err
	}
	c.attempt++
	c.claim++
	if _, err := tx.Exec(`UPDATE jobs SET status = 'running', attempt = $2, claim = $3, lease_until = $4, started_at = $5 WHERE id = $1`,
		c.id, c.attempt, c.claim, leased, now); err != nil {
		return c, err
	}
	_, err = tx.Exec(`UPDATE job_turns SET served = (SELECT max(served) + 1 FROM job_turns) WHERE lane = $1 AND tenant = $2`, l.name, tenant)
	return c, err
}

// group is the jobs of a kind of which few are done at once.
type group struct{ kind, part string }

// mine restricts a query of jobs j to those that may begin here: of the lane's kinds,
// and of no full group. Parameters are from $first on.
func (l *lane) mine(full []group, first int) (condition string, args []any) {
	kinds, args := in(`j.kind`, l.kinds, first)
	next := func(arg string) string {
		args = append(args, arg)
		return "$" + strconv.Itoa(first+len(args)-1)
	}
	all := []string{kinds}
	for _, g := range full {
		all = append(all, `NOT (j.kind = `+next(g.kind)+` AND j.part = `+next(g.part)+`)`)
	}
	return strings.Join(all, ` AND `), args
}

// in restricts a column to some values, whose parameters are from $first on.
func in(column string, values []string, first int) (condition string, args []any) {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = "$" + strconv.Itoa(first+i)
		args = append(args, v)
	}
	return column + ` IN (` + strings.Join(names, ", ") + `)`, args
}

// full are the groups of which no more may begin here, beside what is at work and
// claimed.
func (q *Queue) full(more []claimed) (full []group) {
	at := make(map[group]int)
	for _, r := range q.atWork() {
		at[r.group()]++
	}
	for _, c := range more {
		at[c.group()]++
	}
	for g, n := range at {
		if most := q.kinds[g.kind].PerGroup; g.part != "" && most > 0 && n >= most {
			full = append(full, g)
		}
	}
	return full
}

// claim begins jobs in the free places, and tells how many.
func (q *Queue) claim(ctx context.Context) (int, error) {
	var all []claimed
	var now time.Time
	begun := time.Now()
	err := q.db.Update(ctx, "claim jobs", func(tx store.Tx) (err error) {
		all = nil
		if now, err = q.now(tx); err != nil {
			return err
		}
		database, err := tx.Now()
		if err != nil {
			return err
		}
		for l, free := range q.free() {
			for ; free > 0 && len(all) < claims; free-- {
				c, err := q.next(tx, l, q.full(all), now, database.Add(q.cfg.Lease))
				if errors.Is(err, store.ErrNotFound) {
					break
				}
				if err != nil {
					return err
				}
				all = append(all, c)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		q.start(c, begun, c.ends.Sub(now), now.Sub(c.runAt))
	}
	return len(all), nil
}

// seen is what a look tells: whether something in a lane with free places is due, or
// else in how long to look again, and whether the time of something is over.
type seen struct {
	due, over bool
	next      time.Duration
}

// look looks without holding up who writes.
func (q *Queue) look(ctx context.Context) (s seen, err error) {
	err = q.db.Read(ctx, "look for jobs", func(r store.Reader) error {
		s = seen{next: q.cfg.Poll}
		database, err := r.Now()
		if err != nil {
			return err
		}
		now := q.cfg.Now(database)
		for l := range q.free() {
			at, err := first(r, `SELECT min(run_at) FROM jobs WHERE lane = $1 AND status = 'queued'`, l.name)
			if err != nil {
				return err
			}
			if !at.IsZero() {
				s.due = s.due || !at.After(now)
				s.next = min(s.next, max(at.Sub(now), time.Millisecond))
			}
		}
		leased, err := first(r, `SELECT min(lease_until) FROM jobs WHERE status = 'running'`)
		if err != nil {
			return err
		}
		ends, err := first(r, `SELECT min(ends_by) FROM jobs WHERE ended_at IS NULL`)
		s.over = !leased.IsZero() && !leased.After(database) || !ends.IsZero() && !ends.After(now)
		return err
	})
	return s, err
}

// first is the time that a query finds, or zero.
func first(r store.Reader, query string, args ...any) (time.Time, error) {
	return store.OneOf(r, func(row store.Row) (at time.Time, err error) {
		err = row.Scan(&at)
		return at, err
	}, query, args...)
}

// Recover ends the leases of all jobs at work, so that they begin anew at once: for a
// process that knows that there is none beside it, before Run. Workers that were killed
// have left them.
func (q *Queue) Recover(ctx context.Context) error {
	return q.db.Remove(ctx, "take over from workers that are gone", func(tx store.Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE jobs SET lease_until = $1 WHERE status = 'running'`, now)
		return err
	})
}

// late is a job whose time is over.
type late struct {
	id   ID
	kind string
	ends time.Time
}

// expire ends jobs whose time is over, and puts those back whose worker was not heard
// of, as long as they have attempts left. It tells whether there may be more.
func (q *Queue) expire(ctx context.Context) (more bool, err error) {
	const most = 256
	var all []late
	err = q.db.Remove(ctx, "end jobs whose time is over", func(tx store.Tx) error {
		all = nil
		database, err := tx.Now()
		if err != nil {
			return err
		}
		now, err := q.now(tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE jobs SET status = 'queued', lease_until = NULL
			WHERE status = 'running' AND lease_until <= $1 AND attempt < attempts AND ends_by > $2`, database, now); err != nil {
			return err
		}
		if err := tx.Each(func(row store.Row) error {
			var l late
			err := row.Scan(&l.id, &l.kind, &l.ends)
			all = append(all, l)
			return err
		}, `SELECT id, kind, ends_by FROM jobs WHERE ended_at IS NULL AND ends_by <= $1
			UNION SELECT id, kind, ends_by FROM jobs WHERE status = 'running' AND lease_until <= $2 LIMIT $3`, now, database, most); err != nil {
			return err
		}
		tx.Announce(room)
		for _, l := range all {
			if err := q.fail(tx, l, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, l := range all {
		q.tell(l.id)
	}
	return len(all) == most, nil
}

// fail ends a job whose time is over.
func (q *Queue) fail(tx store.Tx, l late, now time.Time) error {
	reason := "its worker was not heard of, in the last of its attempts"
	if !l.ends.After(now) {
		reason = ErrExpired.Error()
	}
	if _, err := tx.Exec(`UPDATE jobs SET status = 'failed', lease_until = NULL, error = $2, ended_at = $3, keep_until = $4 WHERE id = $1`,
		l.id, reason, now, now.Add(q.keep(l.kind))); err != nil {
		return err
	}
	return erase(tx, l.id)
}

// keep is how long a job of the kind is kept after its end.
func (q *Queue) keep(kind string) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if k, ok := q.kinds[kind]; ok {
		return k.Keep
	}
	return q.cfg.Keep
}

// erase removes the input of a job that has ended.
func erase(tx store.Tx, id ID) error {
	_, err := tx.Exec(`DELETE FROM job_inputs WHERE job = $1`, id)
	return err
}
