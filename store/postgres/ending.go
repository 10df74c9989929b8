package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// EndSubject notes that a subject is to be deleted after a while, or with 0 never, and
// returns it. It is ErrNotFound when the subject is unknown.
func (s *Store) EndSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, after time.Duration, also ...func(store.Tx) error) (sub store.Subject, err error) {
	err = s.write(ctx, "end subject", func(tx *tx) error {
		var at any
		if after > 0 {
			at = tx.begun.Add(after)
		}
		tx.queue(`UPDATE subjects SET ends_at = $3, updated_at = greatest(updated_at + interval '1 microsecond', $4) WHERE`+inGallery+`AND id = $2`,
			gallery, id, at, time.Now()).Exec(found)
		tx.find(gallery, id, &sub)
		return tx.also(also, tx.flush())
	})
	return sub, err
}

// EndedSubjects are those whose end has come by the server's time, some of those that are
// longest past it and come after the one given.
func (s *Store) EndedSubjects(ctx context.Context, after store.Ended, limit int) ([]store.Ended, error) {
	return list(ctx, s, "find ended subjects", func(row pgx.CollectableRow) (e store.Ended, err error) {
		err = row.Scan(&e.Tenant, &e.Name, &e.Gallery, &e.Subject, &e.At)
		return e, err
	}, `SELECT g.tenant, g.name, s.gallery, s.id, s.ends_at FROM subjects s JOIN galleries g ON g.id = s.gallery
		WHERE s.ends_at <= clock_timestamp() AND (s.ends_at, s.gallery, s.id) > ($1, $2, $3) AND g.tenant IS NOT NULL ORDER BY s.ends_at, s.gallery, s.id LIMIT $4`,
		after.At, after.Gallery, after.Subject, limit)
}

// DeleteEndedSubject is DeleteSubject of one that is still to end when it was. It is
// ErrNotFound when it is gone, or its end was taken back or moved.
func (s *Store) DeleteEndedSubject(ctx context.Context, e store.Ended, also ...func(store.Tx) error) (position uint64, err error) {
	return s.deleteSubject(ctx, e.Gallery, e.Subject, func(tx *tx) {
		tx.queue(`SELECT FROM subjects WHERE gallery = $1 AND id = $2 AND ends_at = $3`, e.Gallery, e.Subject, e.At).Exec(found)
	}, also)
}
