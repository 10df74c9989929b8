package webhook

import (
	"context"
	"time"

	"oneton/store"
)

const (
	// Most is how many ended deliveries are kept of a tenant, the newest; so no
	// tenant's are lost by another's.
	Most = 100_000
	// swept is how many leave in one transaction, so that no writer waits long.
	swept = 1000
)

// Sweep ends deliveries whose job did not end within patience, as when no server ran, as
// dead letters. It removes from the log, at the time, the deliveries that ended Config.Keep ago
// and those of a tenant beyond Most, with what was sent; and former keys that sign no
// more. What has not ended stays. It tells how many deliveries.
func (s *Service) Sweep(ctx context.Context, now time.Time) (removed int64, err error) {
	return s.sweep(ctx, now, Most)
}

func (s *Service) sweep(ctx context.Context, now time.Time, most int64) (removed int64, err error) {
	// A round's job was added no later than its next try was due.
	if _, err = s.remove(ctx, `UPDATE webhook_deliveries SET state = $4, next_at = NULL, ended_at = $5 WHERE id IN (SELECT id FROM webhook_deliveries
		WHERE ended_at IS NULL AND state = $3 AND next_at <= $2 ORDER BY next_at, id LIMIT $1)`, now.Add(-patience), Pending, Failed, now); err != nil {
		return 0, err
	}
	if removed, err = s.forget(ctx, `ended_at <= $2`, now.Add(-s.cfg.Keep)); err != nil {
		return removed, err
	}
	type surplus struct {
		tenant store.TenantID
		ended  time.Time
	}
	tenants, err := store.List(ctx, s.db, "count webhook deliveries", func(row store.Row) (t store.TenantID, err error) {
		err = row.Scan(&t)
		return t, err
	}, `SELECT tenant FROM webhook_deliveries WHERE ended_at IS NOT NULL GROUP BY tenant HAVING count(*) > $1`, most)
	if err != nil {
		return removed, err
	}
	for _, tenant := range tenants {
		last, err := store.One(ctx, s.db, "find surplus webhook deliveries", func(row store.Row) (x surplus, err error) {
			err = row.Scan(&x.tenant, &x.ended)
			return x, err
		}, `SELECT tenant, ended_at FROM webhook_deliveries WHERE tenant = $1 AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1 OFFSET $2`, tenant, most)
		if err != nil {
			return removed, err
		}
		n, err := s.forget(ctx, `tenant = $2 AND ended_at <= $3`, last.tenant, last.ended)
		if removed += n; err != nil {
			return removed, err
		}
	}
	if err := s.orphans(ctx); err != nil {
		return removed, err
	}
	if err := s.eraseResults(ctx); err != nil {
		return removed, err
	}
	return removed, s.db.Remove(ctx, "remove former webhook keys", func(tx store.Tx) error {
		_, err := tx.Exec(`UPDATE webhook_endpoints SET former = $2, former_ends = $3 WHERE former_ends <= $1`, now, []byte(nil), time.Time{})
		return err
	})
}

// forget removes the deliveries for which the condition on $2 and so on holds.
func (s *Service) forget(ctx context.Context, condition string, args ...any) (removed int64, err error) {
	return s.remove(ctx, `DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE `+condition+` ORDER BY ended_at, id LIMIT $1)`, args...)
}

// orphans removes events that have no delivery left.
func (s *Service) orphans(ctx context.Context) error {
	_, err := s.remove(ctx, `DELETE FROM webhook_events WHERE id IN (SELECT e.id FROM webhook_events e
		WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event = e.id) ORDER BY e.id LIMIT $1)`)
	return err
}

// eraseResults erases results that nobody waits for: whoever had not taken one was
// removed after all others had.
func (s *Service) eraseResults(ctx context.Context) error {
	for _, t := range s.types {
		if !t.Result {
			continue
		}
		if _, err := s.remove(ctx, `UPDATE webhook_events SET body = $4 WHERE id IN (SELECT e.id FROM webhook_events e WHERE e.type = $2 AND length(e.body) > 0
			AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event = e.id AND d.state <> $3) ORDER BY e.id LIMIT $1)`, t.Name, Delivered, []byte{}); err != nil {
			return err
		}
	}
	return nil
}

// remove repeats a removal of $1 rows until none is left.
func (s *Service) remove(ctx context.Context, query string, args ...any) (removed int64, err error) {
	args = append([]any{swept}, args...)
	for {
		var n int64
		if err := s.db.Remove(ctx, "remove old webhook deliveries", func(tx store.Tx) (err error) {
			n, err = tx.Exec(query, args...)
			return err
		}); err != nil {
			return removed, err
		}
		if removed += n; n < swept {
			return removed, nil
		}
	}
}
