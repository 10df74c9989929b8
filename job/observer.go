package job

import (
	"context"
	"time"

	"oneton/store"
)

// Observer is told of the jobs that a process does, for whoever counts and traces them.
type Observer interface {
	// Begin begins an attempt at the job of the kind, which has waited so long since it
	// might begin; its work has the context. done ends it with the work's error; again
	// tells that it goes on later.
	Begin(ctx context.Context, id ID, kind string, waited time.Duration) (_ context.Context, done func(err error, again bool))
	// Ended tells how a job has ended.
	Ended(kind string, s Status)
}

// Load is how many jobs of a kind have not ended.
type Load struct {
	Kind            string
	Queued, Running int64
	// Oldest is for how long the oldest that may begin has been waiting; 0 when none
	// waits.
	Oldest time.Duration
}

// Loads are those of every kind that the queue handles, of all processes.
func (q *Queue) Loads(ctx context.Context) (all []Load, err error) {
	err = q.db.Read(ctx, "count jobs", func(r store.Reader) error {
		by := map[string]*Load{}
		all = nil
		q.mu.Lock()
		for kind := range q.kinds {
			by[kind] = &Load{Kind: kind}
		}
		q.mu.Unlock()
		now, err := q.now(r)
		if err != nil {
			return err
		}
		if err := r.Each(func(row store.Row) error {
			var kind string
			var queued, running int64
			var first time.Time
			if err := row.Scan(&kind, &queued, &running, &first); err != nil {
				return err
			}
			if l := by[kind]; l != nil {
				l.Queued, l.Running = queued, running
				if !first.IsZero() {
					l.Oldest = max(now.Sub(first), 0)
				}
			}
			return nil
		}, `SELECT kind, sum(CASE WHEN status = 'queued' THEN 1 ELSE 0 END), sum(CASE WHEN status = 'running' THEN 1 ELSE 0 END),
			min(CASE WHEN status = 'queued' AND run_at <= $1 THEN run_at END) FROM jobs WHERE ended_at IS NULL GROUP BY kind`, now); err != nil {
			return err
		}
		for _, l := range by {
			all = append(all, *l)
		}
		return nil
	})
	return all, err
}
