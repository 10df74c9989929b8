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

const subjectColumns = `SELECT gallery, id, metadata::text, checksum, created_at, updated_at,
	(SELECT count(*) FROM faces f WHERE f.gallery = subjects.gallery AND f.subject = subjects.id) FROM subjects `

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
		var sub store.Subject
		var metadata []byte
		var checksum *int64
		err = row.Scan(&face, &sub.Gallery, &sub.ID, &metadata, &checksum, &sub.CreatedAt, &sub.UpdatedAt, &sub.Faces)
		subs[face] = store.ReadSubject(sub, metadata, checksum)
		return face, err
	}, `
		SELECT f.id, s.gallery, s.id, s.metadata::text, s.checksum, s.created_at, s.updated_at,
			(SELECT count(*) FROM faces o WHERE o.gallery = s.gallery AND o.subject = s.id)
		FROM (SELECT * FROM faces WHERE`+inGallery+`AND id = ANY ($2)) f
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
		if err := store.CheckMetadata(metadata); err != nil {
			return err
		}
		encoded, err := encodeMetadata(metadata)
		if err != nil {
			return err
		}
		tx.position++
		position = tx.position
		tx.queue(`DELETE FROM changes WHERE kind = $3 AND seq = (SELECT changed FROM subjects WHERE gallery = $1 AND id = $2)`,
			gallery, id, changelog.PutMetadata)
		tx.queue(`INSERT INTO changes (seq, kind) VALUES ($1, $2)`, position, changelog.PutMetadata)
		// The row does not say whose it is.
		tx.queue(`UPDATE galleries SET position = $2 WHERE id = $1`, gallery, position)
		tx.queue(`UPDATE subjects SET metadata = $3, checksum = $4, updated_at = greatest(updated_at + interval '1 microsecond', $5), changed = $6
			WHERE`+inGallery+`AND id = $2`, gallery, id, encoded, store.MetadataChecksum(gallery, id, []byte(encoded)), time.Now(), position).Exec(found)
		tx.find(gallery, id, &sub)
		return tx.flush()
	})
	return sub, position, err
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
	err = s.write(ctx, "delete subject", func(tx *tx) error {
		if _, err := tx.deleteFaces(`gallery = $3 AND subject = $4`, gallery, id); err != nil {
			return err
		}
		position = tx.position
		return tx.also(also, tx.change(`DELETE FROM subjects WHERE`+inGallery+`AND id = $2`, gallery, id))
	})
	return position, err
}

func scanSubject(row pgx.CollectableRow) (sub store.Subject, err error) {
	var metadata []byte
	var checksum *int64
	err = row.Scan(&sub.Gallery, &sub.ID, &metadata, &checksum, &sub.CreatedAt, &sub.UpdatedAt, &sub.Faces)
	return store.ReadSubject(sub, metadata, checksum), err
}
