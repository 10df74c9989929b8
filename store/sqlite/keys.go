package sqlite

import (
	"context"
	"fmt"
	"time"

	"oneton/store"
)

const keyColumns = `SELECT id, tenant, name, mac, scopes, created_at, revoked_at, checksum FROM keys `

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
	return s.write(ctx, "create key", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO keys (id, tenant, name, mac, scopes, created_at, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			k.ID, k.Tenant, k.Name, k.MAC, scopes, micros(k.CreatedAt), store.KeyChecksum(k, []byte(scopes)))
		return err
	})
}

// Key returns the key of that id, revoked or not, or ErrNotFound. It is the
// one read that no tenant bounds, since it is how a caller's tenant is found.
func (s *Store) Key(ctx context.Context, id store.KeyID) (store.Key, error) {
	k, err := scanKey(s.readers.QueryRowContext(ctx, keyColumns+`WHERE id = ?`, id))
	return k, s.read(ctx, "read key", err)
}

// Keys lists a tenant's keys by id, revoked ones too.
func (s *Store) Keys(ctx context.Context, tenant store.TenantID) ([]store.Key, error) {
	rows, err := s.readers.QueryContext(ctx, keyColumns+`WHERE tenant = ? ORDER BY id`, tenant)
	ks, err := list(rows, err, scanKey)
	return ks, s.read(ctx, "list keys", err)
}

// RevokeKey makes a key invalid for good; a key revoked before keeps its time.
// It is ErrNotFound when the tenant has no such key. A damaged one stays so.
func (s *Store) RevokeKey(ctx context.Context, tenant store.TenantID, id store.KeyID) error {
	return s.erase(ctx, "revoke key", func(tx tx) error {
		k, err := scanKey(tx.row(keyColumns+`WHERE tenant = ? AND id = ?`, tenant, id))
		if err != nil || !k.RevokedAt.IsZero() {
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
		return tx.change(`UPDATE keys SET revoked_at = ?, checksum = ? WHERE id = ?`, micros(k.RevokedAt), checksum, id)
	})
}

func scanKey(row scanner) (k store.Key, err error) {
	var scopes []byte
	var checksum any
	err = row.Scan(&k.ID, &k.Tenant, &k.Name, &k.MAC, &scopes, timeColumn{&k.CreatedAt}, timeColumn{&k.RevokedAt}, &checksum)
	return store.ReadKey(k, scopes, checksumOf(checksum)), err
}
