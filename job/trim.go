package job

import (
	"context"
	"time"

	"oneton/store"
)

const (
	// trimInterval lies between two looks for what is not kept any more.
	trimInterval = time.Minute
	// trimBatch is how many jobs one transaction removes, so that others wait little.
	trimBatch = 256

	// past are jobs that are not kept any more.
	past = `FROM jobs WHERE keep_until <= $1`
	// left are inputs that a process had no time to erase.
	left = `FROM job_inputs WHERE job IN (SELECT id FROM jobs WHERE ended_at IS NOT NULL)`
	// idle are lanes' tenants without a job.
	idle = `FROM job_turns WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.lane = job_turns.lane AND j.tenant = job_turns.tenant AND j.status = 'queued')
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.lane = job_turns.lane AND j.tenant = job_turns.tenant AND j.status = 'running')`
)

// trimAll trims now and then, until ctx ends.
func (q *Queue) trimAll(ctx context.Context) {
	for {
		if _, err := q.Trim(ctx); err != nil && ctx.Err() == nil {
			q.log.Error().Err(err).Msg("ended jobs were not removed; it will be tried again")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(trimInterval)):
		}
	}
}

// Trim removes the jobs that are not kept any more, with their outputs, and tells how
// many. Run does it every minute.
func (q *Queue) Trim(ctx context.Context) (removed int64, err error) {
	for {
		some := false
		err := q.db.Read(ctx, "find jobs to remove", func(r store.Reader) error {
			now, err := q.now(r)
			if err != nil {
				return err
			}
			some, err = store.OneOf(r, func(row store.Row) (some bool, err error) {
				err = row.Scan(&some)
				return some, err
			}, `SELECT EXISTS (SELECT 1 `+past+`) OR EXISTS (SELECT 1 `+left+`) OR EXISTS (SELECT 1 `+idle+`)`, now)
			return err
		})
		if err != nil || !some {
			return removed, err
		}
		var n int64
		err = q.db.Remove(ctx, "remove jobs", func(tx store.Tx) error {
			now, err := q.now(tx)
			if err != nil {
				return err
			}
			if n, err = tx.Exec(`DELETE FROM jobs WHERE id IN (SELECT id `+past+` ORDER BY keep_until LIMIT $2)`, now, trimBatch); err != nil {
				return err
			}
			if _, err := tx.Exec(`DELETE ` + left); err != nil {
				return err
			}
			_, err = tx.Exec(`DELETE ` + idle)
			return err
		})
		if err != nil {
			return removed, err
		}
		removed += n
	}
}
