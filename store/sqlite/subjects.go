package sqlite

import (
	"context"
	"fmt"
	"time"

	"oneton/changelog"
	"oneton/store"
)

// ofSubject are the columns of a subject of the table s.
const ofSubject = `s.gallery, s.id, s.metadata, s.checksum, s.created_at, s.updated_at, s.ends_at,
	(SELECT count(*) FROM faces o WHERE o.gallery = s.gallery AND o.subject = s.id),
	(SELECT count(*) FROM faces o JOIN kept_photos p ON p.face = o.n WHERE o.gallery = s.gallery AND o.subject = s.id)`

const subjectColumns = `SELECT ` + ofSubject + ` FROM subjects s `

// Subject returns a gallery's subject of that id, or ErrNotFound.
func (s *Store) Subject(ctx context.Context, gallery store.GalleryID, id store.SubjectID) (store.Subject, error) {
	sub, err := scanSubject(s.readers.QueryRowContext(ctx, subjectColumns+`WHERE`+inGallery+`AND id = ?2`, gallery, id))
	return sub, s.read(ctx, "read subject", err)
}

// Subjects lists a gallery's subjects by id.
func (s *Store) Subjects(ctx context.Context, gallery store.GalleryID, p store.Page) ([]store.Subject, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list subjects: %w", err)
	}
	rows, err := s.readers.QueryContext(ctx,
		subjectColumns+`WHERE`+inGallery+`AND id > ?2 ORDER BY id LIMIT ?3`, gallery, p.After, max(p.Limit, 0))
	subs, err := list(rows, err, scanSubject)
	return subs, s.read(ctx, "list subjects", err)
}

// SubjectsOf returns the subjects that the faces of those ids are of, by the
// face's id, all as of one moment. Faces that the gallery has not are left out.
func (s *Store) SubjectsOf(ctx context.Context, gallery store.GalleryID, faces []store.FaceID) (map[store.FaceID]store.Subject, error) {
	rows, err := s.readers.QueryContext(ctx, `
		SELECT f.id, `+ofSubject+` FROM (SELECT * FROM faces WHERE`+inGallery+`AND id IN (SELECT value FROM json_each(?2))) f
		JOIN subjects s ON s.gallery = f.gallery AND s.id = f.subject`, gallery, jsonColumn{faces})
	subs := make(map[store.FaceID]store.Subject, len(faces))
	_, err = list(rows, err, func(row scanner) (face store.FaceID, err error) {
		sub, err := scanSubjectBehind(row, &face)
		subs[face] = sub
		return face, err
	})
	return subs, s.read(ctx, "read subjects of faces", err)
}

// UpdateMetadata replaces a subject's metadata by what change makes of the
// subject as it is, and logs that, since views filter by it, in a row that takes
// the place of the one before. It returns the subject as changed; no other
// change comes between. It is ErrNotFound when the subject is unknown, and an
// error of change's leaves all as it was. change is called with writes waiting
// for it.
func (s *Store) UpdateMetadata(ctx context.Context, gallery store.GalleryID, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (sub store.Subject, position uint64, err error) {
	err = s.replace(ctx, "update metadata", func(tx tx) error {
		if sub, err = tx.find(gallery, id); err != nil {
			return err
		}
		metadata, err := change(sub)
		if err != nil {
			return err
		}
		if position, err = tx.describe(gallery, id, metadata); err != nil {
			return err
		}
		sub, err = tx.find(gallery, id)
		return err
	})
	return sub, position, err
}

// describe gives a subject the metadata, and returns the position at which it did.
func (t tx) describe(gallery store.GalleryID, id store.SubjectID, metadata map[string]string) (position uint64, err error) {
	if err := store.CheckMetadata(metadata); err != nil {
		return 0, err
	}
	text, err := encodeMetadata(metadata)
	if err != nil {
		return 0, err
	}
	seq, err := t.logMetadata(gallery, id)
	if err != nil {
		return 0, err
	}
	return uint64(seq), t.change(`UPDATE subjects SET metadata = ?3, checksum = ?4, updated_at = max(updated_at + 1, ?5), changed = ?6
		WHERE`+inGallery+`AND id = ?2`, gallery, id, text, store.MetadataChecksum(gallery, id, []byte(text)), micros(time.Now()), seq) //nolint:gosec // not negative
}

// logMetadata appends the row of a subject's metadata to the log, and removes
// the one before.
func (t tx) logMetadata(gallery store.GalleryID, id store.SubjectID) (seq int64, err error) {
	if _, err := t.exec(`DELETE FROM changes WHERE kind = ? AND seq = (SELECT changed FROM subjects WHERE gallery = ? AND id = ?)`,
		changelog.PutMetadata, gallery, id); err != nil {
		return 0, err
	}
	r, err := t.exec(`INSERT INTO changes (kind) VALUES (?)`, changelog.PutMetadata)
	if err != nil {
		return 0, err
	}
	if seq, err = r.LastInsertId(); err != nil {
		return 0, err
	}
	// The row does not say whose it is.
	_, err = t.exec(`UPDATE galleries SET position = ? WHERE id = ?`, seq, gallery)
	return seq, err
}

// find is the subject as this transaction sees it.
func (t tx) find(gallery store.GalleryID, id store.SubjectID) (store.Subject, error) {
	return scanSubject(t.row(subjectColumns+`WHERE`+inGallery+`AND id = ?2`, gallery, id))
}

// DeleteSubject removes a subject with its faces and photos, or is ErrNotFound.
// Its photos leave the file one after the other.
func (s *Store) DeleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, also ...func(store.Tx) error) (position uint64, err error) {
	return s.deleteSubject(ctx, gallery, id, func(tx) error { return nil }, also)
}

// deleteSubject deletes a subject, unless a condition of it fails.
func (s *Store) deleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, condition func(tx) error, also []func(store.Tx) error) (position uint64, err error) {
	err = s.erase(ctx, "delete subject", func(tx tx) error {
		if err := condition(tx); err != nil {
			return err
		}
		if _, err := tx.exec(`INSERT INTO changes (kind, tenant, gallery, face)
			SELECT ?, g.tenant, g.id, f.id FROM faces f JOIN galleries g ON g.id = f.gallery
			WHERE f.gallery = ? AND f.subject = ? AND g.tenant IS NOT NULL`, changelog.DeleteFace, gallery, id); err != nil {
			return err
		}
		if err := tx.change(`DELETE FROM subjects WHERE`+inGallery+`AND id = ?2`, gallery, id); err != nil {
			return err
		}
		position, err = tx.position()
		return tx.also(also, err)
	})
	return position, err
}

func scanSubject(row scanner) (store.Subject, error) { return scanSubjectBehind(row) }

// scanSubjectBehind reads a subject that comes after other columns.
func scanSubjectBehind(row scanner, before ...any) (sub store.Subject, err error) {
	var metadata []byte
	var checksum any
	err = row.Scan(append(before, &sub.Gallery, &sub.ID, &metadata, &checksum, timeColumn{&sub.CreatedAt}, timeColumn{&sub.UpdatedAt}, timeColumn{&sub.EndsAt},
		&sub.Faces, &sub.Photos)...)
	return store.ReadSubject(sub, metadata, checksumOf(checksum)), err
}

// encodeMetadata writes no metadata as an empty object.
func encodeMetadata(metadata map[string]string) (string, error) {
	if metadata == nil {
		metadata = map[string]string{}
	}
	return encode(metadata)
}
