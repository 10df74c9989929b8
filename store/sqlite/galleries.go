package sqlite

import (
	"context"
	"fmt"

	"oneton/changelog"
	"oneton/store"
)

// inGallery holds for the rows of gallery ?1 while it is not dropped.
const inGallery = ` gallery = ?1 AND EXISTS (SELECT 1 FROM galleries g WHERE g.id = ?1 AND g.tenant IS NOT NULL) `

const galleryColumns = `SELECT id, tenant, name, pack, policy, created_at, checksum FROM galleries `

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
	return s.write(ctx, "create gallery", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO galleries (id, tenant, name, pack, policy, created_at, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			g.ID, g.Tenant, g.Name, g.Pack, policy, micros(g.CreatedAt), store.GalleryChecksum(g, []byte(policy)))
		return tx.also(also, err)
	})
}

// Gallery returns the tenant's gallery of that name, or ErrNotFound.
func (s *Store) Gallery(ctx context.Context, tenant store.TenantID, name string) (store.Gallery, error) {
	g, err := scanGallery(s.readers.QueryRowContext(ctx,
		galleryColumns+`WHERE tenant = ? AND name = ?`, tenant, name))
	return g, s.read(ctx, "read gallery", err)
}

// Galleries lists the tenant's galleries by name.
func (s *Store) Galleries(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Gallery, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list galleries: %w", err)
	}
	rows, err := s.readers.QueryContext(ctx,
		galleryColumns+`WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?`, tenant, p.After, max(p.Limit, 0))
	gs, err := list(rows, err, scanGallery)
	return gs, s.read(ctx, "list galleries", err)
}

// Counts is how much a gallery holds, or ErrNotFound. It looks at every row.
func (s *Store) Counts(ctx context.Context, gallery store.GalleryID) (c store.Counts, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM subjects WHERE gallery = ?1), (SELECT count(*) FROM faces WHERE gallery = ?1)
		FROM galleries WHERE id = ?1 AND tenant IS NOT NULL`, gallery).Scan(&c.Subjects, &c.Faces)
	return c, s.read(ctx, "count subjects", err)
}

// UpdatePolicy replaces a gallery's policy by what change makes of the gallery
// as it is, and returns it; no other change comes between. It is ErrNotFound
// when there is none, and an error of change's leaves all as it was. change is
// called with writes waiting for it.
func (s *Store) UpdatePolicy(ctx context.Context, tenant store.TenantID, name string, change func(store.Gallery) (store.Policy, error), also ...func(store.Tx) error) (g store.Gallery, err error) {
	err = s.write(ctx, "update policy", func(tx tx) error {
		if g, err = scanGallery(tx.row(galleryColumns+`WHERE tenant = ? AND name = ?`, tenant, name)); err != nil {
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
		return tx.also(also, tx.change(`UPDATE galleries SET policy = ?, checksum = ? WHERE id = ?`,
			policy, store.GalleryChecksum(g, []byte(policy)), g.ID))
	})
	return g, err
}

// DeleteGallery removes a gallery with everything in it, or is ErrNotFound.
// What was in it is gone for every call at once, and leaves the file a part at
// a time.
func (s *Store) DeleteGallery(ctx context.Context, tenant store.TenantID, name string, also ...func(store.Tx) error) (position uint64, err error) {
	err = s.erase(ctx, "delete gallery", func(tx tx) error {
		var id store.GalleryID
		if err := tx.row(`UPDATE galleries SET tenant = NULL WHERE tenant = ? AND name = ? RETURNING id`, tenant, name).Scan(&id); err != nil {
			return err
		}
		if err := tx.log(changelog.DropGallery, tenant, id, ""); err != nil {
			return err
		}
		position, err = tx.position()
		return tx.also(also, err)
	})
	return position, err
}

func scanGallery(row scanner) (g store.Gallery, err error) {
	var policy []byte
	var checksum any
	err = row.Scan(&g.ID, &g.Tenant, &g.Name, &g.Pack, &policy, timeColumn{&g.CreatedAt}, &checksum)
	return store.ReadPolicy(g, policy, checksumOf(checksum)), err
}
