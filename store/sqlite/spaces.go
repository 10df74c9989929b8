package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"oneton/changelog"
	"oneton/store"
)

const spaceColumns = `SELECT pack, version, plain, moving, since FROM spaces `

// Space is in which space the pack's galleries are searched; it is without a
// version while nobody has said.
func (s *Store) Space(ctx context.Context, pack string) (store.Space, error) {
	space, err := scanSpace(s.readers.QueryRowContext(ctx, spaceColumns+`WHERE pack = ?`, pack))
	if notFound(err) {
		return store.Space{Pack: pack}, nil
	}
	return space, s.read(ctx, "read space", err)
}

// PutSpace says in which space a pack's galleries are searched from now on. Faces
// of others are not enrolled any more.
func (s *Store) PutSpace(ctx context.Context, space store.Space) error {
	if err := store.CheckSpace(space); err != nil {
		return fmt.Errorf("put space: %w", err)
	}
	// No process starts without it, so it may have the reserve.
	return s.erase(ctx, "put space", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO spaces (pack, version, plain, moving, since) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (pack) DO UPDATE SET version = excluded.version, plain = excluded.plain, moving = excluded.moving, since = excluded.since`,
			space.Pack, space.Version, space.Plain, space.Moving, space.Since)
		return err
	})
}

// Spaces are those that faces are in, with how many are.
func (s *Store) Spaces(ctx context.Context) (map[string]int, error) {
	rows, err := s.readers.QueryContext(ctx, `SELECT space, count(*) FROM faces GROUP BY space`)
	faces := make(map[string]int)
	_, err = list(rows, err, func(row scanner) (space string, err error) {
		var n int
		err = row.Scan(&space, &n)
		faces[space] = n
		return space, err
	})
	return faces, s.read(ctx, "count faces of spaces", err)
}

// FacesIn are the faces of a space after one that was read before, and where to
// read on; that is where it was when there are no more. One that cannot be read
// says so, and may have nothing else.
func (s *Store) FacesIn(ctx context.Context, space string, after uint64, limit int) (faces []store.Face, next uint64, err error) {
	rows, err := s.readers.QueryContext(ctx, `SELECT n, `+faceOfSpace+` AND space = ? AND n > ? ORDER BY n LIMIT ?`, space, min(after, maxPosition), max(limit, 0))
	faces, err = list(rows, err, func(row scanner) (store.Face, error) { return scanFaceBehind(row, &next) })
	if !damaged(err) {
		return faces, max(next, after), s.read(ctx, "list faces of space", err)
	}
	return s.facesOneByOne(ctx, space, after, limit)
}

const faceOfSpace = `id, gallery, subject, space, template, checksum, box, landmarks, quality, details, NULL, created_at, aside_at
	FROM faces f WHERE EXISTS (SELECT 1 FROM galleries g WHERE g.id = f.gallery AND g.tenant IS NOT NULL)`

// facesOneByOne is FacesIn so that what cannot be read costs no other row.
func (s *Store) facesOneByOne(ctx context.Context, space string, after uint64, limit int) (faces []store.Face, next uint64, err error) {
	rows, err := s.readers.QueryContext(ctx, `SELECT n FROM faces WHERE space = ? AND n > ? ORDER BY n LIMIT ?`, space, min(after, maxPosition), max(limit, 0))
	ns, err := list(rows, err, func(row scanner) (n uint64, err error) { err = row.Scan(&n); return n, err })
	if err != nil {
		return nil, after, s.read(ctx, "list faces of space", err)
	}
	for _, n := range ns {
		f, err := scanFace(s.readers.QueryRowContext(ctx, `SELECT `+faceOfSpace+` AND n = ?`, n))
		switch {
		case damaged(err):
			faces = append(faces, store.Face{Damage: store.DamagedRow})
		case err == nil:
			faces = append(faces, f)
		case !notFound(err):
			return nil, after, s.read(ctx, "read face of space", err)
		}
		after = n
	}
	return faces, after, nil
}

// ReplaceFaces puts faces of the space was again, as they are now: of another
// space, with another template and quality, and all of them or, on an error,
// none. Those that are gone, or are of another space already, are left out. It
// returns how many were replaced, and the position at which views see it.
func (s *Store) ReplaceFaces(ctx context.Context, was string, faces []store.Face) (replaced int, position uint64, err error) {
	if err := store.CheckReplacement(faces); err != nil {
		return 0, 0, fmt.Errorf("replace faces: %w", err)
	}
	err = s.replace(ctx, "replace faces", func(tx tx) error {
		replaced = 0
		r, err := tx.replacement()
		if err != nil {
			return err
		}
		defer r.close()
		for _, f := range faces {
			there, err := r.replace(was, f)
			if err != nil {
				return err
			}
			if there {
				replaced++
			}
		}
		position, err = tx.position()
		return err
	})
	return replaced, position, err
}

// replacement are the statements of one face, made once for all.
type replacement struct{ find, log, put *sql.Stmt }

func (t tx) replacement() (r replacement, err error) {
	for _, s := range []struct {
		stmt  **sql.Stmt
		query string
	}{
		{&r.find, `SELECT n, aside_at FROM faces WHERE id = ? AND gallery = ? AND subject = ? AND space = ?`},
		{&r.log, `INSERT INTO changes (kind, n) VALUES (?, ?)`},
		{&r.put, `UPDATE faces SET space = ?, template = ?, checksum = ?, box = ?, landmarks = ?, quality = ?, details = ?, put = ? WHERE n = ?`},
	} {
		if *s.stmt, err = t.conn.on.PrepareContext(context.Background(), s.query); err != nil { //nolint:sqlclosecheck // close does
			r.close()
			return replacement{}, err
		}
	}
	return r, nil
}

func (r replacement) close() {
	for _, s := range []*sql.Stmt{r.find, r.log, r.put} {
		if s != nil {
			_ = s.Close()
		}
	}
}

func (r replacement) replace(was string, f store.Face) (there bool, err error) {
	var n int64
	f.AsideAt = time.Time{}
	ctx := context.Background() // an interrupted one would roll back other callers' writes
	err = r.find.QueryRowContext(ctx, f.ID, f.Gallery, f.Subject, was).Scan(&n, timeColumn{&f.AsideAt})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	logged, err := r.log.ExecContext(ctx, changelog.PutFace, n)
	if err != nil {
		return false, err
	}
	put, err := logged.LastInsertId()
	if err != nil {
		return false, err
	}
	box, landmarks, quality, err := encodeDetails(f)
	if err != nil {
		return false, err
	}
	template := f.Template.Bytes()
	_, err = r.put.ExecContext(ctx, f.Pack, template, store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template), box, landmarks, quality,
		store.DetailsChecksum(f, []byte(box), []byte(landmarks), []byte(quality)), put, n)
	return true, err
}

func encodeDetails(f store.Face) (box, landmarks, quality string, err error) {
	var errs [3]error
	box, errs[0] = encode(store.PlaceOf(f))
	landmarks, errs[1] = encode(f.Landmarks)
	quality, errs[2] = encode(f.Quality)
	return box, landmarks, quality, errors.Join(errs[:]...)
}

// checkSpaces is store.ErrSpace when faces are not of the spaces that are searched.
func (t tx) checkSpaces(faces []store.Face) error {
	spaces, err := t.spaces("")
	if err != nil {
		return err
	}
	return store.CheckSpaces(faces, spaces)
}

// ofGalleries are the spaces of two galleries' packs.
const ofGalleries = `WHERE pack IN (SELECT pack FROM galleries WHERE id IN (?, ?))`

// spaces are those of all packs, or of some.
func (t tx) spaces(which string, args ...any) ([]store.Space, error) {
	rows, err := t.conn.QueryContext(context.Background(), spaceColumns+which, args...)
	return list(rows, err, scanSpace)
}

func scanSpace(row scanner) (s store.Space, err error) {
	err = row.Scan(&s.Pack, &s.Version, &s.Plain, &s.Moving, &s.Since)
	return s, err
}
