package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// checksumBatch is how many faces one transaction gives their checksum.
const checksumBatch = 1024

// fillChecksums gives a checksum to the faces from before there were any. Those
// that are damaged already stay without, and are told whenever they are read.
func (s *Store) fillChecksums(ctx context.Context) error {
	type sum struct{ enrolled, checksum int64 }
	for after := int64(0); ; {
		found, err := list(ctx, s, "make checksums", func(row pgx.CollectableRow) (found sum, err error) {
			var f store.Face
			var template []byte
			if err := row.Scan(&found.enrolled, &f.ID, &f.Gallery, &f.Subject, &f.Pack, &template); err != nil {
				return found, err
			}
			found.checksum = -1
			if _, err := store.ReadTemplate(f, template, nil); err == nil {
				found.checksum = store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template)
			}
			return found, nil
		}, `SELECT enrolled, id, gallery, subject, pack, template FROM faces
			WHERE checksum IS NULL AND enrolled > $1 ORDER BY enrolled LIMIT $2`, after, checksumBatch)
		if err == nil && len(found) > 0 {
			after = found[len(found)-1].enrolled
			err = s.write(ctx, "make checksums", func(tx *tx) error {
				for _, f := range found {
					if f.checksum >= 0 {
						tx.queue(`UPDATE faces SET checksum = $1 WHERE enrolled = $2 AND checksum IS NULL`, f.checksum, f.enrolled)
					}
				}
				return tx.flush()
			})
		}
		if errors.Is(err, store.ErrDamaged) {
			return nil // they are told when they are read
		}
		if err != nil || len(found) == 0 {
			return err
		}
	}
}
