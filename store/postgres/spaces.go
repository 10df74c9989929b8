package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

const spaceColumns = `SELECT pack, version, plain, moving, since FROM spaces `

// Space is in which space the pack's galleries are searched; it is without a
// version while nobody has said.
func (s *Store) Space(ctx context.Context, pack string) (store.Space, error) {
	space, err := one(ctx, s, "read space", scanSpace, spaceColumns+`WHERE pack = $1`, pack)
	if errors.Is(err, store.ErrNotFound) {
		return store.Space{Pack: pack}, nil
	}
	return space, err
}

// PutSpace says in which space a pack's galleries are searched from now on. Faces
// of others are not enrolled any more.
func (s *Store) PutSpace(ctx context.Context, space store.Space) error {
	if err := store.CheckSpace(space); err != nil {
		return fmt.Errorf("put space: %w", err)
	}
	return s.write(ctx, "put space", func(tx *tx) error {
		return tx.change(`INSERT INTO spaces (pack, version, plain, moving, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (pack) DO UPDATE SET version = excluded.version, plain = excluded.plain, moving = excluded.moving, since = excluded.since`,
			space.Pack, space.Version, space.Plain, space.Moving, space.Since)
	})
}

// Spaces are those that faces are in, with how many are.
func (s *Store) Spaces(ctx context.Context) (map[string]int, error) {
	faces := make(map[string]int)
	_, err := list(ctx, s, "count faces of spaces", func(row pgx.CollectableRow) (space string, err error) {
		var n int
		err = row.Scan(&space, &n)
		faces[space] = n
		return space, err
	}, `SELECT space, count(*) FROM faces GROUP BY space`)
	return faces, err
}

const faceOfSpace = `SELECT id, gallery, subject, space, template, checksum, box::text, landmarks::text, quality::text, details, NULL::bytea, created_at, aside_at
	FROM faces f WHERE enrolled = ANY ($1) AND EXISTS (SELECT FROM galleries g WHERE g.id = f.gallery AND g.tenant IS NOT NULL) ORDER BY enrolled`

// FacesIn are the faces of a space after one that was read before, and where to
// read on; that is where it was when there are no more. One that cannot be read
// says so, and may have nothing else.
func (s *Store) FacesIn(ctx context.Context, space string, after uint64, limit int) (faces []store.Face, next uint64, err error) {
	const doing = "list faces of space"
	enrolled, err := list(ctx, s, doing, pgx.RowTo[int64],
		`SELECT enrolled FROM faces WHERE space = $1 AND enrolled > $2 ORDER BY enrolled LIMIT $3`, space, min(after, maxPosition), max(limit, 0))
	if err != nil || len(enrolled) == 0 {
		return nil, after, err
	}
	next = uint64(enrolled[len(enrolled)-1]) //nolint:gosec // not negative
	faces, err = list(ctx, s, doing, scanFace, faceOfSpace, enrolled)
	if !errors.Is(err, store.ErrDamaged) {
		return faces, next, err
	}
	faces = nil
	for _, n := range enrolled { // so that what cannot be read costs no other row
		one, err := list(ctx, s, doing, scanFace, faceOfSpace, []int64{n})
		if errors.Is(err, store.ErrDamaged) {
			one, err = []store.Face{{Damage: store.DamagedRow}}, nil
		}
		if err != nil {
			return nil, after, err
		}
		faces = append(faces, one...)
	}
	return faces, next, nil
}

// ReplaceFaces puts faces of the space was again, as they are now: of another
// space, with another template and quality, and all of them or, on an error,
// none. Those that are gone, or are of another space already, are left out. It
// returns how many were replaced, and the position at which views see it.
func (s *Store) ReplaceFaces(ctx context.Context, was string, faces []store.Face) (replaced int, position uint64, err error) {
	if err := store.CheckReplacement(faces); err != nil {
		return 0, 0, fmt.Errorf("replace faces: %w", err)
	}
	rows, ids := make([]faceRow, len(faces)), make([]store.FaceID, len(faces))
	for i, f := range faces {
		if rows[i], err = newFaceRow(f); err != nil {
			return 0, 0, fmt.Errorf("replace faces: %w", err)
		}
		ids[i] = f.ID
	}
	err = s.write(ctx, "replace faces", func(tx *tx) error {
		replaced = 0
		var there map[store.FaceID]replaceable
		tx.queue(`SELECT id, enrolled, gallery, subject, aside_at FROM faces WHERE id = ANY ($1) AND space = $2`, ids, was).Query(func(rows pgx.Rows) (err error) {
			there, err = collectReplaceable(rows)
			return err
		})
		if err := tx.flush(); err != nil {
			return err
		}
		for _, row := range rows {
			if r, ok := there[row.ID]; ok && r.gallery == row.Gallery && r.subject == row.Subject {
				row.AsideAt = r.aside
				tx.replaceFace(r.enrolled, row)
				replaced++
			}
		}
		position = tx.position
		return tx.flush()
	})
	return replaced, position, err
}

// replaceable is where a face is, whose, and whether it is aside.
type replaceable struct {
	enrolled int64
	gallery  store.GalleryID
	subject  store.SubjectID
	aside    time.Time
}

func collectReplaceable(rows pgx.Rows) (map[store.FaceID]replaceable, error) {
	there := make(map[store.FaceID]replaceable)
	for rows.Next() {
		var id store.FaceID
		var r replaceable
		if err := rows.Scan(&id, &r.enrolled, &r.gallery, &r.subject, timeColumn{&r.aside}); err != nil {
			return nil, err
		}
		there[id] = r
	}
	return there, rows.Err()
}

func (t *tx) replaceFace(enrolled int64, f faceRow) {
	t.position++
	template := f.Template.Bytes()
	t.queue(`INSERT INTO changes (seq, kind, enrolled) VALUES ($1, $2, $3)`, t.position, changelog.PutFace, enrolled)
	t.queue(`UPDATE faces SET space = $1, template = $2, checksum = $3, box = $4, landmarks = $5, quality = $6, details = $7, put = $8 WHERE enrolled = $9`,
		f.Pack, template, store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template), f.box, f.landmarks, f.quality,
		store.DetailsChecksum(f.Face, []byte(f.box), []byte(f.landmarks), []byte(f.quality)), t.position, enrolled)
}

// checkSpaces is store.ErrSpace when faces are not of the spaces that are searched.
func (t *tx) checkSpaces(faces []store.Face) {
	t.spaces(func(spaces []store.Space) error { return store.CheckSpaces(faces, spaces) }, "")
}

// ofGalleries are the spaces of two galleries' packs.
const ofGalleries = `WHERE pack IN (SELECT pack FROM galleries WHERE id IN ($1, $2))`

// spaces queues a check of those of all packs, or of some.
func (t *tx) spaces(check func([]store.Space) error, which string, args ...any) {
	t.queue(spaceColumns+which, args...).Query(func(rows pgx.Rows) error {
		spaces, err := pgx.CollectRows(rows, scanSpace)
		if err != nil {
			return err
		}
		return check(spaces)
	})
}

func scanSpace(row pgx.CollectableRow) (s store.Space, err error) {
	err = row.Scan(&s.Pack, &s.Version, &s.Plain, &s.Moving, &s.Since)
	return s, err
}
