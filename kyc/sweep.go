package kyc

import (
	"context"
	"errors"
	"time"

	"oneton/store"
)

// swept is how many rows leave in one transaction, so that no writer waits long.
const swept = 200

// Sweep ends what has ended by the time: sessions that nobody closed, whose attempts
// are CANCELLED, photos that were kept for a
// review, attempts past their time with all that is of them, and faces that no attempt
// and no user names. It tells how many attempts.
func (s *Service) Sweep(ctx context.Context, now time.Time) (attempts int64, err error) {
	if err := s.endSessions(ctx, now); err != nil {
		return 0, err
	}
	if _, err := s.removeAll(ctx, "erase kept photos", `DELETE FROM kyc_photos WHERE id IN
		(SELECT id FROM kyc_photos WHERE erase_at <= $1 ORDER BY erase_at, id LIMIT $2)`, now); err != nil {
		return 0, err
	}
	// An attempt's face goes with it, whatever it was kept for when it was saved.
	const old = `(SELECT id FROM kyc_attempts WHERE created_at <= $1 ORDER BY created_at, id LIMIT $2)`
	attempts, err = s.removeAll(ctx, "remove old attempts", `DELETE FROM kyc_attempts WHERE id IN `+old, now.Add(-s.cfg.Attempts),
		`UPDATE kyc_faces SET drop_at = $1 WHERE drop_at > $1 AND attempt IN `+old+`
			AND NOT EXISTS (SELECT 1 FROM kyc_users u WHERE u.face = kyc_faces.subject)`)
	if err != nil {
		return attempts, err
	}
	return attempts, s.sweepFaces(ctx, now)
}

// endSessions removes sessions that have ended, and cancels the attempts that nobody
// will close any more.
func (s *Service) endSessions(ctx context.Context, now time.Time) error {
	type left struct {
		attempt string
		tenant  store.TenantID
	}
	for {
		var all []left
		if err := s.db.Remove(ctx, "end sessions", func(tx store.Tx) error {
			all = nil
			if err := tx.Each(func(row store.Row) error {
				var l left
				err := row.Scan(&l.attempt, &l.tenant)
				all = append(all, l)
				return err
			}, `SELECT id, tenant FROM kyc_attempts a WHERE a.status = 'PENDING'
				AND NOT EXISTS (SELECT 1 FROM kyc_sessions s WHERE s.attempt = a.id AND s.ends_at > $1) ORDER BY a.id LIMIT $2`, now, swept); err != nil {
				return err
			}
			for _, l := range all {
				// Another process may have done it meanwhile.
				if err := s.move(tx, store.Actor{Tenant: l.tenant}, now, change{attempt: l.attempt, was: Pending, became: Cancelled}); err != nil && !errors.Is(err, ErrNotInReview) {
					return err
				}
				if _, err := tx.Exec(`DELETE FROM kyc_sessions WHERE attempt = $1`, l.attempt); err != nil {
					return err
				}
			}
			return nil
		}); err != nil || len(all) < swept {
			return err
		}
	}
}

// removeAll runs a removal of the oldest, and what goes before it, until nothing is
// left to remove.
func (s *Service) removeAll(ctx context.Context, doing, query string, until time.Time, before ...string) (removed int64, err error) {
	for {
		var n int64
		if err := s.db.Remove(ctx, doing, func(tx store.Tx) (err error) {
			for _, first := range before {
				if _, err := tx.Exec(first, until, swept); err != nil {
					return err
				}
			}
			n, err = tx.Exec(query, until, swept)
			return err
		}); err != nil {
			return removed, err
		}
		if removed += n; n < swept {
			return removed, nil
		}
	}
}

func (s *Service) sweepFaces(ctx context.Context, now time.Time) error {
	faces, err := store.List(ctx, s.db, "find faces of nobody", scanFace, `SELECT f.subject, f.gallery, f.tenant FROM kyc_faces f WHERE f.drop_at <= $1
		AND NOT EXISTS (SELECT 1 FROM kyc_attempts a WHERE a.face = f.subject) AND NOT EXISTS (SELECT 1 FROM kyc_users u WHERE u.face = f.subject)`, now)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range faces {
		errs = append(errs, s.deleteFace(ctx, store.Actor{Tenant: f.tenant}, f))
	}
	return errors.Join(errs...)
}
