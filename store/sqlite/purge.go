package sqlite

import (
	"context"
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
)

// purge removes a part of what was dropped, by whichever process, and tells
// whether there is more. No caller can see any of it.
func (t tx) purge() (more bool, err error) {
	if more, err = t.holdsDropped(); err != nil || !more {
		return more, err
	}
	err = t.transact(func() error {
		for end := time.Now().Add(purgeTime); more && time.Now().Before(end); {
			if more, err = t.purgeSome(); err != nil {
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

// purgeSome removes a photo, or some of a gallery's faces, or of its subjects,
// or the empty gallery; false means that nothing was left to remove.
func (t tx) purgeSome() (removed bool, err error) {
	if _, err := t.exec(purgePhoto); err != nil {
		return false, err
	}
	for _, step := range []struct {
		query string
		args  []any
	}{
		{purgeListed, nil},
		{purgeFaces, []any{purgeRows}},
		{purgeSubjects, []any{purgeRows}},
		{purgeGallery, nil},
	} {
		if n, err := t.rows(step.query, step.args...); err != nil || n > 0 {
			return true, err
		}
	}
	return false, nil
}
