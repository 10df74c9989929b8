package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// purgeTime is how long one transaction removes what was dropped, so that
	// enrolments are not held up. A photo is removed as a whole, however large.
	purgeTime = 4 * time.Millisecond
	// purgePause is how many times as long callers have the writer afterwards.
	purgePause = 2
	// purgeRows is how many rows are removed between looks at the clock.
	purgeRows = 16

	// dropped is the gallery to remove.
	dropped    = `(SELECT min(id) FROM galleries WHERE tenant IS NULL)`
	anyDropped = `SELECT EXISTS (SELECT 1 FROM dropped_photos) OR ` + dropped + ` IS NOT NULL`

	purgePhoto    = `DELETE FROM photos WHERE face = (SELECT min(face) FROM dropped_photos)`
	purgeListed   = `DELETE FROM dropped_photos WHERE face = (SELECT min(face) FROM dropped_photos)`
	purgeFaces    = `DELETE FROM faces WHERE n IN (SELECT n FROM faces WHERE gallery = ` + dropped + ` ORDER BY created_at LIMIT ?)`
	purgeSubjects = `DELETE FROM subjects WHERE gallery = ` + dropped + ` AND id IN (SELECT id FROM subjects WHERE gallery = ` + dropped + ` LIMIT ?)`
	purgeGallery  = `DELETE FROM galleries WHERE id = ` + dropped

	// referring are the rooms' tables that refer to galleries, with the column that does.
	referring = `SELECT t.name, k."from" FROM sqlite_schema t, pragma_foreign_key_list(t.name) k
		WHERE t.type = 'table' AND t.name <> 'subjects' AND k."table" = 'galleries'`
)

// purge removes a part of what was dropped, by whichever process, and tells
// whether there is more. No caller can see any of it.
func (t tx) purge() (more bool, err error) {
	if more, err = t.holdsDropped(); err != nil || !more {
		return more, err
	}
	referring, err := t.purgeReferring()
	if err != nil {
		return true, err
	}
	err = t.transact(func() error {
		for end := time.Now().Add(purgeTime); more && time.Now().Before(end); {
			if more, err = t.purgeSome(referring); err != nil {
				return err
			}
		}
		return nil
	})
	return more || err != nil, err
}

func (t tx) holdsDropped() (holds bool, err error) {
	err = t.row(anyDropped).Scan(&holds)
	return holds, err
}

// noticeDropped lets the writer remove what another process dropped.
func (s *Store) noticeDropped(ctx context.Context) error {
	var holds bool
	err := s.readers.QueryRowContext(ctx, anyDropped).Scan(&holds)
	if err != nil || !holds {
		return s.read(ctx, "find what was dropped", err)
	}
	select {
	case s.erasures <- make(chan struct{}):
	case <-s.closing:
	}
	return nil
}

// purgeStep removes rows; false means that nothing was left to remove.
type purgeStep struct {
	query string
	args  []any
}

// purgeReferring are the steps that remove the rows that rooms have of a gallery: one by
// one, since one may hold a photo, and before the gallery is removed, with which they
// would all go at once.
func (t tx) purgeReferring() ([]purgeStep, error) {
	rows, err := t.conn.QueryContext(context.Background(), referring)
	return list(rows, err, func(row scanner) (s purgeStep, err error) {
		var table, column string
		err = row.Scan(&table, &column)
		s.query = fmt.Sprintf(`DELETE FROM %[1]q WHERE rowid = (SELECT rowid FROM %[1]q WHERE %[2]q = %[3]s LIMIT 1)`, table, column, dropped)
		return s, err
	})
}

// purgeSome removes a photo, or a row that refers to a gallery, or some of its faces, or of
// its subjects, or the empty gallery.
func (t tx) purgeSome(referring []purgeStep) (removed bool, err error) {
	if _, err := t.exec(purgePhoto); err != nil {
		return false, err
	}
	for _, step := range slices.Concat([]purgeStep{{purgeListed, nil}}, referring, []purgeStep{
		{purgeFaces, []any{purgeRows}},
		{purgeSubjects, []any{purgeRows}},
		{purgeGallery, nil},
	}) {
		if n, err := t.rows(step.query, step.args...); err != nil || n > 0 {
			return true, err
		}
	}
	return false, nil
}
