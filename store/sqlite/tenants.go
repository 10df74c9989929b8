package sqlite

import (
	"context"
	"fmt"

	"oneton/changelog"
	"oneton/store"
)

const tenantColumns = `SELECT id, name, created_at FROM tenants `

// CreateTenant adds a tenant; ErrExists when its id is taken.
func (s *Store) CreateTenant(ctx context.Context, t store.Tenant, also ...func(store.Tx) error) error {
	if err := store.CheckTenant(t); err != nil {
		return fmt.Errorf("create tenant: %w", err)
	}
	return s.write(ctx, "create tenant", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO tenants (id, name, created_at) VALUES (?, ?, ?)`,
			t.ID, t.Name, micros(t.CreatedAt))
		return tx.also(also, err)
	})
}

// Tenant returns the tenant of that id, or ErrNotFound.
func (s *Store) Tenant(ctx context.Context, id store.TenantID) (store.Tenant, error) {
	t, err := scanTenant(s.readers.QueryRowContext(ctx, tenantColumns+`WHERE id = ?`, id))
	return t, s.read(ctx, "read tenant", err)
}

// Tenants lists tenants by id.
func (s *Store) Tenants(ctx context.Context, p store.Page) ([]store.Tenant, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	rows, err := s.readers.QueryContext(ctx,
		tenantColumns+`WHERE id > ? ORDER BY id LIMIT ?`, p.After, max(p.Limit, 0))
	ts, err := list(rows, err, scanTenant)
	return ts, s.read(ctx, "list tenants", err)
}

// DeleteTenant removes a tenant with everything of it, and returns the
// position at which its last gallery left the index. What was in its galleries
// leaves the file a part at a time.
func (s *Store) DeleteTenant(ctx context.Context, id store.TenantID, also ...func(store.Tx) error) (position uint64, err error) {
	err = s.erase(ctx, "delete tenant", func(tx tx) error {
		if _, err := tx.exec(`INSERT INTO changes (kind, tenant, gallery)
			SELECT ?, tenant, id FROM galleries WHERE tenant = ?`, changelog.DropGallery, id); err != nil {
			return err
		}
		if err := tx.change(`DELETE FROM tenants WHERE id = ?`, id); err != nil {
			return err
		}
		position, err = tx.position()
		return tx.also(also, err)
	})
	return position, err
}

func scanTenant(row scanner) (t store.Tenant, err error) {
	err = row.Scan(&t.ID, &t.Name, timeColumn{&t.CreatedAt})
	return t, err
}
