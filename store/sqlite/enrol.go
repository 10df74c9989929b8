package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// Enrol adds faces to a subject of sub.Gallery, all of them or none, photo i
// belonging to face i; photos may be nil, and a photo without bytes is not
// kept. With create the subject must be absent (ErrExists) and is made of sub,
// otherwise it must be there (ErrNotFound) and keeps its metadata. An unknown
// gallery is ErrNotFound, a taken face id ErrExists, a subject that is to be deleted
// ErrEnding, a template that no index can hold ErrInvalid, and one of another space than the pack's galleries are searched
// in ErrSpace. The faces' Gallery, Subject and PhotoSHA256 are
// set by what they are enrolled with. What is also done belongs to the enrolment: its
// error leaves all as it was.
func (s *Store) Enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool, also ...func(store.Tx) error) (position uint64, err error) {
	return s.enrol(ctx, sub, faces, photos, create, func(tx) error { return nil }, also...)
}

// EnrolAsOf adds a new subject as Enrol does, unless a newcomer is the same
// person: a face of the first one's pack that was enrolled in the gallery after
// position seen and of whose template same says so. Then, and when there are
// more than store.MaxNewcomers, it is ErrConflict. So a search that found
// nobody as of seen can insert the person it was about, whoever else enrols
// meanwhile; of several processes that insert one person, one succeeds, and the
// others look again.
func (s *Store) EnrolAsOf(ctx context.Context, seen uint64, same func(face.Template) bool, sub store.Subject, faces []store.Face, photos []store.Photo) (position uint64, err error) {
	return s.enrol(ctx, sub, faces, photos, true, func(tx tx) error {
		if len(faces) == 0 {
			return nil
		}
		return tx.refuseNewcomer(seen, sub.Gallery, faces[0].Pack, same)
	})
}

// refuseNewcomer is ErrConflict when a newcomer is the same person. A damaged
// one is nobody, as in every index.
func (t tx) refuseNewcomer(seen uint64, gallery store.GalleryID, pack string, same func(face.Template) bool) (err error) {
	rows, err := t.conn.QueryContext(context.Background(), `SELECT f.id, f.subject, f.template, f.checksum FROM changes c JOIN faces f ON f.n = c.n
		WHERE c.seq > ? AND c.kind = ? AND f.gallery = ? AND f.space = ? AND f.aside_at IS NULL LIMIT ?`,
		min(seen, maxPosition), changelog.PutFace, gallery, pack, store.MaxNewcomers+1)
	if err != nil {
		return err
	}
	defer rows.Close()
	f := store.Face{Gallery: gallery, Pack: pack}
	var template sql.RawBytes
	var checksum *int64
	for n := 0; rows.Next(); n++ {
		if err := rows.Scan(&f.ID, &f.Subject, &template, &checksum); err != nil {
			return err
		}
		newcomer, err := store.ReadTemplate(f, template, checksum)
		if n == store.MaxNewcomers || err == nil && same(newcomer) {
			return store.ErrConflict
		}
	}
	return rows.Err()
}

// enrol makes an enrolment, unless a condition of it fails.
func (s *Store) enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool, condition func(tx) error, also ...func(store.Tx) error) (position uint64, err error) {
	if err := store.CheckEnrolment(sub, faces, photos, create); err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	err = s.write(ctx, "enrol", func(tx tx) error {
		if err := tx.checkSpaces(faces); err != nil {
			return err
		}
		if err := condition(tx); err != nil {
			return err
		}
		if err := tx.subject(sub, create); err != nil {
			return err
		}
		for i, f := range faces {
			n, err := tx.face(sub, f)
			if err != nil {
				return err
			}
			if photos == nil || len(photos[i].Bytes) == 0 {
				continue
			}
			sum := sha256.Sum256(photos[i].Bytes)
			if _, err := tx.exec(`INSERT INTO photos (face, media_type, sha256, bytes) VALUES (?, ?, ?, ?)`,
				n, photos[i].MediaType, sum[:], photos[i].Bytes); err != nil {
				return err
			}
		}
		position, err = tx.position()
		return tx.also(also, err)
	})
	return position, err
}

// subject makes the subject or, without create, finds it.
func (t tx) subject(sub store.Subject, create bool) error {
	updated := micros(sub.UpdatedAt)
	if !create {
		var ending bool
		err := t.row(`UPDATE subjects SET updated_at = max(updated_at + 1, ?3) WHERE`+inGallery+`AND id = ?2 RETURNING ends_at IS NOT NULL`,
			sub.Gallery, sub.ID, updated).Scan(&ending)
		if err == nil && ending {
			err = store.ErrEnding
		}
		return err
	}
	metadata, err := encodeMetadata(sub.Metadata)
	if err != nil {
		return err
	}
	return t.change(`INSERT INTO subjects (gallery, id, metadata, checksum, created_at, updated_at)
		SELECT id, ?2, ?3, ?4, ?5, ?6 FROM galleries WHERE id = ?1 AND tenant IS NOT NULL`,
		sub.Gallery, sub.ID, metadata, store.MetadataChecksum(sub.Gallery, sub.ID, []byte(metadata)), micros(sub.CreatedAt), updated)
}

// face adds one face and its entry of the change log.
func (t tx) face(sub store.Subject, f store.Face) (n int64, err error) {
	template := f.Template.Bytes()
	var dimension, same sql.NullInt64
	// A row whose length is damaged is not the only one that is asked.
	err = t.row(`SELECT length(template) / 4, length(template) = ?3 OR EXISTS (
			SELECT 1 FROM faces WHERE gallery = ?1 AND space = ?2 AND length(template) = ?3)
		FROM faces WHERE gallery = ?1 AND space = ?2 LIMIT 1`, sub.Gallery, f.Pack, len(template)).Scan(&dimension, &same)
	if err == nil && same.Int64 == 0 {
		return 0, fmt.Errorf("%w: the gallery's templates have %d dimensions, not %d: %w",
			store.ErrInvalid, dimension.Int64, len(f.Template), face.ErrDimension)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	box, landmarks, quality, err := encodeDetails(f)
	if err != nil {
		return 0, err
	}
	f.CreatedAt = now(f.CreatedAt)
	r, err := t.exec(`INSERT INTO faces (id, gallery, subject, space, template, checksum, box, landmarks, quality, details, created_at, aside_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.ID, sub.Gallery, sub.ID, f.Pack, template,
		store.Checksum(f.ID, sub.Gallery, sub.ID, f.Pack, template), box, landmarks, quality,
		store.DetailsChecksum(f, []byte(box), []byte(landmarks), []byte(quality)), micros(f.CreatedAt), asideColumn(f))
	if err != nil {
		return 0, err
	}
	if n, err = r.LastInsertId(); err != nil {
		return 0, err
	}
	_, err = t.exec(`INSERT INTO changes (kind, n) VALUES (?, ?)`, changelog.PutFace, n)
	return n, err
}
