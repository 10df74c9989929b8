package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

// SetAside takes a subject's face out of every view, at a time, or with the zero time
// back into them. It is ErrNotFound when the subject has no such face, and ErrDamaged
// of one that is. Where it is so already nothing is changed, nor also done. It returns
// the position at which views see it.
func (s *Store) SetAside(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, at time.Time, also ...func(store.Tx) error) (changed bool, position uint64, err error) {
	err = s.write(ctx, "set face aside", func(tx *tx) error {
		changed = false
		enrolled, f, err := tx.findFace(gallery, subject, face)
		if err != nil {
			return err
		}
		if f, changed, err = store.PutAside(f, at); err != nil || !changed {
			position = tx.position
			return err
		}
		if err := tx.putAside(enrolled, f); err != nil {
			return err
		}
		position = tx.position
		return tx.also(also, tx.flush())
	})
	return changed, position, err
}

// findFace is a subject's face as this transaction sees it, and its number.
func (t *tx) findFace(gallery store.GalleryID, subject store.SubjectID, face store.FaceID) (enrolled int64, f store.Face, err error) {
	t.queue(`SELECT enrolled FROM faces WHERE`+inGallery+`AND subject = $2 AND id = $3`, gallery, subject, face).Query(func(rows pgx.Rows) (err error) {
		enrolled, err = pgx.CollectOneRow(rows, pgx.RowTo[int64])
		return err
	})
	if err := t.flush(); err != nil {
		return 0, f, err
	}
	t.queue(faceOfSpace, []int64{enrolled}).Query(func(rows pgx.Rows) (err error) {
		f, err = pgx.CollectOneRow(rows, scanFace)
		return err
	})
	return enrolled, f, t.flush()
}

func (t *tx) putAside(enrolled int64, f store.Face) error {
	row, err := newFaceRow(f)
	if err != nil {
		return err
	}
	t.position++
	if f.AsideAt.IsZero() {
		t.queue(`INSERT INTO changes (seq, kind, enrolled) VALUES ($1, $2, $3)`, t.position, changelog.PutFace, enrolled)
		t.queue(`UPDATE faces SET put = $1 WHERE enrolled = $2`, t.position, enrolled)
	} else {
		t.queue(`INSERT INTO changes (seq, kind, tenant, gallery, face) SELECT $1, $2, tenant, id, $3 FROM galleries WHERE id = $4 AND tenant IS NOT NULL`,
			t.position, changelog.DeleteFace, f.ID, f.Gallery).Exec(found)
	}
	t.queue(`UPDATE faces SET box = $1, landmarks = $2, quality = $3, details = $4, aside_at = $5 WHERE enrolled = $6`, row.box, row.landmarks, row.quality,
		store.DetailsChecksum(row.Face, []byte(row.box), []byte(row.landmarks), []byte(row.quality)), asideColumn(f), enrolled)
	t.queue(`UPDATE subjects SET updated_at = greatest(updated_at + interval '1 microsecond', $3) WHERE`+inGallery+`AND id = $2`,
		f.Gallery, f.Subject, time.Now()).Exec(found)
	return nil
}

// asideColumn is when a face was set aside, NULL when it was not.
func asideColumn(f store.Face) *time.Time {
	if f.AsideAt.IsZero() {
		return nil
	}
	return &f.AsideAt
}
