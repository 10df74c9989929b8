package signature

import (
	"context"
	"embed"
	"fmt"
	"time"

	"oneton/audit"
	"oneton/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the table of keys in the database, which must be done before anything
// is signed.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "signature", migrations)
}

// row is a key as the database has it.
type row struct {
	number           int64
	id               string
	sealed           []byte
	created, signsAt time.Time
}

// table is that of the keys.
type table struct {
	db store.DB
	// clock is nil where the database's counts.
	clock func() time.Time
}

func (t table) now(r store.Reader) (time.Time, error) {
	if t.clock != nil {
		return t.clock(), nil
	}
	return r.Now()
}

// rows are all, by their numbers, and the time at which they were read.
func (t table) rows(ctx context.Context) (rows []row, now time.Time, err error) {
	err = t.db.Read(ctx, "read signing keys", func(r store.Reader) error {
		rows = nil
		err := r.Each(func(from store.Row) error {
			var k row
			if err := from.Scan(&k.number, &k.id, &k.sealed, &k.created, &k.signsAt); err != nil {
				return err
			}
			rows = append(rows, k)
			return nil
		}, `SELECT number, id, sealed, created_at, signs_from FROM signing_keys ORDER BY number`)
		if err == nil {
			now, err = t.now(r)
		}
		return err
	})
	return rows, now, err
}

// add keeps a key that signs after that time from now, and tells whether it did: where
// another process has just made the key of that number it did not. Without a key
// nobody gets a token, and on a full disk nothing could be removed.
func (t table) add(ctx context.Context, k row, after time.Duration) (made bool, err error) {
	err = audit.Removing(audit.By(store.Actor{}, audit.SigningKeyCreated, k.id), func(also ...func(store.Tx) error) error {
		return t.db.Remove(ctx, "keep signing key", func(tx store.Tx) error {
			now, err := t.now(tx)
			if err != nil {
				return err
			}
			n, err := tx.Exec(`INSERT INTO signing_keys (number, id, sealed, created_at, signs_from) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (number) DO NOTHING`,
				k.number, k.id, k.sealed, now, now.Add(after))
			if made = n > 0; err != nil || !made {
				return err
			}
			return store.Run(tx, also)
		})
	})
	return made, err
}

// remove erases a key that has ended.
func (t table) remove(ctx context.Context, id string) error {
	return t.db.Remove(ctx, "remove signing key", func(tx store.Tx) error { return erase(tx, id) })
}

// revoke erases a key that has not.
func (t table) revoke(ctx context.Context, id string) error {
	return audit.Removing(audit.By(store.Actor{}, audit.SigningKeyRevoked, id), func(also ...func(store.Tx) error) error {
		return t.db.Remove(ctx, "revoke signing key", func(tx store.Tx) error {
			if err := erase(tx, id); err != nil {
				return err
			}
			return store.Run(tx, also)
		})
	})
}

func erase(tx store.Tx, id string) error {
	n, err := tx.Exec(`DELETE FROM signing_keys WHERE id = $1`, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %.64q", ErrUnknown, id)
	}
	return err
}
