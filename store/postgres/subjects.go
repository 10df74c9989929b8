package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

// ofSubject are the columns of a subject of the table s.
const ofSubject = `s.gallery, s.id, s.metadata::text, s.checksum, s.created_at, s.updated_at, s.ends_at,
	(SELECT count(*) FROM faces o WHERE o.gallery = s.gallery AND o.subject = s.id),
	(SELECT count(*) FROM faces o JOIN photos p ON p.face = o.enrolled WHERE o.gallery = s.gallery AND o.subject = s.id)`

const subjectColumns = `SELECT ` + ofSubject + ` FROM subjects s `

// Subject returns a gallery's subject of that id, or ErrNotFound.
func (s *Store) Subject(ctx context.Context, gallery store.GalleryID, id store.SubjectID) (store.Subject, error) {
	return one(ctx, s, "read subject", scanSubject, subjectColumns+`WHERE`+inGallery+`AND id = $2`, gallery, id)
}

// Subjects lists a gallery's subjects by id.
func (s *Store) Subjects(ctx context.Context, gallery store.GalleryID, p store.Page) ([]store.Subject, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list subjects: %w", err)
	}
	return list(ctx, s, "list subjects", scanSubject,
		subjectColumns+`WHERE`+inGallery+`AND id > $2 ORDER BY id LIMIT $3`, gallery, p.After, max(p.Limit, 0))
}

// SubjectsOf returns the subjects that the faces of those ids are of, by the
// face's id, all as of one moment. Faces that the gallery has not are left out.
func (s *Store) SubjectsOf(ctx context.Context, gallery store.GalleryID, faces []store.FaceID) (map[store.FaceID]store.Subject, error) {
	subs := make(map[store.FaceID]store.Subject, len(faces))
	possible := slices.DeleteFunc(slices.Clone(faces), func(id store.FaceID) bool { return !store.ValidText(string(id)) })
	_, err := list(ctx, s, "read subjects of faces", func(row pgx.CollectableRow) (face store.FaceID, err error) {
		sub, err := scanSubjectBehind(row, &face)
		subs[face] = sub
		return face, err
	}, `
		SELECT f.id, `+ofSubject+` FROM (SELECT * FROM faces WHERE`+inGallery+`AND id = ANY ($2)) f
		JOIN subjects s ON s.gallery = f.gallery AND s.id = f.subject`, gallery, possible)
	return subs, err
}

// UpdateMetadata replaces a subject's metadata by what change makes of the
// subject as it is, and logs that, since views filter by it, in a row that takes
// the place of the one before. It returns the subject as changed; no other
// change comes between. It is ErrNotFound when the subject is unknown, and an
// error of change's leaves all as it was. change is called with writes waiting
// for it.
func (s *Store) UpdateMetadata(ctx context.Context, gallery store.GalleryID, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (sub store.Subject, position uint64, err error) {
	err = s.write(ctx, "update metadata", func(tx *tx) error {
		tx.find(gallery, id, &sub)
		if err := tx.flush(); err != nil {
			return err
		}
		metadata, err := change(sub)
		if err != nil {
			return err
		}
		if err := tx.describe(gallery, id, metadata); err != nil {
			return err
		}
		position = tx.position
		tx.find(gallery, id, &sub)
		return tx.flush()
	})
	return sub, position, err
}

// describe queues to give a subject the metadata.
func (t *tx) describe(gallery store.GalleryID, id store.SubjectID, metadata map[string]string) error {
	if err := store.CheckMetadata(metadata); err != nil {
		return err
	}
	encoded, err := encodeMetadata(metadata)
	if err != nil {
		return err
	}
	t.position++
	t.queue(`DELETE FROM changes WHERE kind = $3 AND seq = (SELECT changed FROM subjects WHERE gallery = $1 AND id = $2)`,
		gallery, id, changelog.PutMetadata)
	t.queue(`INSERT INTO changes (seq, kind) VALUES ($1, $2)`, t.position, changelog.PutMetadata)
	// The row does not say whose it is.
	t.queue(`UPDATE galleries SET position = $2 WHERE id = $1`, gallery, t.position)
	t.queue(`UPDATE subjects SET metadata = $3, checksum = $4, updated_at = greatest(updated_at + interval '1 microsecond', $5), changed = $6
		WHERE`+inGallery+`AND id = $2`, gallery, id, encoded, store.MetadataChecksum(gallery, id, []byte(encoded)), time.Now(), t.position).Exec(found)
	return nil
}

// find reads the subject as this transaction sees it.
func (t *tx) find(gallery store.GalleryID, id store.SubjectID, into *store.Subject) {
	t.queue(subjectColumns+`WHERE`+inGallery+`AND id = $2`, gallery, id).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectOneRow(rows, scanSubject)
		return err
	})
}

// DeleteSubject removes a subject with its faces and photos, or is ErrNotFound.
func (s *Store) DeleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, also ...func(store.Tx) error) (position uint64, err error) {
	return s.deleteSubject(ctx, gallery, id, func(*tx) {}, also)
}

// deleteSubject deletes a subject, unless a condition that it queues fails.
func (s *Store) deleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, condition func(*tx), also []func(store.Tx) error) (position uint64, err error) {
	err = s.write(ctx, "delete subject", func(tx *tx) error {
		condition(tx)
		if _, err := tx.deleteFaces(`gallery = $3 AND subject = $4`, gallery, id); err != nil {
			return err
		}
		position = tx.position
		return tx.also(also, tx.change(`DELETE FROM subjects WHERE`+inGallery+`AND id = $2`, gallery, id))
	})
	return position, err
}

func scanSubject(row pgx.CollectableRow) (store.Subject, error) { return scanSubjectBehind(row) }

// scanSubjectBehind reads a subject that comes after other columns.
func scanSubjectBehind(row pgx.CollectableRow, before ...any) (sub store.Subject, err error) {
	var metadata []byte
	var checksum *int64
	err = row.Scan(append(before, &sub.Gallery, &sub.ID, &metadata, &checksum, &sub.CreatedAt, &sub.UpdatedAt, timeColumn{&sub.EndsAt}, &sub.Faces, &sub.Photos)...)
	return store.ReadSubject(sub, metadata, checksum), err
}
