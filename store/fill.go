package store

import (
	"context"
	"errors"
)

// FillChecksums gives a checksum to the rows of a room's table from before there
// were any. columns selects what scan reads of a row, its key and the checksum of
// it, which is Unsound for what is damaged already. What cannot be done, as on a
// full disk, the next start goes on with. A row that is not found by the key that
// was read of it, as when the key is damaged, stays without.
func FillChecksums(ctx context.Context, db DB, table, key string, scan func(Row) (key string, checksum int64, err error), columns string) error {
	const batch = 1024
	type row struct {
		key      string
		checksum int64
	}
	for {
		rows, err := List(ctx, db, "make checksums", func(from Row) (r row, err error) {
			r.key, r.checksum, err = scan(from)
			return r, err
		}, columns+`WHERE checksum IS NULL LIMIT $1`, batch)
		var filled int64
		if err == nil && len(rows) > 0 {
			err = db.Update(ctx, "make checksums", func(tx Tx) error {
				filled = 0
				for _, r := range rows {
					n, err := tx.Exec(`UPDATE `+table+` SET checksum = $1 WHERE `+key+` = $2 AND checksum IS NULL`, r.checksum, r.key)
					if err != nil {
						return err
					}
					filled += n
				}
				return nil
			})
		}
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrUnavailable) {
			return nil
		}
		if err != nil || filled == 0 {
			return err
		}
	}
}
