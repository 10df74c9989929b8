package sqlite

import (
	"context"
	"slices"
	"time"

	"oneton/changelog"
	"oneton/store"
)

// expiryBatch is how many faces are looked at together.
const expiryBatch = 256

// retaining are the galleries that may not keep faces for ever, as far as can be
// told before their checksums are looked at.
const retaining = galleryColumns + `WHERE tenant IS NOT NULL AND CASE WHEN json_valid(policy) THEN
		CASE json_type(policy, '$.retention') WHEN 'integer' THEN policy ->> 'retention' END
	END > 0 ORDER BY tenant, name`

// expiring are faces of a gallery past a time, after one that has been looked at.
const expiring = `SELECT n, id, box, landmarks, quality, details, created_at, aside_at FROM faces
	WHERE gallery = ? AND created_at < ? AND (created_at, n) > (?, ?) ORDER BY created_at, n LIMIT ?`

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left. A policy
// that is damaged deletes nothing; a face whose time of enrolment may be is left,
// and then it is store.ErrDamaged after all others are gone. Photos leave the
// file one after the other, and what other processes dropped does too.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	if err := s.noticeDropped(ctx); err != nil {
		return 0, err
	}
	galleries, err := s.retaining(ctx)
	if err != nil {
		return 0, err
	}
	var left store.Left
	for _, g := range galleries {
		n, err := s.deleteExpired(ctx, g, now, &left)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, left.Err()
}

// retaining are the galleries whose policy is sound and not to keep faces for
// ever, by tenant and name.
func (s *Store) retaining(ctx context.Context) ([]store.Gallery, error) {
	rows, err := s.readers.QueryContext(ctx, retaining)
	galleries, err := list(rows, err, scanGallery)
	return store.Retaining(galleries), s.read(ctx, "find retention", err)
}

type expiredFace struct {
	n       int64
	created int64
	store.Face
}

// deleteExpired deletes a gallery's expired faces, some in a transaction, so that
// enrolments are not held up.
func (s *Store) deleteExpired(ctx context.Context, g store.Gallery, now time.Time, left *store.Left) (deleted int, err error) {
	end, last := now.Add(-g.Policy.Retention).UnixMicro(), expiredFace{created: -1 << 63}
	for {
		rows, err := s.readers.QueryContext(ctx, expiring, g.ID, end, last.created, last.n, expiryBatch)
		faces, err := list(rows, err, scanExpired)
		if err != nil || len(faces) == 0 {
			return deleted, s.read(ctx, "find expired faces", err)
		}
		last = faces[len(faces)-1]
		for faces = slices.DeleteFunc(faces, func(f expiredFace) bool { return !left.Sound(f.Face) }); len(faces) > 0; {
			var looked, gone int
			if err := s.erase(ctx, "delete expired faces", func(tx tx) (err error) {
				looked, gone, err = tx.deleteExpired(g, faces)
				return err
			}); err != nil {
				return deleted, err
			}
			if looked == 0 {
				return deleted, nil // the policy is another now
			}
			faces, deleted = faces[looked:], deleted+gone
		}
	}
}

// deleteExpired deletes some of the faces, of which it has looked at the first,
// while their gallery's policy is what it was.
func (t tx) deleteExpired(g store.Gallery, faces []expiredFace) (looked, deleted int, err error) {
	is, err := scanGallery(t.row(galleryColumns+`WHERE id = ? AND tenant IS NOT NULL`, g.ID))
	if notFound(err) || err == nil && is != g {
		return 0, 0, nil
	}
	for begun := time.Now(); err == nil && looked < len(faces) && (looked == 0 || time.Since(begun) < purgeTime); looked++ {
		var n int64
		n, err = t.rows(`DELETE FROM faces WHERE n = ? AND id = ? AND created_at = ?`, faces[looked].n, faces[looked].ID, faces[looked].created)
		if err == nil && n > 0 {
			deleted++
			err = t.log(changelog.DeleteFace, g.Tenant, g.ID, faces[looked].ID)
		}
	}
	return looked, deleted, err
}

func scanExpired(row scanner) (f expiredFace, err error) {
	var box, landmarks, quality []byte
	var details any
	err = row.Scan(&f.n, &f.ID, &box, &landmarks, &quality, &details, &f.created, timeColumn{&f.AsideAt})
	f.CreatedAt = time.UnixMicro(f.created).UTC()
	f.Face = store.ReadDetails(f.Face, box, landmarks, quality, checksumOf(details))
	return f, err
}

// Expired tells of each gallery how many faces are past its retention at now, by
// tenant and name; galleries without any are left out.
func (s *Store) Expired(ctx context.Context, now time.Time) (expired []store.Expired, err error) {
	galleries, err := s.retaining(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range galleries {
		e := store.Expired{Tenant: g.Tenant, Gallery: g.Name}
		err := s.readers.QueryRowContext(ctx, `SELECT count(*), min(created_at) FROM faces WHERE gallery = ? AND created_at < ?`,
			g.ID, now.Add(-g.Policy.Retention).UnixMicro()).Scan(&e.Faces, timeColumn{&e.Oldest})
		if err != nil {
			return nil, s.read(ctx, "count expired faces", err)
		}
		if e.Faces > 0 {
			expired = append(expired, e)
		}
	}
	return expired, nil
}
