package sqlite

import (
	"context"
	"time"

	"oneton/changelog"
	"oneton/store"
)

// Faces lists a subject's faces with their templates, oldest first and faces
// of one moment in the order of their enrolment. It is ErrNotFound when the
// subject is unknown. One that is damaged says so.
func (s *Store) Faces(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) ([]store.Face, error) {
	rows, err := s.readers.QueryContext(ctx, `
		SELECT f.id, f.gallery, f.subject, f.space, f.template, f.checksum, f.box, f.landmarks, f.quality, f.details, p.sha256, f.created_at, f.aside_at
		FROM faces f LEFT JOIN kept_photos p ON p.face = f.n
		WHERE`+inGallery+`AND f.subject = ?2 ORDER BY f.created_at, f.n`, gallery, subject)
	faces, err := list(rows, err, scanFace)
	if err == nil && len(faces) == 0 {
		_, err = s.Subject(ctx, gallery, subject)
	}
	return faces, s.read(ctx, "list faces", err)
}

// DeleteFace removes one face of a subject with its photo, and leaves the
// subject. It is ErrNotFound when the subject has no such face.
func (s *Store) DeleteFace(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, also ...func(store.Tx) error) (position uint64, err error) {
	err = s.erase(ctx, "delete face", func(tx tx) error {
		if err := tx.change(`INSERT INTO changes (kind, tenant, gallery, face)
			SELECT ?, g.tenant, g.id, f.id FROM faces f JOIN galleries g ON g.id = f.gallery
			WHERE f.id = ? AND f.gallery = ? AND f.subject = ? AND g.tenant IS NOT NULL`, changelog.DeleteFace, face, gallery, subject); err != nil {
			return err
		}
		if err := tx.change(`DELETE FROM faces WHERE id = ?`, face); err != nil {
			return err
		}
		position, err = tx.position()
		return tx.also(also, err)
	})
	return position, err
}

// Photo returns the kept photo of a gallery's face, or ErrNotFound. A photo that
// does not have its SHA-256 is ErrDamaged.
func (s *Store) Photo(ctx context.Context, gallery store.GalleryID, face store.FaceID) (p store.Photo, err error) {
	var sum []byte
	err = s.readers.QueryRowContext(ctx, `SELECT p.media_type, p.bytes, p.sha256 FROM kept_photos p JOIN faces f ON f.n = p.face
		WHERE`+inGallery+`AND f.id = ?2`, gallery, face).Scan(&p.MediaType, &p.Bytes, &sum)
	if err == nil {
		err = p.Check(sum)
	}
	if err != nil {
		return store.Photo{}, s.read(ctx, "read photo", err)
	}
	return p, nil
}

// DeletePhotos removes a subject's kept photos and leaves its faces; it is
// ErrNotFound when none was kept. They leave the file one after the other.
func (s *Store) DeletePhotos(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, also ...func(store.Tx) error) error {
	return s.erase(ctx, "delete photos", func(tx tx) error {
		if err := tx.change(`INSERT INTO dropped_photos SELECT face FROM kept_photos WHERE face IN (
			SELECT n FROM faces WHERE`+inGallery+`AND subject = ?2)`, gallery, subject); err != nil {
			return err
		}
		return tx.also(also, tx.change(`UPDATE subjects SET updated_at = max(updated_at + 1, ?3) WHERE`+inGallery+`AND id = ?2`,
			gallery, subject, micros(time.Now())))
	})
}

func scanFace(row scanner) (store.Face, error) { return scanFaceBehind(row) }

// scanFaceBehind reads a face that comes after other columns.
func scanFaceBehind(row scanner, before ...any) (f store.Face, err error) {
	var template, box, landmarks, quality []byte
	var checksum, details any
	err = row.Scan(append(before, &f.ID, &f.Gallery, &f.Subject, &f.Pack, &template, &checksum, &box, &landmarks, &quality, &details,
		&f.PhotoSHA256, timeColumn{&f.CreatedAt}, timeColumn{&f.AsideAt})...)
	return store.ReadRow(f, template, checksumOf(checksum), box, landmarks, quality, checksumOf(details)), err
}
