package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/store"
)

// overCounts is for how long a key counts that was revoked or has ended, so that no loop
// of making and revoking fills the table.
const overCounts = 24 * time.Hour

// Issue makes a key for whoever acts with another of the tenant: with scopes that that
// one has itself, and valid no longer than it. Scopes that it lacks are ErrBeyond, and
// without an end of its own the key gets the maker's. A maker that is not valid any more
// when the key is made is ErrUnauthorized, and a tenant that has as many as it may is
// ErrTooMany.
func (a *Access) Issue(ctx context.Context, by store.Actor, name string, scopes []string, ends time.Time) (text string, key store.Key, err error) {
	scopes = Expand(a.named, scopes)
	if err := a.validateScopes(scopes); err != nil {
		return "", store.Key{}, err
	}
	if err := checkLabel(name); err != nil {
		return "", store.Key{}, err
	}
	d, err := a.Draft(by, name, scopes, ends)
	if err != nil {
		return "", store.Key{}, err
	}
	err = a.tenants.Update(ctx, "issue key", func(tx store.Tx) error {
		maker, err := store.OneOf(tx, scanKey, keyColumns+`WHERE tenant = $1 AND id = $2`, by.Tenant, by.Key)
		if errors.Is(err, store.ErrNotFound) || err == nil && !maker.Valid(time.Now()) {
			return fmt.Errorf("check the maker's key: %w", ErrUnauthorized)
		}
		if err != nil {
			return err
		}
		for _, scope := range scopes {
			if !principal(maker).Can(scope) {
				return fmt.Errorf("give scope %s: %w", scope, ErrBeyond)
			}
		}
		if d.Key.EndsAt = ends; !maker.EndsAt.IsZero() && (ends.IsZero() || ends.After(maker.EndsAt)) {
			d.Key.EndsAt = maker.EndsAt
		}
		d.Key.MadeBy = maker.ID
		n, err := store.OneOf(tx, func(row store.Row) (n int, err error) { err = row.Scan(&n); return n, err },
			`SELECT count(*) FROM keys WHERE tenant = $1 AND (revoked_at IS NULL OR revoked_at > $2) AND (ends_at IS NULL OR ends_at > $2)`,
			by.Tenant, time.Now().Add(-overCounts))
		if err != nil {
			return err
		}
		if n >= a.most {
			return fmt.Errorf("make a key beside %d: %w", n, ErrTooMany)
		}
		return d.Insert(tx)
	})
	if err != nil {
		return "", store.Key{}, fmt.Errorf("issue key: %w", err)
	}
	return d.Text, d.Key, nil
}

// Page is a page of the tenant's keys by id, revoked ones too.
func (a *Access) Page(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Key, error) {
	return store.List(ctx, a.keys.db, "list keys", scanKey, keyColumns+`WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3`, tenant, p.After, p.Limit)
}

// Catalogue are the scopes that keys may have, but for those that stand for others.
func (a *Access) Catalogue() []Scope {
	var all []Scope
	for _, s := range a.named {
		if s.Means == nil {
			all = append(all, s)
		}
	}
	return append(all, Scope{Name: All, Allows: "do everything, also what comes with a later version"})
}
