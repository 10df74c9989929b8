package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

const (
	// purgeBatch is how many rows of a dropped gallery one transaction
	// removes, so that enrolments are not held up.
	purgeBatch = 1024
	// dropped is the gallery to remove; the orders below let the server find
	// its rows by their indexes.
	dropped       = `(SELECT min(id) FROM galleries WHERE tenant IS NULL)`
	purgeFaces    = `DELETE FROM faces WHERE enrolled IN (SELECT enrolled FROM faces WHERE gallery = ` + dropped + ` ORDER BY created_at LIMIT $1)`
	purgeSubjects = `DELETE FROM subjects WHERE gallery = ` + dropped + ` AND id IN (SELECT id FROM subjects WHERE gallery = ` + dropped + ` ORDER BY id LIMIT $1)`
	purgeGallery  = `DELETE FROM galleries WHERE id = ` + dropped
)

// purge removes what dropped galleries held. No caller can see any of it, and
// what an error leaves is removed by the next call, of whichever process.
func (s *Store) purge(ctx context.Context) error {
	for {
		left, err := one(ctx, s, "find dropped galleries", pgx.RowTo[bool],
			`SELECT EXISTS (SELECT FROM galleries WHERE tenant IS NULL)`)
		if err != nil || !left {
			return err
		}
		if err := s.write(ctx, "remove dropped gallery", (*tx).purge); err != nil {
			return err
		}
	}
}

// purge removes a part of a dropped gallery and, once it is empty, the gallery.
func (t *tx) purge() error {
	err := t.change(purgeFaces, purgeBatch)
	if errors.Is(err, store.ErrNotFound) {
		err = t.change(purgeSubjects, purgeBatch)
	}
	if errors.Is(err, store.ErrNotFound) {
		t.queue(purgeGallery)
		err = t.flush()
	}
	return err
}
