package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"oneton/pool"
	"oneton/store"
)

// MaxOutput is the most that an output may have, in bytes.
const MaxOutput = 4 << 20

const (
	// firstBackoff doubles with each attempt, up to lastBackoff.
	firstBackoff, lastBackoff = time.Second, 10 * time.Minute
	// busyPause is the pause of a job that met a busy pool.
	busyPause = time.Second
	// writeRetry is the pause before what came of a job is written again, at first.
	writeRetry = 100 * time.Millisecond
)

// Backoff is the time between an attempt, from 1, and the next: a second that doubles
// with each attempt up to ten minutes, times 0.5 to 1.5 at random.
func Backoff(attempt int) time.Duration {
	const doublings = 16 // far above the last
	return jitter(min(firstBackoff<<min(max(attempt-1, 0), doublings), lastBackoff))
}

func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// work does the job, and writes what came of it.
func (q *Queue) work(r *run) {
	output, err := q.observed(r)
	if len(output) > MaxOutput {
		output, err = nil, fmt.Errorf("%w: its output has %d bytes of at most %d", ErrFailed, len(output), MaxOutput)
	}
	if fault(err) && r.ctx.Err() == nil {
		q.log.Error().Err(err).Str("job", string(r.id)).Str("kind", r.kind).Int64("attempt", r.attempt).Msg("a job failed by a fault")
	}
	for pause := writeRetry; ; pause *= 2 {
		werr := q.settle(r, output, err)
		if werr == nil || errors.Is(werr, store.ErrClosed) {
			if werr == nil && r.ended != "" && q.cfg.Observer != nil {
				q.cfg.Observer.Ended(r.kind, r.ended)
			}
			return
		}
		q.log.Error().Err(werr).Str("job", string(r.id)).Str("kind", r.kind).Msg("could not write what came of a job, and will try again while it is this worker's")
		select {
		case <-r.lost:
			return
		case <-time.After(pause):
		}
	}
}

// observed is do, of which the observer is told.
func (q *Queue) observed(r *run) ([]byte, error) {
	if q.cfg.Observer == nil {
		return q.do(r)
	}
	ctx, done := q.cfg.Observer.Begin(r.ctx, r.id, r.kind, r.waited)
	r.ctx = ctx
	output, err := q.do(r)
	_, again := errors.AsType[*againError](err)
	done(err, again)
	return output, err
}

// do is one attempt. A panic of it is ErrPanicked.
func (q *Queue) do(r *run) (output []byte, err error) {
	input, err := store.One(r.ctx, q.db, "read a job's input", func(row store.Row) (b []byte, err error) {
		err = row.Scan(&b)
		return b, err
	}, `SELECT input FROM job_inputs WHERE job = $1`, r.id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			output, err = nil, ErrPanicked
			q.log.Error().Str("job", string(r.id)).Str("kind", r.kind).Any("panic", v).Bytes("stack", debug.Stack()).Msg("a job panicked")
		}
	}()
	j := &Job{ID: r.id, Tenant: r.tenant, Kind: r.kind, Input: input, Attempt: int(r.attempt), Last: r.attempt >= r.attempts, AddedAt: r.addedAt, q: q, r: r}
	return q.kinds[r.kind].Do(r.ctx, j)
}

// settle writes what came of an attempt, unless the job is another's or has ended
// already, and erases the input of one that has ended.
func (q *Queue) settle(r *run, output []byte, err error) error {
	return q.db.Remove(context.Background(), "write what came of a job", func(tx store.Tx) error {
		now, terr := q.now(tx)
		if terr != nil {
			return terr
		}
		if werr := q.put(tx, r, now, output, err); werr != nil && !errors.Is(werr, ErrLost) {
			return werr
		}
		_, werr := tx.Exec(`DELETE FROM job_inputs WHERE job = $1 AND EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND ended_at IS NOT NULL)`, r.id)
		return werr
	})
}

// put ends the job or puts it back into the queue.
func (q *Queue) put(tx store.Tx, r *run, now time.Time, output []byte, err error) error {
	again := func(after time.Duration, attempt int64) error {
		at := now.Add(after)
		tx.Announce(room)
		r.ended = ""
		return r.change(tx, `status = 'queued', lease_until = NULL, attempt = $3, error = $4, run_at = $5, turn = $6`,
			attempt, said(err), at, turn(at, r.priority))
	}
	asked, asks := errors.AsType[*retryError](err)
	later, goesOn := errors.AsType[*againError](err)
	switch cause := context.Cause(r.ctx); {
	case err == nil, errors.Is(err, ErrInvalid), errors.Is(err, ErrFailed):
		return r.end(tx, now, ended(err), output, err)
	case errors.Is(cause, ErrExpired):
		return r.end(tx, now, Failed, nil, ErrExpired)
	case errors.Is(cause, ErrStopping):
		return r.back(tx)
	case errors.Is(err, pool.ErrBusy):
		return again(jitter(busyPause), r.attempt-1)
	case goesOn:
		return again(max(later.at.Sub(now), 0), r.attempt-1)
	case r.attempt >= r.attempts:
		return r.end(tx, now, Failed, output, err)
	case asks:
		return again(max(asked.after, 0), r.attempt)
	}
	return again(max(q.kinds[r.kind].Backoff(int(r.attempt)), 0), r.attempt)
}

// ended is how a job ends that its work says no more of than err.
func ended(err error) Status {
	switch {
	case err == nil:
		return Succeeded
	case errors.Is(err, ErrInvalid):
		return Invalid
	}
	return Failed
}

// end ends the job.
func (r *run) end(tx store.Tx, now time.Time, s Status, output []byte, err error) error {
	tx.Announce(room)
	if err := r.change(tx, `status = $3, lease_until = NULL, output = $4, error = $5, ended_at = $6, keep_until = $7`,
		s, output, said(err), now, now.Add(r.keep)); err != nil {
		return err
	}
	r.ended = s
	return nil
}

// back puts a job back into the queue as if it had not begun. Whoever has it from now
// on has another claim.
func (r *run) back(tx store.Tx) error {
	tx.Announce(room)
	r.ended = ""
	return r.change(tx, `status = 'queued', lease_until = NULL, attempt = attempt - 1`)
}

// fault tells whether an error is none that is said on purpose.
func fault(err error) bool {
	if err == nil {
		return false
	}
	_, asks := errors.AsType[*retryError](err)
	_, goesOn := errors.AsType[*againError](err)
	return !asks && !goesOn && !slices.ContainsFunc([]error{ErrInvalid, ErrFailed, ErrExpired, ErrPanicked, pool.ErrBusy}, func(e error) bool { return errors.Is(err, e) })
}

// said is what an error says, as every engine can keep it. That the job failed is said by
// its status.
func said(err error) string {
	if err == nil {
		return ""
	}
	if fault(err) {
		err = ErrFault
	}
	const most = 1000
	text := err.Error()
	for _, sentinel := range []error{ErrInvalid, ErrFailed} {
		text = strings.TrimPrefix(text, sentinel.Error()+": ")
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
