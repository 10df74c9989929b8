package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// retaining are the galleries that may not keep faces for ever, as far as can be
// told before their checksums are looked at.
const retaining = galleryColumns + `WHERE tenant IS NOT NULL AND CASE WHEN jsonb_typeof(policy -> 'retention') = 'number'
	THEN (policy ->> 'retention')::numeric END > 0 ORDER BY tenant, name`

// expiring are faces of a gallery past a time, after one that has been looked at.
const expiring = `SELECT enrolled, id, box::text, landmarks::text, quality::text, details, created_at, aside_at FROM faces
	WHERE gallery = $1 AND created_at < $2 AND (created_at, enrolled) > ($3, $4) ORDER BY created_at, enrolled LIMIT $5`

// DeleteExpired removes, with their photos, the faces that at now are older
// than their gallery's policy keeps them, and returns how many. Their subjects
// stay. After an error the faces counted are gone and the rest is left. A policy
// that is damaged deletes nothing; a face whose time of enrolment may be is left,
// and then it is store.ErrDamaged after all others are gone. At the end it
// removes what is left of dropped galleries, whatever that takes or meets.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	var left store.Left
	deleted, err = s.deleteExpired(ctx, now, &left)
	return deleted, errors.Join(err, left.Err(), s.purge(ctx))
}

func (s *Store) deleteExpired(ctx context.Context, now time.Time, left *store.Left) (deleted int, err error) {
	galleries, err := s.retaining(ctx)
	if err != nil {
		return 0, err
	}
	rows := pace(removeFirst)
	for _, g := range galleries {
		n, err := s.deleteExpiredOf(ctx, g, now, &rows, left)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// retaining are the galleries whose policy is sound and not to keep faces for
// ever, by tenant and name.
func (s *Store) retaining(ctx context.Context) ([]store.Gallery, error) {
	galleries, err := list(ctx, s, "find retention", scanGallery, retaining)
	return store.Retaining(galleries), err
}

type expiredFace struct {
	enrolled int64
	store.Face
}

// deleteExpiredOf deletes a gallery's expired faces, some in a transaction, while
// its policy is what it was.
func (s *Store) deleteExpiredOf(ctx context.Context, g store.Gallery, now time.Time, rows *pace, left *store.Left) (deleted int, err error) {
	end, last := now.Add(-g.Policy.Retention), expiredFace{}
	for {
		faces, err := list(ctx, s, "find expired faces", scanExpired, expiring, g.ID, end, last.CreatedAt, last.enrolled, *rows)
		if err != nil || len(faces) == 0 {
			return deleted, err
		}
		last = faces[len(faces)-1]
		var sound []int64
		for _, f := range faces {
			if left.Sound(f.Face) {
				sound = append(sound, f.enrolled)
			}
		}
		if len(sound) == 0 {
			continue
		}
		n := int64(-1)
		if err := s.removing(ctx, "delete expired faces", rows, func(tx *tx) error {
			n = -1
			var is []store.Gallery
			tx.queue(galleryColumns+`WHERE id = $1 AND tenant IS NOT NULL`, g.ID).Query(func(rows pgx.Rows) (err error) {
				is, err = pgx.CollectRows(rows, scanGallery)
				return err
			})
			if err := tx.flush(); err != nil || !slices.Contains(is, g) {
				return err
			}
			n, err = tx.deleteFaces(`gallery = $3 AND enrolled = ANY ($4) AND created_at < $5`, g.ID, sound, end)
			return err
		}); err != nil || n < 0 {
			return deleted, err
		}
		deleted += int(n)
	}
}

func scanExpired(row pgx.CollectableRow) (f expiredFace, err error) {
	var box, landmarks, quality []byte
	var details *int64
	err = row.Scan(&f.enrolled, &f.ID, &box, &landmarks, &quality, &details, &f.CreatedAt, timeColumn{&f.AsideAt})
	f.Face = store.ReadDetails(f.Face, box, landmarks, quality, details)
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
		e, err := one(ctx, s, "count expired faces", func(row pgx.CollectableRow) (e store.Expired, err error) {
			var oldest *time.Time
			if err = row.Scan(&e.Faces, &oldest); oldest != nil {
				e.Oldest = *oldest
			}
			return e, err
		}, `SELECT count(*), min(created_at) FROM faces WHERE gallery = $1 AND created_at < $2`, g.ID, now.Add(-g.Policy.Retention))
		if err != nil {
			return nil, err
		}
		if e.Tenant, e.Gallery = g.Tenant, g.Name; e.Faces > 0 {
			expired = append(expired, e)
		}
	}
	return expired, nil
}
