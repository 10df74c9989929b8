package identitytoken

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"oneton/audit"
	"oneton/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the table of valid tokens in the database, which must be done before
// any is made.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "identitytoken", migrations)
}

// table lists the tokens that are valid. A token that is not there is refused,
// whatever its seal: so a row that is lost, with a tenant, in a restored backup or
// by damage, ends a token and revives none.
type table struct{ db store.DB }

// valid is ErrEnded when the tenant has no such token that is valid.
func (t table) valid(ctx context.Context, tenant store.TenantID, id uuid.UUID) error {
	_, err := store.One(ctx, t.db, "look up identity token", func(row store.Row) (known string, err error) {
		err = row.Scan(&known)
		return known, err
	}, `SELECT id FROM identity_tokens WHERE id = $1 AND tenant = $2`, id.String(), tenant)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("look up identity token %s: %w", id, ErrEnded)
	}
	return err
}

// add makes the token valid.
func (t table) add(ctx context.Context, by store.Actor, id uuid.UUID, now, expires time.Time) error {
	return t.db.Update(ctx, "add identity token", func(tx store.Tx) error {
		return insert(tx, by, id, now, expires)
	})
}

func insert(tx store.Tx, by store.Actor, id uuid.UUID, now, expires time.Time) error {
	if _, err := tx.Exec(`INSERT INTO identity_tokens (id, tenant, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		id.String(), by.Tenant, now, expires); err != nil {
		return err
	}
	return audit.By(by, audit.IdentityTokenCreated, id.String()).Record(tx)
}

// replace ends a token and makes another valid, as one.
func (t table) replace(ctx context.Context, by store.Actor, old, id uuid.UUID, now, expires time.Time) error {
	return t.db.Update(ctx, "replace identity token", func(tx store.Tx) error {
		if err := end(tx, by.Tenant, old.String()); err != nil {
			return err
		}
		if err := audit.By(by, audit.IdentityTokenRotated, old.String()).Record(tx); err != nil {
			return err
		}
		return insert(tx, by, id, now, expires)
	})
}

// revoke ends a token: ErrEnded when it is not valid any more, and ErrExpired when
// its time was over.
func (t table) revoke(ctx context.Context, by store.Actor, id uuid.UUID, now time.Time) error {
	return audit.Removing(audit.By(by, audit.IdentityTokenRevoked, id.String()), func(also ...func(store.Tx) error) error {
		return t.db.Remove(ctx, "revoke identity token", func(tx store.Tx) error {
			expires, err := store.OneOf(tx, func(row store.Row) (expires time.Time, err error) {
				err = row.Scan(&expires)
				return expires, err
			}, `SELECT expires_at FROM identity_tokens WHERE id = $1 AND tenant = $2`, id.String(), by.Tenant)
			switch {
			case errors.Is(err, store.ErrNotFound):
				return fmt.Errorf("%w: %s", ErrEnded, id)
			case err != nil:
				return err
			case !expires.IsZero() && !now.Before(expires):
				return fmt.Errorf("%w: %s", ErrExpired, id)
			}
			if err := end(tx, by.Tenant, id.String()); err != nil {
				return err
			}
			return store.Run(tx, also)
		})
	})
}

// Forget ends a token of a database that no service works on: ErrEnded when it is not
// valid any more.
func Forget(ctx context.Context, db store.DB, tenant store.TenantID, id string, also ...func(store.Tx) error) error {
	return db.Remove(ctx, "forget identity token", func(tx store.Tx) error {
		if err := end(tx, tenant, id); err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

func end(tx store.Tx, tenant store.TenantID, id string) error {
	n, err := tx.Exec(`DELETE FROM identity_tokens WHERE id = $1 AND tenant = $2`, id, tenant)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %.64s", ErrEnded, id)
	}
	return err
}

// trimmed is how many rows leave in one transaction, so that no writer waits long.
const trimmed = 1000

// Trim removes what is kept of tokens whose time is over at the time, and tells of
// how many. They are refused as before.
func Trim(ctx context.Context, db store.DB, now time.Time) (removed int64, err error) {
	for {
		var n int64
		if err := db.Remove(ctx, "remove expired identity tokens", func(tx store.Tx) (err error) {
			n, err = tx.Exec(`DELETE FROM identity_tokens WHERE id IN
				(SELECT id FROM identity_tokens WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2)`, now, trimmed)
			return err
		}); err != nil {
			return removed, err
		}
		if removed += n; n < trimmed {
			return removed, nil
		}
	}
}
