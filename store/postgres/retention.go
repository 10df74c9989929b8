package postgres

import (
	"context"
	"time"
)

// expiryBatch is how many faces one transaction removes, so that enrolments
// are not held up.
const expiryBatch = 256

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	for {
		var n int64
		err := s.write(ctx, "delete expired faces", func(tx *tx) (err error) {
			n, err = tx.deleteFaces(`enrolled IN (
				SELECT f.enrolled FROM galleries g JOIN faces f ON f.gallery = g.id
				WHERE (g.policy ->> 'retention')::bigint > 0
				AND f.created_at < $3::timestamptz - (g.policy ->> 'retention')::bigint / $4::bigint * interval '1 microsecond'
				LIMIT $5)`, now, time.Microsecond.Nanoseconds(), expiryBatch)
			return err
		})
		if err != nil || n == 0 {
			return deleted, err
		}
		deleted += int(n)
	}
}
