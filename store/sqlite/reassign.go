package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

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
	err = s.replace(ctx, "reassign faces", func(tx tx) error {
		if err := tx.reassign(r, decide); err != nil {
			return err
		}
		if sub, err = tx.find(r.To.Gallery, r.To.Subject); err != nil {
			return err
		}
		position, err = tx.position()
		return tx.also(also, err)
	})
	return sub, position, err
}

func (t tx) reassign(r store.Reassignment, decide func(from, to store.Subject) (store.Subject, error)) error {
	spaces, err := t.spaces(ofGalleries, r.From.Gallery, r.To.Gallery)
	if err == nil {
		err = store.CheckSettled(spaces)
	}
	if err != nil {
		return err
	}
	from, err := t.find(r.From.Gallery, r.From.Subject)
	if err != nil {
		return err
	}
	var to store.Subject
	if !r.Create {
		if to, err = t.find(r.To.Gallery, r.To.Subject); err != nil {
			return err
		}
	}
	want, err := decide(from, to)
	if err != nil {
		return err
	}
	want.Gallery, want.ID = r.To.Gallery, r.To.Subject
	if err := store.CheckSubject(want, r.Create); err != nil {
		return err
	}
	if err := t.subject(want, r.Create); err != nil {
		return err
	}
	if err := t.reassignFaces(r); err != nil {
		return err
	}
	if !r.Create && !maps.Equal(want.Metadata, to.Metadata) {
		if _, err := t.describe(want.Gallery, want.ID, want.Metadata); err != nil {
			return err
		}
	}
	if len(r.Faces) > 0 {
		return t.change(`UPDATE subjects SET updated_at = max(updated_at + 1, ?3) WHERE`+inGallery+`AND id = ?2`,
			r.From.Gallery, r.From.Subject, micros(time.Now()))
	}
	return t.change(`DELETE FROM subjects WHERE`+inGallery+`AND id = ?2`, r.From.Gallery, r.From.Subject)
}

// reassignable is a face's row as it is to be.
type reassignable struct {
	n   int64
	was store.FaceID
	store.Reassigned
}

func (t tx) reassignFaces(r store.Reassignment) error {
	rows, err := t.conn.QueryContext(context.Background(), `SELECT n, id, gallery, subject, space, template, checksum, box, landmarks, quality, details, created_at, aside_at
		FROM faces WHERE gallery = ? AND subject = ? ORDER BY n`, r.From.Gallery, r.From.Subject)
	faces, err := list(rows, err, func(row scanner) (f reassignable, err error) {
		var is store.Face
		var template, box, landmarks, quality []byte
		var checksum, details any
		if err := row.Scan(&f.n, &is.ID, &is.Gallery, &is.Subject, &is.Pack, &template, &checksum, &box, &landmarks, &quality, &details,
			timeColumn{&is.CreatedAt}, timeColumn{&is.AsideAt}); err != nil {
			return f, err
		}
		f.was = is.ID
		f.Reassigned, err = r.Face(is, template, checksumOf(checksum), box, landmarks, quality, checksumOf(details))
		return f, err
	})
	if err != nil {
		return err
	}
	if len(r.Faces) > 0 {
		faces = slices.DeleteFunc(faces, func(f reassignable) bool { return !slices.Contains(r.Faces, f.was) })
		if len(faces) != len(r.Faces) {
			return store.ErrNotFound
		}
	}
	for _, f := range faces {
		if err := t.reassignFace(r, f); err != nil {
			return err
		}
	}
	return nil
}

// reassignFace logs the face as gone from the one gallery and put in the other, or as
// put again in the one.
func (t tx) reassignFace(r store.Reassignment, f reassignable) error {
	if f.ID != f.was {
		if err := t.change(`INSERT INTO changes (kind, tenant, gallery, face) SELECT ?, tenant, id, ? FROM galleries WHERE id = ?`,
			changelog.DeleteFace, f.was, r.From.Gallery); err != nil {
			return err
		}
	}
	if r.DropPhotos {
		if _, err := t.exec(`INSERT INTO dropped_photos SELECT face FROM kept_photos WHERE face = ?`, f.n); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE faces SET id = ?, gallery = ?, subject = ?, checksum = ?, details = ? WHERE n = ?`,
		f.ID, r.To.Gallery, r.To.Subject, f.Checksum, f.Details, f.n); err != nil {
		return err
	}
	logged, err := t.exec(`INSERT INTO changes (kind, n) VALUES (?, ?)`, changelog.PutFace, f.n)
	if err != nil {
		return err
	}
	seq, err := logged.LastInsertId()
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE faces SET put = ? WHERE n = ?`, seq, f.n)
	return err
}
