package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

// Faces lists a subject's faces with their templates, oldest first and faces
// of one moment in the order of their enrolment. It is ErrNotFound when the
// subject is unknown. One that is damaged says so.
func (s *Store) Faces(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) ([]store.Face, error) {
	faces, err := list(ctx, s, "list faces", scanFace, `
		SELECT f.id, f.gallery, f.subject, f.space, f.template, f.checksum, f.box::text, f.landmarks::text, f.quality::text, f.details, p.sha256, f.created_at, f.aside_at
		FROM faces f LEFT JOIN photos p ON p.face = f.enrolled
		WHERE`+inGallery+`AND f.subject = $2 ORDER BY f.created_at, f.enrolled`, gallery, subject)
	if err == nil && len(faces) == 0 {
		_, err = s.Subject(ctx, gallery, subject)
	}
	return faces, err
}

// DeleteFace removes one face of a subject with its photo, and leaves the
// subject. It is ErrNotFound when the subject has no such face.
func (s *Store) DeleteFace(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, also ...func(store.Tx) error) (position uint64, err error) {
	err = s.write(ctx, "delete face", func(tx *tx) error {
		n, err := tx.deleteFaces(`id = $3 AND gallery = $4 AND subject = $5`, face, gallery, subject)
		if err == nil && n == 0 {
			err = store.ErrNotFound
		}
		position = tx.position
		return tx.also(also, err)
	})
	return position, err
}

// deleteFaces removes the faces that a condition holds for, with their photos,
// logs it and returns how many there were. The condition's first argument is
// its $3. The faces of a dropped gallery are logged as gone already.
func (t *tx) deleteFaces(where string, args ...any) (int64, error) {
	return t.log(`WITH gone AS (DELETE FROM faces WHERE `+where+` RETURNING enrolled, gallery, id)
		INSERT INTO changes (seq, kind, tenant, gallery, face)
		SELECT $1 + row_number() OVER (ORDER BY gone.enrolled), $2, g.tenant, g.id, gone.id
		FROM gone JOIN galleries g ON g.id = gone.gallery WHERE g.tenant IS NOT NULL`,
		append([]any{changelog.DeleteFace}, args...)...)
}

// Photo returns the kept photo of a gallery's face, or ErrNotFound. A photo that
// does not have its SHA-256 is ErrDamaged.
func (s *Store) Photo(ctx context.Context, gallery store.GalleryID, face store.FaceID) (store.Photo, error) {
	return one(ctx, s, "read photo", func(row pgx.CollectableRow) (store.Photo, error) {
		var p store.Photo
		var sum []byte
		err := row.Scan(&p.MediaType, &p.Bytes, &sum)
		if err == nil {
			err = p.Check(sum)
		}
		if err != nil {
			return store.Photo{}, err
		}
		return p, nil
	}, `SELECT p.media_type, p.bytes, p.sha256 FROM photos p JOIN faces f ON f.enrolled = p.face
		WHERE`+inGallery+`AND f.id = $2`, gallery, face)
}

// DeletePhotos removes a subject's kept photos and leaves its faces; it is
// ErrNotFound when none was kept.
func (s *Store) DeletePhotos(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, also ...func(store.Tx) error) error {
	return s.write(ctx, "delete photos", func(tx *tx) error {
		tx.queue(`DELETE FROM photos WHERE face IN
			(SELECT enrolled FROM faces WHERE`+inGallery+`AND subject = $2)`, gallery, subject).Exec(found)
		return tx.also(also, tx.change(`UPDATE subjects SET updated_at = greatest(updated_at + interval '1 microsecond', $3)
			WHERE`+inGallery+`AND id = $2`, gallery, subject, time.Now()))
	})
}

func scanFace(row pgx.CollectableRow) (f store.Face, err error) {
	var template, box, landmarks, quality []byte
	var checksum, details *int64
	err = row.Scan(&f.ID, &f.Gallery, &f.Subject, &f.Pack, &template, &checksum, &box, &landmarks, &quality, &details, &f.PhotoSHA256, &f.CreatedAt, timeColumn{&f.AsideAt})
	return store.ReadRow(f, template, checksum, box, landmarks, quality, details), err
}
