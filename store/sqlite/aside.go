package sqlite

import (
	"context"
	"time"

	"oneton/changelog"
	"oneton/store"
)

// SetAside takes a subject's face out of every view, at a time, or with the zero time
// back into them. It is ErrNotFound when the subject has no such face, and ErrDamaged
// of one that is. Where it is so already nothing is changed, nor also done. It returns
// the position at which views see it.
func (s *Store) SetAside(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, at time.Time, also ...func(store.Tx) error) (changed bool, position uint64, err error) {
	err = s.erase(ctx, "set face aside", func(tx tx) error {
		changed = false
		var n int64
		f, err := scanFaceBehind(tx.row(`SELECT n, `+faceOfSpace+` AND gallery = ? AND subject = ? AND id = ?`, gallery, subject, face), &n)
		if err != nil {
			return err
		}
		if f, changed, err = store.PutAside(f, at); err == nil && changed {
			err = tx.putAside(n, f)
		}
		if err == nil {
			position, err = tx.position()
		}
		if !changed {
			return err
		}
		return tx.also(also, err)
	})
	return changed, position, err
}

func (t tx) putAside(n int64, f store.Face) error {
	box, landmarks, quality, err := encodeDetails(f)
	if err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE faces SET box = ?, landmarks = ?, quality = ?, details = ?, aside_at = ? WHERE n = ?`, box, landmarks, quality,
		store.DetailsChecksum(f, []byte(box), []byte(landmarks), []byte(quality)), asideColumn(f), n); err != nil {
		return err
	}
	if err := t.logAside(n, f); err != nil {
		return err
	}
	return t.change(`UPDATE subjects SET updated_at = max(updated_at + 1, ?3) WHERE`+inGallery+`AND id = ?2`, f.Gallery, f.Subject, micros(time.Now()))
}

// logAside appends what views are to do.
func (t tx) logAside(n int64, f store.Face) error {
	if !f.AsideAt.IsZero() {
		return t.change(`INSERT INTO changes (kind, tenant, gallery, face) SELECT ?, tenant, id, ? FROM galleries WHERE id = ? AND tenant IS NOT NULL`,
			changelog.DeleteFace, f.ID, f.Gallery)
	}
	r, err := t.exec(`INSERT INTO changes (kind, n) VALUES (?, ?)`, changelog.PutFace, n)
	if err != nil {
		return err
	}
	seq, err := r.LastInsertId()
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE faces SET put = ? WHERE n = ?`, seq, n)
	return err
}

// asideColumn is when a face was set aside, NULL when it was not.
func asideColumn(f store.Face) any {
	if f.AsideAt.IsZero() {
		return nil
	}
	return f.AsideAt.UnixMicro()
}
