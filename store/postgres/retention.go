package postgres

import (
	"context"
	"time"
)

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left. It also
// removes what is left of dropped galleries.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	if err := s.purge(ctx); err != nil {
		return 0, err
	}
	for rows := pace(removeFirst); ; {
		var n int64
		err := s.removing(ctx, "delete expired faces", &rows, func(tx *tx) (err error) {
			// Gallery by gallery, so that the index by age is what is read.
			n, err = tx.deleteFaces(`enrolled IN (
				SELECT f.enrolled FROM (
					SELECT id, CASE WHEN jsonb_typeof(policy -> 'retention') = 'number' THEN (policy ->> 'retention')::bigint END AS retention
					FROM galleries WHERE tenant IS NOT NULL
				) g CROSS JOIN LATERAL (
					SELECT enrolled FROM faces WHERE gallery = g.id AND created_at <
						$3::timestamptz - g.retention / $4::bigint * interval '1 microsecond'
					ORDER BY created_at LIMIT $5
				) f WHERE g.retention > 0 LIMIT $5)`,
				now, time.Microsecond.Nanoseconds(), rows)
			return err
		})
		if err != nil || n == 0 {
			return deleted, err
		}
		deleted += int(n)
	}
}
