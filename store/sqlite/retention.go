package sqlite

import (
	"context"
	"time"

	"oneton/changelog"
	"oneton/store"
)

// expiryBatch is how many faces one transaction removes, so that enrolments
// are not held up.
const expiryBatch = 256

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left. Photos
// leave the file one after the other, and what other processes dropped does too.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	if err := s.noticeDropped(ctx); err != nil {
		return 0, err
	}
	for {
		var n int
		if n, err = s.anyExpired(ctx, now); err != nil || n == 0 {
			return deleted, err // and the writer is left alone
		}
		err := s.erase(ctx, "delete expired faces", func(tx tx) (err error) {
			n, err = tx.deleteExpired(now)
			return err
		})
		if err != nil || n == 0 {
			return deleted, err
		}
		deleted += n
	}
}

// deleteExpired deletes some of the expired faces and returns how many.
func (t tx) deleteExpired(now time.Time) (deleted int, err error) {
	faces, err := t.expired(now)
	if err != nil {
		return 0, err
	}
	for begun := time.Now(); deleted < len(faces) && (deleted == 0 || time.Since(begun) < purgeTime); deleted++ {
		f := faces[deleted]
		if err := t.log(changelog.DeleteFace, f.tenant, f.gallery, f.id); err != nil {
			return 0, err
		}
		if err := t.change(`DELETE FROM faces WHERE id = ?`, f.id); err != nil {
			return 0, err
		}
	}
	return deleted, nil
}

// retention is a gallery's, in nanoseconds, or NULL when it cannot be read.
const retention = `CASE WHEN json_valid(policy) THEN
		CASE json_type(policy, '$.retention') WHEN 'integer' THEN policy ->> 'retention' END
	END AS retention`

type expiredFace struct{ tenant, gallery, id string }

// expiredFaces takes now, the retention's units of a microsecond, and how many.
const expiredFaces = `SELECT g.tenant, g.id, f.id FROM (
		SELECT tenant, id, ` + retention + ` FROM galleries WHERE tenant IS NOT NULL
	) g JOIN faces f ON f.gallery = g.id
	WHERE g.retention > 0 AND f.created_at < ? - g.retention / ?
	LIMIT ?`

// anyExpired is 1 when there is an expired face.
func (s *Store) anyExpired(ctx context.Context, now time.Time) (n int, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT count(*) FROM (`+expiredFaces+`)`,
		now.UnixMicro(), time.Microsecond.Nanoseconds(), 1).Scan(&n)
	return n, s.read(ctx, "find expired faces", err)
}

func (t tx) expired(now time.Time) ([]expiredFace, error) {
	rows, err := t.conn.QueryContext(context.Background(), expiredFaces, now.UnixMicro(), time.Microsecond.Nanoseconds(), expiryBatch)
	return list(rows, err, func(row scanner) (f expiredFace, err error) {
		err = row.Scan(&f.tenant, &f.gallery, &f.id)
		return f, err
	})
}

// Expired tells of each gallery how many faces DeleteExpired would remove, by
// tenant and name; galleries without any are left out.
func (s *Store) Expired(ctx context.Context, now time.Time) ([]store.Expired, error) {
	rows, err := s.readers.QueryContext(ctx, `
		SELECT g.tenant, g.name, count(*), min(f.created_at) FROM (
			SELECT tenant, name, id, `+retention+` FROM galleries WHERE tenant IS NOT NULL
		) g JOIN faces f ON f.gallery = g.id
		WHERE g.retention > 0 AND f.created_at < ? - g.retention / ?
		GROUP BY g.id ORDER BY g.tenant, g.name`, now.UnixMicro(), time.Microsecond.Nanoseconds())
	expired, err := list(rows, err, func(row scanner) (e store.Expired, err error) {
		var oldest int64
		err = row.Scan(&e.Tenant, &e.Gallery, &e.Faces, &oldest)
		e.Oldest = time.UnixMicro(oldest).UTC()
		return e, err
	})
	return expired, s.read(ctx, "list expired faces", err)
}
