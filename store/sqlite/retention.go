package sqlite

import (
	"context"
	"time"

	"oneton/changelog"
)

// expiryBatch is how many faces one transaction removes, so that enrolments
// are not held up.
const expiryBatch = 256

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	for {
		var n int
		err := s.erase(ctx, "delete expired faces", func(tx tx) error {
			faces, err := tx.expired(now)
			if err != nil {
				return err
			}
			n = len(faces)
			for _, f := range faces {
				if err := tx.log(changelog.DeleteFace, f.tenant, f.gallery, f.id); err != nil {
					return err
				}
				if err := tx.change(`DELETE FROM faces WHERE id = ?`, f.id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return deleted, err
		}
		deleted += n
	}
}

type expiredFace struct{ tenant, gallery, id string }

func (t tx) expired(now time.Time) ([]expiredFace, error) {
	rows, err := t.conn.QueryContext(context.Background(), `
		SELECT g.tenant, g.id, f.id FROM galleries g JOIN faces f ON f.gallery = g.id
		WHERE g.policy ->> 'retention' > 0 AND f.created_at < ? - g.policy ->> 'retention' / ?
		LIMIT ?`, now.UnixMicro(), time.Microsecond.Nanoseconds(), expiryBatch)
	return list(rows, err, func(row scanner) (f expiredFace, err error) {
		err = row.Scan(&f.tenant, &f.gallery, &f.id)
		return f, err
	})
}
