package access

import (
	"context"
	"encoding/json"
	"time"

	"oneton/store"
)

// KeyTable is the table of the keys of all tenants.
type KeyTable struct{ db store.DB }

// NewKeyTable is the database's.
func NewKeyTable(db store.DB) KeyTable { return KeyTable{db} }

const keyColumns = `SELECT id, tenant, name, mac, CAST(scopes AS TEXT), created_at, revoked_at, ends_at, made_by, checksum FROM keys `

// CreateKey adds a key: store.ErrExists when its id is taken, store.ErrNotFound
// when its tenant is unknown. What is also done is in the same transaction.
func (t KeyTable) CreateKey(ctx context.Context, k store.Key, also ...func(store.Tx) error) error {
	return t.db.Update(ctx, "create key", func(tx store.Tx) error {
		if err := insert(tx, k); err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// insert adds a key in a transaction.
func insert(tx store.Tx, k store.Key) error {
	if err := store.CheckKey(k); err != nil {
		return err
	}
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return err
	}
	if k.RevokedAt = (time.Time{}); k.CreatedAt.IsZero() {
		k.CreatedAt = time.Now()
	}
	_, err = tx.Exec(`INSERT INTO keys (id, tenant, name, mac, scopes, created_at, ends_at, made_by, checksum) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.ID, k.Tenant, k.Name, k.MAC, string(scopes), k.CreatedAt, k.EndsAt, k.MadeBy, store.KeyChecksum(k, scopes))
	return err
}

// Key returns the key of that id, revoked or not, or store.ErrNotFound. It is the
// one read that no tenant bounds, since it is how a caller's tenant is found.
func (t KeyTable) Key(ctx context.Context, id store.KeyID) (store.Key, error) {
	return store.One(ctx, t.db, "read key", scanKey, keyColumns+`WHERE id = $1`, id)
}

// Keys lists a tenant's keys by id, revoked ones too.
func (t KeyTable) Keys(ctx context.Context, tenant store.TenantID) ([]store.Key, error) {
	return store.List(ctx, t.db, "list keys", scanKey, keyColumns+`WHERE tenant = $1 ORDER BY id`, tenant)
}

// RevokeKey makes a key invalid for good; a key revoked before keeps its time.
// It is store.ErrNotFound when the tenant has no such key. A damaged one stays so.
// What is also done is in the same transaction, if there was anything to revoke.
func (t KeyTable) RevokeKey(ctx context.Context, tenant store.TenantID, id store.KeyID, also ...func(store.Tx) error) error {
	return t.db.Remove(ctx, "revoke key", func(tx store.Tx) error {
		k, err := store.OneOf(tx, scanKey, keyColumns+`WHERE tenant = $1 AND id = $2`, tenant, id)
		if err != nil || !k.RevokedAt.IsZero() {
			return err
		}
		if err := revoke(tx, k); err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// RevokeWithMade is RevokeKey of a key, of those that it made, and of those that these
// made, but where check has an error of them, of which the first is the key; each is told
// of those that were valid, in the transaction.
func (t KeyTable) RevokeWithMade(ctx context.Context, tenant store.TenantID, id store.KeyID, check func([]store.Key) error, each func(store.Tx, store.KeyID) error) error {
	return t.db.Remove(ctx, "revoke keys", func(tx store.Tx) error {
		first, err := store.OneOf(tx, scanKey, keyColumns+`WHERE tenant = $1 AND id = $2`, tenant, id)
		if err != nil {
			return err
		}
		made := make(map[store.KeyID][]store.Key)
		if err := tx.Each(func(row store.Row) error {
			k, err := scanKey(row)
			made[k.MadeBy] = append(made[k.MadeBy], k)
			return err
		}, keyColumns+`WHERE tenant = $1 AND made_by <> '' ORDER BY id`, tenant); err != nil {
			return err
		}
		keys := []store.Key{first}
		for i := 0; i < len(keys); i++ {
			keys = append(keys, made[keys[i].ID]...)
			delete(made, keys[i].ID)
		}
		if err := check(keys); err != nil {
			return err
		}
		for _, k := range keys {
			if !k.RevokedAt.IsZero() {
				continue
			}
			if err := revoke(tx, k); err != nil {
				return err
			}
			if err := each(tx, k.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// revoke makes a key that was read in the transaction invalid.
func revoke(tx store.Tx, k store.Key) error {
	k.RevokedAt = time.Now()
	return change(tx, k)
}

// change writes of a key that was read in the transaction what may change.
func change(tx store.Tx, k store.Key) error {
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return err
	}
	checksum := store.KeyChecksum(k, scopes)
	if k.Damage != "" {
		checksum = store.Unsound(checksum)
	}
	_, err = tx.Exec(`UPDATE keys SET revoked_at = $1, made_by = $2, checksum = $3 WHERE id = $4`, k.RevokedAt, k.MadeBy, checksum, k.ID)
	return err
}

// ReplaceKey revokes a tenant's key that is valid, and does what puts another in its
// place, in one transaction. A key that is not valid is store.ErrNotFound.
func (t KeyTable) ReplaceKey(ctx context.Context, tenant store.TenantID, id store.KeyID, also ...func(store.Tx) error) error {
	return t.db.Update(ctx, "replace key", func(tx store.Tx) error {
		old, err := store.OneOf(tx, scanKey, keyColumns+`WHERE tenant = $1 AND id = $2`, tenant, id)
		if err == nil && !old.Valid(time.Now()) {
			err = store.ErrNotFound
		}
		if err == nil {
			err = revoke(tx, old)
		}
		if err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// DeleteEnded removes the keys that ended or were revoked before a time, and tells how
// many. What a revoked one had made is then of whoever made that one, so that it is still
// revoked with it.
func (t KeyTable) DeleteEnded(ctx context.Context, before time.Time) (n int64, err error) {
	err = t.db.Remove(ctx, "remove ended keys", func(tx store.Tx) (err error) {
		makers := make(map[store.KeyID]store.KeyID)
		if err := tx.Each(func(row store.Row) error {
			var id, maker store.KeyID
			err := row.Scan(&id, &maker)
			makers[id] = maker
			return err
		}, `SELECT id, made_by FROM keys WHERE revoked_at < $1`, before); err != nil {
			return err
		}
		var made []store.Key
		if err := tx.Each(func(row store.Row) error {
			k, err := scanKey(row)
			made = append(made, k)
			return err
		}, keyColumns+`WHERE (revoked_at IS NULL OR revoked_at >= $1) AND made_by IN (SELECT id FROM keys WHERE revoked_at < $1)`, before); err != nil {
			return err
		}
		for _, k := range made {
			maker := k.MadeBy
			for range makers { // more were a circle, as only damage makes one
				if makers[maker] == "" {
					break
				}
				maker = makers[maker]
			}
			if maker == k.MadeBy {
				continue // the operator made that one, whose id still tells where this is from
			}
			k.MadeBy = maker
			if err := change(tx, k); err != nil {
				return err
			}
		}
		n, err = tx.Exec(`DELETE FROM keys WHERE ends_at < $1 OR revoked_at < $1`, before)
		return err
	})
	return n, err
}

// Damaged are the keys that are not as they were written.
func (t KeyTable) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	keys, err := store.List(ctx, t.db, "look for damaged keys", scanKey, keyColumns+`ORDER BY tenant, id`)
	for _, k := range keys {
		if k.Damage != "" {
			damaged = append(damaged, store.Damaged{What: store.DamagedKey, Tenant: k.Tenant, Name: string(k.ID)})
		}
	}
	return damaged, err
}

// FillChecksums gives a checksum to the keys from before there were any; see
// store.FillChecksums.
func (t KeyTable) FillChecksums(ctx context.Context) error {
	return store.FillChecksums(ctx, t.db, "keys", "id", func(row store.Row) (id string, checksum int64, err error) {
		k, scopes, _, err := readKey(row)
		checksum = store.KeyChecksum(k, scopes)
		if store.ReadKey(k, scopes, nil).Damage != "" {
			checksum = store.Unsound(checksum)
		}
		return string(k.ID), checksum, err
	}, keyColumns)
}

func scanKey(row store.Row) (store.Key, error) {
	k, scopes, checksum, err := readKey(row)
	return store.ReadKey(k, scopes, checksum), err
}

func readKey(row store.Row) (k store.Key, scopes []byte, checksum *int64, err error) {
	err = row.Scan(&k.ID, &k.Tenant, &k.Name, &k.MAC, &scopes, &k.CreatedAt, &k.RevokedAt, &k.EndsAt, &k.MadeBy, &checksum)
	return k, scopes, checksum, err
}
