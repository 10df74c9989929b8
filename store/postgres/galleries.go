package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/store"
)

// inGallery holds for the rows of gallery $1 while it is not dropped.
const inGallery = ` gallery = $1 AND EXISTS (SELECT FROM galleries g WHERE g.id = $1 AND g.tenant IS NOT NULL) `

const galleryColumns = `SELECT id, tenant, name, pack, policy::text, created_at, checksum FROM galleries `

// CreateGallery adds a gallery: ErrExists when its id or its name is taken,
// ErrNotFound when its tenant is unknown.
func (s *Store) CreateGallery(ctx context.Context, g store.Gallery, also ...func(store.Tx) error) error {
	if err := store.CheckGallery(g); err != nil {
		return fmt.Errorf("create gallery: %w", err)
	}
	policy, err := encode(g.Policy)
	if err != nil {
		return err
	}
	g.CreatedAt = now(g.CreatedAt)
	return s.write(ctx, "create gallery", func(tx *tx) error {
		return tx.also(also, tx.change(`INSERT INTO galleries (id, tenant, name, pack, policy, created_at, checksum) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			g.ID, g.Tenant, g.Name, g.Pack, policy, g.CreatedAt, store.GalleryChecksum(g, []byte(policy))))
	})
}

// Gallery returns the tenant's gallery of that name, or ErrNotFound.
func (s *Store) Gallery(ctx context.Context, tenant store.TenantID, name string) (store.Gallery, error) {
	return one(ctx, s, "read gallery", scanGallery, galleryColumns+`WHERE tenant = $1 AND name = $2`, tenant, name)
}

// Galleries lists the tenant's galleries by name.
func (s *Store) Galleries(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Gallery, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list galleries: %w", err)
	}
	return list(ctx, s, "list galleries", scanGallery,
		galleryColumns+`WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT $3`, tenant, p.After, max(p.Limit, 0))
}

// Counts is how much a gallery holds, or ErrNotFound. It looks at every row.
func (s *Store) Counts(ctx context.Context, gallery store.GalleryID) (store.Counts, error) {
	return one(ctx, s, "count subjects", func(row pgx.CollectableRow) (c store.Counts, err error) {
		err = row.Scan(&c.Subjects, &c.Faces)
		return c, err
	}, `SELECT (SELECT count(*) FROM subjects WHERE gallery = $1), (SELECT count(*) FROM faces WHERE gallery = $1)
		FROM galleries WHERE id = $1 AND tenant IS NOT NULL`, gallery)
}

// UpdatePolicy replaces a gallery's policy by what change makes of the gallery
// as it is, and returns it; no other change comes between. It is ErrNotFound
// when there is none, and an error of change's leaves all as it was. change is
// called with writes waiting for it.
func (s *Store) UpdatePolicy(ctx context.Context, tenant store.TenantID, name string, change func(store.Gallery) (store.Policy, error), also ...func(store.Tx) error) (g store.Gallery, err error) {
	err = s.write(ctx, "update policy", func(tx *tx) error {
		tx.queue(galleryColumns+`WHERE tenant = $1 AND name = $2`, tenant, name).Query(func(rows pgx.Rows) error {
			g, err = pgx.CollectOneRow(rows, scanGallery)
			return err
		})
		if err := tx.flush(); err != nil {
			return err
		}
		if g.Policy, err = change(g); err != nil {
			return err
		}
		if g.Damage, err = store.MendPolicy(g); err != nil {
			return err
		}
		policy, err := encode(g.Policy)
		if err != nil {
			return err
		}
		return tx.also(also, tx.change(`UPDATE galleries SET policy = $1, checksum = $2 WHERE id = $3`, policy, store.GalleryChecksum(g, []byte(policy)), g.ID))
	})
	return g, err
}

// DeleteGallery removes a gallery with everything in it, or is ErrNotFound.
// What was in it is gone for every call at once, and leaves the tables a part at
// a time.
func (s *Store) DeleteGallery(ctx context.Context, tenant store.TenantID, name string, also ...func(store.Tx) error) (position uint64, err error) {
	err = s.write(ctx, "delete gallery", func(tx *tx) error {
		if _, err := tx.log(`INSERT INTO changes (seq, kind, tenant, gallery)
			SELECT $1 + 1, $2, tenant, id FROM galleries WHERE tenant = $3 AND name = $4`,
			changelog.DropGallery, tenant, name); err != nil {
			return err
		}
		position = tx.position
		return tx.also(also, tx.change(`UPDATE galleries SET tenant = NULL WHERE tenant = $1 AND name = $2`, tenant, name))
	})
	if err == nil {
		s.drop()
	}
	return position, err
}

func scanGallery(row pgx.CollectableRow) (g store.Gallery, err error) {
	var policy []byte
	var checksum *int64
	err = row.Scan(&g.ID, &g.Tenant, &g.Name, &g.Pack, &policy, &g.CreatedAt, &checksum)
	return store.ReadPolicy(g, policy, checksum), err
}
