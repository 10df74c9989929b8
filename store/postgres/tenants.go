package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

const tenantColumns = `SELECT id, name, created_at FROM tenants `

// CreateTenant adds a tenant; ErrExists when its id is taken.
func (s *Store) CreateTenant(ctx context.Context, t store.Tenant, also ...func(store.Tx) error) error {
	if err := store.CheckTenant(t); err != nil {
		return fmt.Errorf("create tenant: %w", err)
	}
	return s.write(ctx, "create tenant", func(tx *tx) error {
		return tx.also(also, tx.change(`INSERT INTO tenants (id, name, created_at) VALUES ($1, $2, $3)`, t.ID, t.Name, now(t.CreatedAt)))
	})
}

// Tenant returns the tenant of that id, or ErrNotFound.
func (s *Store) Tenant(ctx context.Context, id store.TenantID) (store.Tenant, error) {
	return one(ctx, s, "read tenant", scanTenant, tenantColumns+`WHERE id = $1`, id)
}

// Tenants lists tenants by id.
func (s *Store) Tenants(ctx context.Context, p store.Page) ([]store.Tenant, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return list(ctx, s, "list tenants", scanTenant,
		tenantColumns+`WHERE id > $1 ORDER BY id LIMIT $2`, p.After, max(p.Limit, 0))
}

// DeleteTenant removes a tenant with everything of it, and returns the
// position at which its last gallery left the index. What was in its galleries
// leaves the tables a part at a time.
func (s *Store) DeleteTenant(ctx context.Context, id store.TenantID, also ...func(store.Tx) error) (position uint64, err error) {
	err = s.write(ctx, "delete tenant", func(tx *tx) error {
		if _, err := tx.log(`INSERT INTO changes (seq, kind, tenant, gallery)
			SELECT $1 + row_number() OVER (ORDER BY id), $2, tenant, id FROM galleries WHERE tenant = $3`,
			changelog.DropGallery, id); err != nil {
			return err
		}
		position = tx.position
		return tx.also(also, tx.change(`DELETE FROM tenants WHERE id = $1`, id))
	})
	if err == nil {
		s.drop()
	}
	return position, err
}

func scanTenant(row pgx.CollectableRow) (t store.Tenant, err error) {
	err = row.Scan(&t.ID, &t.Name, &t.CreatedAt)
	return t, err
}
