package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

// Reassign makes faces of one person another's: all of it is true or, on an error,
// nothing. decide is told both persons as they are, To being zero where it is to be
// made, and says what To is to be: its metadata and, where it is made, when it was;
// nothing comes between, writes wait for it, and its error leaves all as it was. It
// returns To as changed. It is ErrNotFound when a person, the gallery or a face of
// From's is unknown, ErrExists when To is to be made and there, and ErrSpace while
// faces of a gallery's pack are converted.
func (s *Store) Reassign(ctx context.Context, r store.Reassignment, decide func(from, to store.Subject) (store.Subject, error), also ...func(store.Tx) error) (sub store.Subject, position uint64, err error) {
	if err := r.Check(); err != nil {
		return store.Subject{}, 0, fmt.Errorf("reassign faces: %w", err)
	}
	err = s.write(ctx, "reassign faces", func(tx *tx) error {
		if err := tx.reassign(r, decide); err != nil {
			return err
		}
		tx.find(r.To.Gallery, r.To.Subject, &sub)
		err := tx.flush()
		position = tx.position
		return tx.also(also, err)
	})
	return sub, position, err
}

// reassign queues the last of it.
func (t *tx) reassign(r store.Reassignment, decide func(from, to store.Subject) (store.Subject, error)) error {
	var from, to store.Subject
	t.spaces(store.CheckSettled, ofGalleries, r.From.Gallery, r.To.Gallery)
	t.find(r.From.Gallery, r.From.Subject, &from)
	if !r.Create {
		t.find(r.To.Gallery, r.To.Subject, &to)
	}
	faces, err := t.reassignable(r)
	if err != nil {
		return err
	}
	want, err := decide(from, to)
	if err != nil {
		return err
	}
	want.Gallery, want.ID = r.To.Gallery, r.To.Subject
	if err := store.CheckSubject(want, r.Create); err != nil {
		return err
	}
	metadata, err := encodeMetadata(want.Metadata)
	if err != nil {
		return err
	}
	t.subject(want, metadata, r.Create)
	for _, f := range faces {
		t.reassignFace(r, f)
	}
	if !r.Create && !maps.Equal(want.Metadata, to.Metadata) {
		if err := t.describe(want.Gallery, want.ID, want.Metadata); err != nil {
			return err
		}
	}
	if len(r.Faces) > 0 {
		t.queue(`UPDATE subjects SET updated_at = greatest(updated_at + interval '1 microsecond', $3) WHERE`+inGallery+`AND id = $2`,
			r.From.Gallery, r.From.Subject, time.Now()).Exec(found)
		return nil
	}
	t.queue(`DELETE FROM subjects WHERE`+inGallery+`AND id = $2`, r.From.Gallery, r.From.Subject).Exec(found)
	return nil
}

// reassignable is a face's row as it is to be.
type reassignable struct {
	enrolled int64
	was      store.FaceID
	store.Reassigned
}

// reassignable are the rows of the faces that go.
func (t *tx) reassignable(r store.Reassignment) (faces []reassignable, err error) {
	t.queue(`SELECT enrolled, id, gallery, subject, space, template, checksum, box::text, landmarks::text, quality::text, details, created_at, aside_at
		FROM faces WHERE gallery = $1 AND subject = $2 ORDER BY enrolled`, r.From.Gallery, r.From.Subject).Query(func(rows pgx.Rows) (err error) {
		faces, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f reassignable, err error) {
			var is store.Face
			var template, box, landmarks, quality []byte
			var checksum, details *int64
			if err := row.Scan(&f.enrolled, &is.ID, &is.Gallery, &is.Subject, &is.Pack, &template, &checksum, &box, &landmarks, &quality, &details,
				&is.CreatedAt, timeColumn{&is.AsideAt}); err != nil {
				return f, err
			}
			f.was = is.ID
			f.Reassigned, err = r.Face(is, template, checksum, box, landmarks, quality, details)
			return f, err
		})
		return err
	})
	if err := t.flush(); err != nil {
		return nil, err
	}
	if len(r.Faces) > 0 {
		faces = slices.DeleteFunc(faces, func(f reassignable) bool { return !slices.Contains(r.Faces, f.was) })
		if len(faces) != len(r.Faces) {
			return nil, store.ErrNotFound
		}
	}
	return faces, nil
}

// reassignFace queues to log the face as gone from the one gallery and put in the
// other, where it comes at a position of its own, or as put again in the one.
func (t *tx) reassignFace(r store.Reassignment, f reassignable) {
	enrolled := uint64(f.enrolled) //nolint:gosec // not negative
	if f.ID != f.was {
		t.position++
		t.queue(`INSERT INTO changes (seq, kind, tenant, gallery, face) SELECT $1, $2, tenant, id, $3 FROM galleries WHERE id = $4`,
			t.position, changelog.DeleteFace, f.was, r.From.Gallery)
		enrolled = t.position + 1
	}
	if r.DropPhotos {
		t.queue(`DELETE FROM photos WHERE face = $1`, f.enrolled)
	}
	t.position++
	t.queue(`UPDATE faces SET enrolled = $1, id = $2, gallery = $3, subject = $4, checksum = $5, details = $6, put = $7 WHERE enrolled = $8`,
		enrolled, f.ID, r.To.Gallery, r.To.Subject, f.Checksum, f.Details, t.position, f.enrolled)
	t.queue(`INSERT INTO changes (seq, kind, enrolled) VALUES ($1, $2, $3)`, t.position, changelog.PutFace, enrolled)
}
