package job

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"oneton/store"
)

// perStep is what a step of priority is worth.
const perStep = time.Minute

// turn is when a job that may run at the time would have been added, were its
// priority 0.
func turn(runAt time.Time, priority int) time.Time {
	return runAt.Add(-time.Duration(priority) * perStep)
}

// Add adds a job in a transaction, which lets it begin once that is committed, at once
// in this process and soon in another. An unknown kind is ErrKind, a large input
// ErrTooLarge, and what cannot be kept store.ErrInvalid.
func (q *Queue) Add(tx store.Tx, n New) (ID, error) {
	q.mu.Lock()
	k, ok := q.kinds[n.Kind]
	q.mu.Unlock()
	if err := check(n, ok); err != nil {
		return "", fmt.Errorf("add job: %w", err)
	}
	id, err := q.add(tx, n, k)
	if err != nil {
		return "", fmt.Errorf("add job: %w", err)
	}
	return id, nil
}

func check(n New, known bool) error {
	switch {
	case !known:
		return fmt.Errorf("%w: %q", ErrKind, n.Kind)
	case len(n.Input) > MaxInput:
		return fmt.Errorf("%w: it has %d bytes of at most %d", ErrTooLarge, len(n.Input), MaxInput)
	case !keepable(n.Key) || !keepable(n.Group):
		return fmt.Errorf("%w: key and group must be UTF-8 of at most %d bytes", store.ErrInvalid, store.MaxID)
	case n.Priority < -MaxPriority || n.Priority > MaxPriority:
		return fmt.Errorf("%w: priority is %d, must be %d to %d", store.ErrInvalid, n.Priority, -MaxPriority, MaxPriority)
	case n.Delay < 0 || n.Within < 0:
		return fmt.Errorf("%w: a time is negative", store.ErrInvalid)
	}
	return nil
}

func keepable(name string) bool { return len(name) <= store.MaxID && store.ValidText(name) }

func (q *Queue) add(tx store.Tx, n New, k Kind) (ID, error) {
	if n.Key != "" {
		id, err := store.OneOf(tx, scanID, `SELECT id FROM jobs WHERE tenant = $1 AND kind = $2 AND once = $3`, n.Tenant, n.Kind, n.Key)
		if !errors.Is(err, store.ErrNotFound) {
			return id, err
		}
	}
	now, err := q.now(tx)
	if err != nil {
		return "", err
	}
	id, lane, runAt := newID(now), laneOf(n.Kind, k), now.Add(n.Delay)
	if _, err := tx.Exec(`INSERT INTO jobs (id, tenant, owner, kind, lane, once, part, status, priority, run_at, turn, ends_by, attempt, attempts, claim, done, total, error, added_at)
		VALUES ($1, $2, nullif($3, ''), $4, $5, nullif($6, ''), $7, 'queued', $8, $9, $10, $11, 0, $12, 0, 0, 0, '', $13)`,
		id, n.Tenant, n.Tenant, n.Kind, lane, n.Key, n.Group, n.Priority, runAt, turn(runAt, n.Priority),
		now.Add(cmp.Or(n.Within, q.cfg.Within)), k.Attempts, now); err != nil {
		return "", err
	}
	if len(n.Input) > 0 {
		if _, err := tx.Exec(`INSERT INTO job_inputs (job, input) VALUES ($1, $2)`, id, n.Input); err != nil {
			return "", err
		}
	}
	if _, err := tx.Exec(`INSERT INTO job_turns (lane, tenant, served) VALUES ($1, $2, 0) ON CONFLICT (lane, tenant) DO NOTHING`, lane, n.Tenant); err != nil {
		return "", err
	}
	tx.Announce(room)
	// What asks the writer from now on comes after this transaction.
	q.added.Store(true)
	q.Wake()
	return id, nil
}

func scanID(row store.Row) (id ID, err error) {
	err = row.Scan(&id)
	return id, err
}
