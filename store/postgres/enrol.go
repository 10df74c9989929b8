package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

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
	return s.enrol(ctx, sub, faces, photos, create, func(*tx) {}, also...)
}

// EnrolAsOf adds a new subject as Enrol does, unless a newcomer is the same
// person: a face of the first one's pack that was enrolled in the gallery after
// position seen and of whose template same says so. Then, and when there are
// more than store.MaxNewcomers, it is ErrConflict. So a search that found
// nobody as of seen can insert the person it was about, whoever else enrols
// meanwhile; of several processes that insert one person, one succeeds, and the
// others look again.
func (s *Store) EnrolAsOf(ctx context.Context, seen uint64, same func(face.Template) bool, sub store.Subject, faces []store.Face, photos []store.Photo) (position uint64, err error) {
	return s.enrol(ctx, sub, faces, photos, true, func(tx *tx) {
		if len(faces) > 0 {
			tx.refuseNewcomer(seen, sub.Gallery, faces[0].Pack, same)
		}
	})
}

// refuseNewcomer fails with ErrConflict when a newcomer is the same person. A
// damaged one is nobody, as in every index. The order lets the server read only
// what came after seen.
func (t *tx) refuseNewcomer(seen uint64, gallery store.GalleryID, pack string, same func(face.Template) bool) {
	const columns, there = `SELECT id, subject, template, checksum FROM faces WHERE `, ` AND gallery = $2 AND space = $3 AND aside_at IS NULL `
	t.queue(`(`+columns+`enrolled > $1`+there+`ORDER BY enrolled LIMIT $4) UNION ALL (`+columns+`put > $1 AND enrolled <= $1`+there+`ORDER BY put LIMIT $4)`,
		min(seen, maxPosition), gallery, pack, store.MaxNewcomers+1).
		Query(func(rows pgx.Rows) error {
			f := store.Face{Gallery: gallery, Pack: pack}
			var template []byte
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
		})
}

// enrol makes an enrolment, unless a condition that it queues fails.
func (s *Store) enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool, condition func(*tx), also ...func(store.Tx) error) (position uint64, err error) {
	if err := store.CheckEnrolment(sub, faces, photos, create); err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	metadata, err := encodeMetadata(sub.Metadata)
	if err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	rows := make([]faceRow, len(faces))
	for i, f := range faces {
		if rows[i], err = newFaceRow(f); err != nil {
			return 0, fmt.Errorf("enrol: %w", err)
		}
		if photos != nil && len(photos[i].Bytes) > 0 {
			rows[i].photo, rows[i].sum = &photos[i], sha256.Sum256(photos[i].Bytes)
		}
	}
	err = s.write(ctx, "enrol", func(tx *tx) error {
		tx.checkSpaces(faces)
		condition(tx)
		tx.subject(sub, metadata, create)
		for i, row := range rows {
			if i == 0 || row.Pack != rows[i-1].Pack {
				tx.sameDimension(sub.Gallery, row)
			}
			tx.face(sub, row)
		}
		position = tx.position
		return tx.also(also, tx.flush())
	})
	return position, err
}

// faceRow is a face with its columns that are made outside the transaction.
type faceRow struct {
	store.Face
	box, landmarks, quality string
	photo                   *store.Photo
	sum                     [sha256.Size]byte
}

func newFaceRow(f store.Face) (row faceRow, err error) {
	row.Face = f
	row.CreatedAt = now(f.CreatedAt)
	var errs [3]error
	row.box, errs[0] = encode(store.PlaceOf(f))
	row.landmarks, errs[1] = encode(f.Landmarks)
	row.quality, errs[2] = encode(f.Quality)
	return row, errors.Join(errs[:]...)
}

// subject makes the subject or, without create, finds it.
func (t *tx) subject(sub store.Subject, metadata string, create bool) {
	if !create {
		t.queue(`UPDATE subjects SET updated_at = greatest(updated_at + interval '1 microsecond', $3) WHERE`+inGallery+`AND id = $2 RETURNING ends_at IS NOT NULL`,
			sub.Gallery, sub.ID, now(sub.UpdatedAt)).QueryRow(func(row pgx.Row) error {
			var ending bool
			err := row.Scan(&ending)
			if err == nil && ending {
				err = store.ErrEnding
			}
			return err
		})
		return
	}
	t.queue(`INSERT INTO subjects (gallery, id, metadata, checksum, created_at, updated_at)
		SELECT id, $2, $3, $4, $5, $6 FROM galleries WHERE id = $1 AND tenant IS NOT NULL`,
		sub.Gallery, sub.ID, metadata, store.MetadataChecksum(sub.Gallery, sub.ID, []byte(metadata)),
		now(sub.CreatedAt), now(sub.UpdatedAt)).Exec(found)
}

// sameDimension fails when the gallery has templates of the pack that differ
// in dimension. The order by age keeps the server from scanning the table; a
// row whose length is damaged is not the only one that is asked.
func (t *tx) sameDimension(gallery store.GalleryID, f faceRow) {
	bytes := len(f.Template.Bytes())
	t.queue(`SELECT octet_length(template), octet_length(template) = $3 OR EXISTS (
			SELECT FROM faces WHERE gallery = $1 AND space = $2 AND octet_length(template) = $3)
		FROM faces WHERE gallery = $1 AND space = $2 ORDER BY created_at LIMIT 1`, gallery, f.Pack, bytes).
		QueryRow(func(row pgx.Row) error {
			var have int
			var same bool
			err := row.Scan(&have, &same)
			switch {
			case errors.Is(err, pgx.ErrNoRows):
				return nil
			case err == nil && !same:
				return fmt.Errorf("%w: the gallery's templates have %d bytes, not %d: %w",
					store.ErrInvalid, have, bytes, face.ErrDimension)
			}
			return err
		})
}

// face adds one face with its photo and its entry of the change log.
func (t *tx) face(sub store.Subject, f faceRow) {
	t.position++
	template := f.Template.Bytes()
	t.queue(`INSERT INTO faces (enrolled, id, gallery, subject, space, template, checksum, box, landmarks, quality, details, created_at, aside_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, t.position, f.ID, sub.Gallery, sub.ID, f.Pack,
		template, store.Checksum(f.ID, sub.Gallery, sub.ID, f.Pack, template), f.box, f.landmarks, f.quality,
		store.DetailsChecksum(f.Face, []byte(f.box), []byte(f.landmarks), []byte(f.quality)), f.CreatedAt, asideColumn(f.Face))
	t.queue(`INSERT INTO changes (seq, kind, enrolled) VALUES ($1, $2, $1)`, t.position, changelog.PutFace)
	if f.photo != nil {
		t.queue(`INSERT INTO photos (face, media_type, sha256, bytes) VALUES ($1, $2, $3, $4)`,
			t.position, f.photo.MediaType, f.sum[:], f.photo.Bytes)
	}
}
