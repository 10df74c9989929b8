package identify

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"oneton/store"
)

// DefaultPolicy is a new gallery's where its owner says nothing, for callers
// that change a part of it.
func (s *Service) DefaultPolicy() store.Policy { return s.cfg.DefaultPolicy }

// CreateGallery makes an empty gallery of g.Name. An empty g.Pack is the
// default pack and a zero g.Policy the default policy. It returns the gallery
// as stored, or store.ErrExists, ErrInvalid or embed.ErrPack.
func (s *Service) CreateGallery(ctx context.Context, tenant string, g store.Gallery) (store.Gallery, error) {
	if err := validateName("name", g.Name); err != nil {
		return store.Gallery{}, err
	}
	if g.Pack == "" {
		g.Pack = s.cfg.DefaultPack
	}
	if g.Policy == (store.Policy{}) {
		g.Policy = s.cfg.DefaultPolicy
	}
	if _, err := s.embedder.Calibration(g.Pack); err != nil {
		return store.Gallery{}, fmt.Errorf("pin pack: %w", about("pack", err))
	}
	if err := s.validatePolicy(g.Pack, g.Policy); err != nil {
		return store.Gallery{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return store.Gallery{}, fmt.Errorf("make gallery id: %w", err)
	}
	g.ID, g.Tenant, g.CreatedAt = id.String(), tenant, s.now()
	if err := s.store.CreateGallery(ctx, g); err != nil {
		return store.Gallery{}, fmt.Errorf("create gallery: %w", galleryError(g.Name, err))
	}
	return g, nil
}

// Gallery is the tenant's gallery of that name; store.ErrDamaged when its
// policy cannot be read.
func (s *Service) Gallery(ctx context.Context, tenant, name string) (store.Gallery, error) {
	g, err := s.store.Gallery(ctx, tenant, name)
	if err != nil {
		return store.Gallery{}, fmt.Errorf("read gallery: %w", galleryError(name, err))
	}
	if err := intact(g); err != nil {
		return store.Gallery{}, err
	}
	return g, nil
}

// intact is store.ErrDamaged for a gallery that is not.
func intact(g store.Gallery) error {
	if g.Damage != "" {
		return fmt.Errorf("read gallery %s: %w: %s", g.ID, store.ErrDamaged, g.Damage)
	}
	return nil
}

// Galleries lists the tenant's galleries by name. One whose policy cannot be
// read has the default policy there, and says that it is damaged.
func (s *Service) Galleries(ctx context.Context, tenant string, p store.Page) ([]store.Gallery, error) {
	gs, err := s.store.Galleries(ctx, tenant, p)
	if err != nil {
		return nil, fmt.Errorf("list galleries: %w", err)
	}
	for i, g := range gs {
		if g.Damage != "" {
			gs[i].Policy = s.cfg.DefaultPolicy
		}
	}
	return gs, nil
}

// UpdatePolicy replaces a gallery's policy by what change makes of the gallery
// as it is, and returns it; the next answer follows it. Nothing comes between,
// so that a change of a part loses no other's. An error of change's leaves all
// as it was.
func (s *Service) UpdatePolicy(ctx context.Context, tenant, name string, change func(store.Gallery) (store.Policy, error)) (store.Gallery, error) {
	g, err := s.store.UpdatePolicy(ctx, tenant, name, func(g store.Gallery) (store.Policy, error) {
		if err := intact(g); err != nil {
			return store.Policy{}, err
		}
		p, err := change(g)
		if err == nil {
			err = s.validatePolicy(g.Pack, p)
		}
		return p, err
	})
	if err != nil {
		return store.Gallery{}, fmt.Errorf("update policy: %w", galleryError(name, err))
	}
	return g, nil
}

// DeleteGallery removes a gallery with everything in it, and returns the
// position in the change log at which it did.
func (s *Service) DeleteGallery(ctx context.Context, tenant, name string) (uint64, error) {
	position, err := s.store.DeleteGallery(ctx, tenant, name)
	if err != nil {
		return 0, fmt.Errorf("delete gallery: %w", galleryError(name, err))
	}
	s.committed()
	return position, nil
}
