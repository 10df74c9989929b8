package sqlite

import (
	"context"
	"errors"

	"oneton/store"
)

// checksumBatch is how many faces one transaction gives their checksum.
const checksumBatch = 1024

// fillChecksums gives a checksum to the faces from before there were any. Those
// that are damaged already stay without, and are told whenever they are read.
func (s *Store) fillChecksums(ctx context.Context) error {
	type sum struct{ n, checksum int64 }
	for after := int64(0); ; {
		rows, err := s.readers.QueryContext(ctx, `SELECT n, id, gallery, subject, pack, template FROM faces
			WHERE checksum IS NULL AND n > ? ORDER BY n LIMIT ?`, after, checksumBatch)
		found, err := list(rows, err, func(row scanner) (found sum, err error) {
			var f store.Face
			var template []byte
			if err := row.Scan(&found.n, &f.ID, &f.Gallery, &f.Subject, &f.Pack, &template); err != nil {
				return found, err
			}
			found.checksum = -1
			if _, err := store.ReadTemplate(f, template, nil); err == nil {
				found.checksum = store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template)
			}
			return found, nil
		})
		if damaged(err) {
			return nil // they are told when they are read
		}
		if err != nil || len(found) == 0 {
			return s.read(ctx, "make checksums", err)
		}
		after = found[len(found)-1].n
		err = s.write(ctx, "make checksums", func(tx tx) error {
			for _, f := range found {
				if f.checksum < 0 {
					continue
				}
				if _, err := tx.exec(`UPDATE faces SET checksum = ? WHERE n = ? AND checksum IS NULL`, f.checksum, f.n); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrUnavailable) {
			return nil // as on a full disk; the next start goes on
		}
		if err != nil {
			return err
		}
	}
}
