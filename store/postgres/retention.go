package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left. Then it
// removes what is left of dropped galleries, whatever that takes or meets.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	deleted, err = s.deleteExpired(ctx, now)
	return deleted, errors.Join(err, s.purge(ctx))
}

func (s *Store) deleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
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

// Expired tells of each gallery how many faces DeleteExpired would remove, by
// tenant and name; galleries without any are left out.
func (s *Store) Expired(ctx context.Context, now time.Time) ([]store.Expired, error) {
	return list(ctx, s, "list expired faces", func(row pgx.CollectableRow) (e store.Expired, err error) {
		err = row.Scan(&e.Tenant, &e.Gallery, &e.Faces, &e.Oldest)
		e.Oldest = e.Oldest.UTC()
		return e, err
	}, `
		SELECT g.tenant, g.name, count(*), min(f.created_at) FROM (
			SELECT tenant, name, id, CASE WHEN jsonb_typeof(policy -> 'retention') = 'number' THEN (policy ->> 'retention')::bigint END AS retention
			FROM galleries WHERE tenant IS NOT NULL
		) g JOIN faces f ON f.gallery = g.id
		WHERE g.retention > 0 AND f.created_at < $1::timestamptz - g.retention / $2::bigint * interval '1 microsecond'
		GROUP BY g.tenant, g.name ORDER BY g.tenant COLLATE "C", g.name COLLATE "C"`, now, time.Microsecond.Nanoseconds())
}
