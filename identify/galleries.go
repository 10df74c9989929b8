package identify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"oneton/audit"
	"oneton/store"
)

// DefaultPolicy is a new gallery's where its owner says nothing, for callers
// that change a part of it.
func (s *Service) DefaultPolicy() store.Policy { return s.cfg.DefaultPolicy }

// CreateGallery makes an empty gallery of g.Name. An empty g.Pack is the
// default pack and a zero g.Policy the default policy. It returns the gallery
// as stored, or store.ErrExists, ErrInvalid or photo.ErrPack.
func (s *Service) CreateGallery(ctx context.Context, by store.Actor, g store.Gallery) (store.Gallery, error) {
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
	g.ID, g.Tenant, g.CreatedAt = store.GalleryID(id.String()), by.Tenant, s.now()
	if err := s.store.CreateGallery(ctx, g, audit.By(by, audit.GalleryCreated, g.Name).Record); err != nil {
		return store.Gallery{}, fmt.Errorf("create gallery: %w", galleryError(g.Name, err))
	}
	return g, nil
}

// Gallery is the tenant's gallery of that name. While its policy is damaged it
// has the policy in force instead: of what can be read and the default, the
// stricter of each rule, keeping no photos and deleting no faces. It is
// ErrPolicyDamaged when no policy can be read, and store.ErrDamaged when more of
// the gallery is damaged.
func (s *Service) Gallery(ctx context.Context, by store.Actor, name string) (store.Gallery, error) {
	g, err := s.store.Gallery(ctx, by.Tenant, name)
	if err != nil {
		return store.Gallery{}, fmt.Errorf("read gallery: %w", galleryError(name, err))
	}
	if g.Policy, err = s.inForce(g); err != nil {
		return store.Gallery{}, fmt.Errorf("read gallery %s: %w", g.ID, err)
	}
	return g, nil
}

// inForce is the policy that the gallery's answers follow.
func (s *Service) inForce(g store.Gallery) (store.Policy, error) {
	switch g.Damage {
	case "":
		return g.Policy, nil
	case store.DamagedPolicy:
	default:
		return store.Policy{}, fmt.Errorf("%w: %s", store.ErrDamaged, g.Damage)
	}
	if err := s.validatePolicy(g.Pack, g.Policy); err != nil {
		return store.Policy{}, fmt.Errorf("%w: %v", ErrPolicyDamaged, err) //nolint:errorlint // no fault of the request's
	}
	p := cautious(g.Policy, s.cfg.DefaultPolicy)
	if err := s.validatePolicy(g.Pack, p); err != nil {
		return store.Policy{}, fmt.Errorf("%w: %v", ErrPolicyDamaged, err) //nolint:errorlint // no fault of the request's
	}
	return p, nil
}

// cautious is the stricter of each rule of two policies, without retention,
// since a deletion cannot be undone.
func cautious(a, b store.Policy) store.Policy {
	stricter := func(a, b string) string {
		modes := []string{store.GateOff, store.GateReport, store.GateEnforce}
		return modes[max(slices.Index(modes, a), slices.Index(modes, b))]
	}
	return store.Policy{
		FPIR: min(a.FPIR, b.FPIR), Quality: stricter(a.Quality, b.Quality), Liveness: stricter(a.Liveness, b.Liveness),
		Detail: a.Detail,
	}
}

// detailed is the gallery with the detail that a request asks for, if it does.
func (s *Service) detailed(ctx context.Context, by store.Actor, name, detail string) (store.Gallery, error) {
	if err := validateDetail("detail", detail); err != nil {
		return store.Gallery{}, err
	}
	g, err := s.Gallery(ctx, by, name)
	g.Policy.Detail = cmp.Or(detail, g.Policy.Detail)
	return g, err
}

// Galleries lists the tenant's galleries by name. One that is damaged says so, and
// has the policy in force there, or the default where there is none.
func (s *Service) Galleries(ctx context.Context, by store.Actor, p store.Page) ([]store.Gallery, error) {
	gs, err := s.store.Galleries(ctx, by.Tenant, p)
	if err != nil {
		return nil, fmt.Errorf("list galleries: %w", err)
	}
	for i, g := range gs {
		gs[i].Policy = s.shown(g)
	}
	return gs, nil
}

// shown is the policy in force, or the default where there is none.
func (s *Service) shown(g store.Gallery) store.Policy {
	if p, err := s.inForce(g); err == nil {
		return p
	}
	return s.cfg.DefaultPolicy
}

// UpdatePolicy replaces a gallery's policy by what change makes of the gallery
// as it is, and returns it; the next answer follows it. Nothing comes between,
// so that a change of a part loses no other's. An error of change's leaves all
// as it was. A damaged policy is mended by one that keeps nothing of it.
func (s *Service) UpdatePolicy(ctx context.Context, by store.Actor, name string, change func(store.Gallery) (store.Policy, error)) (store.Gallery, error) {
	var of store.Gallery
	g, err := s.store.UpdatePolicy(ctx, by.Tenant, name, func(g store.Gallery) (store.Policy, error) {
		if g.Damage == store.DamagedGallery {
			return store.Policy{}, fmt.Errorf("read gallery %s: %w: %s", g.ID, store.ErrDamaged, g.Damage)
		}
		g.Policy = s.shown(g)
		p, err := change(g)
		if err == nil {
			err = s.validatePolicy(g.Pack, p)
		}
		of = g
		of.Policy = p
		return p, err
	}, audit.By(by, audit.PolicyChanged, name).Record, func(tx store.Tx) error { return bounded(tx, of, s.now()) })
	if err != nil {
		return store.Gallery{}, fmt.Errorf("update policy: %w", galleryError(name, err))
	}
	return g, nil
}

// DeleteGallery removes a gallery with everything in it, and returns the
// position in the change log at which it did.
func (s *Service) DeleteGallery(ctx context.Context, by store.Actor, name string) (uint64, error) {
	var position uint64
	err := audit.Removing(audit.By(by, audit.GalleryDeleted, name), func(also ...func(store.Tx) error) (err error) {
		position, err = s.store.DeleteGallery(ctx, by.Tenant, name, also...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete gallery: %w", galleryError(name, err))
	}
	s.committed()
	return position, nil
}
