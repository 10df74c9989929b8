package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

const (
	// removeTime is how long one transaction removes rows, about, so that
	// enrolments are not held up.
	removeTime = 10 * time.Millisecond
	// removeFirst is how many rows it removes at first, and removeMost at most.
	removeFirst, removeMost = 16, 1024
	// dropped is the gallery to remove; the orders below let the server find
	// its rows by their indexes.
	dropped       = `(SELECT min(id) FROM galleries WHERE tenant IS NULL)`
	purgeFaces    = `DELETE FROM faces WHERE enrolled IN (SELECT enrolled FROM faces WHERE gallery = ` + dropped + ` ORDER BY created_at LIMIT $1)`
	purgeSubjects = `DELETE FROM subjects WHERE gallery = ` + dropped + ` AND id IN (SELECT id FROM subjects WHERE gallery = ` + dropped + ` ORDER BY id LIMIT $1)`
	purgeGallery  = `DELETE FROM galleries WHERE id = ` + dropped
	// referring remove some rows that rooms have of a gallery: a statement for each table
	// that refers to galleries.
	referring = `SELECT format('DELETE FROM %1$s WHERE ctid = ANY (ARRAY (SELECT ctid FROM %1$s WHERE %2$I = ` + dropped + ` LIMIT $1))', k.conrelid::regclass, a.attname)
		FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
		WHERE k.contype = 'f' AND k.confrelid = 'galleries'::regclass AND k.conrelid <> 'subjects'::regclass`
)

// pace is how many rows are removed at once: photos may be a thousand times as
// large as faces.
type pace int

// took adapts the pace to how long that was.
func (p *pace) took(d time.Duration) {
	switch {
	case d > removeTime:
		*p = max(1, *p/2)
	case d < removeTime/2:
		*p = min(removeMost, *p*2)
	}
}

// removing is write for a part of a removal that is as large as the pace says,
// and leaves as much time as it took to others.
func (s *Store) removing(ctx context.Context, doing string, p *pace, do func(*tx) error) error {
	var took time.Duration
	if err := s.write(ctx, doing, func(t *tx) error {
		begun := time.Now()
		err := do(t)
		took = time.Since(begun)
		return err
	}); err != nil {
		return err
	}
	p.took(took)
	return pause(ctx, took)
}

// purgeAll removes what this process drops, until Close; DeleteExpired goes on
// with what an error leaves.
func (s *Store) purgeAll() {
	defer close(s.purged)
	ctx, end := s.untilClosed(context.Background())
	defer end()
	for {
		select {
		case <-s.closing:
			return
		case <-s.dropped:
			_ = s.purge(ctx)
		}
	}
}

// drop wakes purgeAll.
func (s *Store) drop() {
	select {
	case s.dropped <- struct{}{}:
	default:
	}
}

// purge removes what dropped galleries held. No caller can see any of it, and
// what an error leaves is removed by the next call, of whichever process.
func (s *Store) purge(ctx context.Context) error {
	referring, err := list(ctx, s, "find what refers to galleries", pgx.RowTo[string], referring)
	if err != nil {
		return err
	}
	for rows := pace(removeFirst); ; {
		left, err := one(ctx, s, "find dropped galleries", pgx.RowTo[bool],
			`SELECT EXISTS (SELECT FROM galleries WHERE tenant IS NULL)`)
		if err != nil || !left {
			return err
		}
		if err := s.removing(ctx, "remove dropped gallery", &rows, func(t *tx) error { return t.purge(rows, referring) }); err != nil {
			return err
		}
	}
}

// purge removes a part of a dropped gallery and, once it is empty, the gallery. What rooms
// have of it comes first, since it would all go at once with the gallery.
func (t *tx) purge(rows pace, referring []string) error {
	for _, remove := range referring {
		if err := t.change(remove, rows); !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	err := t.change(purgeFaces, rows)
	if errors.Is(err, store.ErrNotFound) {
		err = t.change(purgeSubjects, rows)
	}
	if errors.Is(err, store.ErrNotFound) {
		t.queue(purgeGallery)
		err = t.flush()
	}
	return err
}
