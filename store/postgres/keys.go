package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

const keyColumns = `SELECT id, tenant, name, mac, scopes::text, created_at, revoked_at, checksum FROM keys `

// CreateKey adds a key: ErrExists when its id is taken, ErrNotFound when its
// tenant is unknown.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	if err := store.CheckKey(k); err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	scopes, err := encode(k.Scopes)
	if err != nil {
		return err
	}
	k.CreatedAt, k.RevokedAt = now(k.CreatedAt), time.Time{}
	return s.write(ctx, "create key", func(tx *tx) error {
		return tx.change(`INSERT INTO keys (id, tenant, name, mac, scopes, created_at, checksum) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			k.ID, k.Tenant, k.Name, k.MAC, scopes, k.CreatedAt, store.KeyChecksum(k, []byte(scopes)))
	})
}

// Key returns the key of that id, revoked or not, or ErrNotFound. It is the
// one read that no tenant bounds, since it is how a caller's tenant is found.
func (s *Store) Key(ctx context.Context, id store.KeyID) (store.Key, error) {
	return one(ctx, s, "read key", scanKey, keyColumns+`WHERE id = $1`, id)
}

// Keys lists a tenant's keys by id, revoked ones too.
func (s *Store) Keys(ctx context.Context, tenant store.TenantID) ([]store.Key, error) {
	return list(ctx, s, "list keys", scanKey, keyColumns+`WHERE tenant = $1 ORDER BY id`, tenant)
}

// RevokeKey makes a key invalid for good; a key revoked before keeps its time.
// It is ErrNotFound when the tenant has no such key. A damaged one stays so.
func (s *Store) RevokeKey(ctx context.Context, tenant store.TenantID, id store.KeyID) error {
	return s.write(ctx, "revoke key", func(tx *tx) error {
		var k store.Key
		tx.queue(keyColumns+`WHERE tenant = $1 AND id = $2`, tenant, id).Query(func(rows pgx.Rows) (err error) {
			k, err = pgx.CollectOneRow(rows, scanKey)
			return err
		})
		if err := tx.flush(); err != nil || !k.RevokedAt.IsZero() {
			return err
		}
		k.RevokedAt = time.Now()
		scopes, err := encode(k.Scopes)
		if err != nil {
			return err
		}
		checksum := store.KeyChecksum(k, []byte(scopes))
		if k.Damage != "" {
			checksum = store.Unsound(checksum)
		}
		return tx.change(`UPDATE keys SET revoked_at = $1, checksum = $2 WHERE id = $3`, k.RevokedAt, checksum, id)
	})
}

func scanKey(row pgx.CollectableRow) (store.Key, error) {
	k, scopes, checksum, err := readKey(row)
	return store.ReadKey(k, scopes, checksum), err
}

func readKey(row pgx.CollectableRow) (k store.Key, scopes []byte, checksum *int64, err error) {
	var revoked *time.Time
	err = row.Scan(&k.ID, &k.Tenant, &k.Name, &k.MAC, &scopes, &k.CreatedAt, &revoked, &checksum)
	if revoked != nil {
		k.RevokedAt = *revoked
	}
	return k, scopes, checksum, err
}
