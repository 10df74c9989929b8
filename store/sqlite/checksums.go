package sqlite

import (
	"context"
	"errors"

	"oneton/store"
)

// checksumBatch is how many rows one transaction gives their checksum.
const checksumBatch = 1024

// unsummed are rows of a table that may have no checksum yet.
type unsummed struct {
	// columns are what sum reads of a row, and column is where its checksum is.
	table, column, columns string
	sum                    func(row scanner, n *int64) (checksum int64, err error)
}

// summed are the tables whose rows have checksums.
var summed = []unsummed{
	{"faces", "checksum", "id, gallery, subject, space, template", func(row scanner, n *int64) (int64, error) {
		var f store.Face
		var template []byte
		err := row.Scan(n, &f.ID, &f.Gallery, &f.Subject, &f.Pack, &template)
		_, damage := store.ReadTemplate(f, template, nil)
		return sumOf(store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template), damage != nil), err
	}},
	{"faces", "details", "id, box, landmarks, quality, created_at, aside_at", func(row scanner, n *int64) (int64, error) {
		var f store.Face
		var box, landmarks, quality []byte
		err := row.Scan(n, &f.ID, &box, &landmarks, &quality, timeColumn{&f.CreatedAt}, timeColumn{&f.AsideAt})
		sum := store.DetailsChecksum(f, box, landmarks, quality)
		return sumOf(sum, store.ReadDetails(f, box, landmarks, quality, nil).Damage != ""), err
	}},
	{"subjects", "checksum", "gallery, id, metadata", func(row scanner, n *int64) (int64, error) {
		var sub store.Subject
		var metadata []byte
		err := row.Scan(n, &sub.Gallery, &sub.ID, &metadata)
		return sumOf(store.MetadataChecksum(sub.Gallery, sub.ID, metadata), store.ReadSubject(sub, metadata, nil).Damage != ""), err
	}},
	{"galleries", "checksum", "id, coalesce(tenant, ''), name, pack, policy, created_at", func(row scanner, n *int64) (int64, error) {
		var g store.Gallery
		var policy []byte
		err := row.Scan(n, &g.ID, &g.Tenant, &g.Name, &g.Pack, &policy, timeColumn{&g.CreatedAt})
		return sumOf(store.GalleryChecksum(g, policy), store.ReadPolicy(g, policy, nil).Damage != ""), err
	}},
}

// sumOf is what a row gets that may have been damaged before.
func sumOf(checksum int64, damaged bool) int64 {
	if damaged {
		return store.Unsound(checksum)
	}
	return checksum
}

// fillChecksums gives a checksum to the rows from before there were any. Those
// that are damaged already get one that does not fit them.
func (s *Store) fillChecksums(ctx context.Context) error {
	for _, rows := range summed {
		err := s.fill(ctx, rows)
		if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrUnavailable) {
			continue // as on a full disk; the next start goes on
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) fill(ctx context.Context, u unsummed) error {
	type row struct{ n, checksum int64 }
	for {
		rows, err := s.readers.QueryContext(ctx, `SELECT rowid, `+u.columns+` FROM `+u.table+` WHERE `+u.column+` IS NULL LIMIT ?`, checksumBatch)
		found, err := list(rows, err, func(from scanner) (r row, err error) {
			r.checksum, err = u.sum(from, &r.n)
			return r, err
		})
		if err != nil || len(found) == 0 {
			return s.read(ctx, "make checksums", err)
		}
		if err := s.write(ctx, "make checksums", func(tx tx) error {
			for _, r := range found {
				if _, err := tx.exec(`UPDATE `+u.table+` SET `+u.column+` = ? WHERE rowid = ? AND `+u.column+` IS NULL`, r.checksum, r.n); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
}
