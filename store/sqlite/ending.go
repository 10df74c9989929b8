package sqlite

import (
	"context"
	"time"

	"oneton/store"
)

// EndSubject notes that a subject is to be deleted after a while, or with 0 never, and
// returns it. It is ErrNotFound when the subject is unknown.
func (s *Store) EndSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, after time.Duration, also ...func(store.Tx) error) (sub store.Subject, err error) {
	err = s.write(ctx, "end subject", func(tx tx) error {
		var at any
		if after > 0 {
			at = time.Now().Add(after).UnixMicro()
		}
		if err := tx.change(`UPDATE subjects SET ends_at = ?3, updated_at = max(updated_at + 1, ?4) WHERE`+inGallery+`AND id = ?2`,
			gallery, id, at, micros(time.Now())); err != nil {
			return err
		}
		sub, err = tx.find(gallery, id)
		return tx.also(also, err)
	})
	return sub, err
}

// EndedSubjects are those whose end has come, some of those that are longest past it and
// come after the one given.
func (s *Store) EndedSubjects(ctx context.Context, after store.Ended, limit int) ([]store.Ended, error) {
	rows, err := s.readers.QueryContext(ctx, `SELECT g.tenant, g.name, s.gallery, s.id, s.ends_at FROM subjects s JOIN galleries g ON g.id = s.gallery
		WHERE s.ends_at <= ? AND (s.ends_at, s.gallery, s.id) > (?, ?, ?) AND g.tenant IS NOT NULL ORDER BY s.ends_at, s.gallery, s.id LIMIT ?`,
		time.Now().UnixMicro(), after.At.UnixMicro(), after.Gallery, after.Subject, limit)
	ended, err := list(rows, err, func(row scanner) (e store.Ended, err error) {
		err = row.Scan(&e.Tenant, &e.Name, &e.Gallery, &e.Subject, timeColumn{&e.At})
		return e, err
	})
	return ended, s.read(ctx, "find ended subjects", err)
}

// DeleteEndedSubject is DeleteSubject of one that is still to end when it was. It is
// ErrNotFound when it is gone, or its end was taken back or moved.
func (s *Store) DeleteEndedSubject(ctx context.Context, e store.Ended, also ...func(store.Tx) error) (position uint64, err error) {
	return s.deleteSubject(ctx, e.Gallery, e.Subject, func(tx tx) error {
		var still int
		return tx.row(`SELECT 1 FROM subjects WHERE gallery = ? AND id = ? AND ends_at = ?`, e.Gallery, e.Subject, e.At.UnixMicro()).Scan(&still)
	}, also)
}
