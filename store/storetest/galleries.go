package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

func testGalleries(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	id, other := tenant(t, s), tenant(t, s)
	g := store.Gallery{
		ID: store.GalleryID(uuid.NewString()), Tenant: id, Name: "staff", Pack: "p", CreatedAt: epoch,
		Policy: store.Policy{
			FPIR: 1e-3, Quality: store.GateEnforce, Liveness: store.GateReport, Detail: store.DetailFull, KeepPhotos: true, Retention: 90 * 24 * time.Hour,
		},
	}
	unchanged(t, s, func() { require.NoError(t, s.CreateGallery(ctx, g)) })

	got, err := s.Gallery(ctx, id, "staff")
	require.NoError(t, err)
	require.Equal(t, g, got)

	taken := map[string]store.Gallery{
		"name": {ID: store.GalleryID(uuid.NewString()), Tenant: id, Name: "staff", Pack: "p"},
		"id":   {ID: g.ID, Tenant: other, Name: "new", Pack: "p"},
	}
	for what, g := range taken {
		require.ErrorIs(t, s.CreateGallery(ctx, g), store.ErrExists, what)
	}
	require.ErrorIs(t, s.CreateGallery(ctx, store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: store.TenantID(uuid.NewString()), Name: "x", Pack: "p"}),
		store.ErrNotFound, "unknown tenant")
	gallery(t, s, other, "staff")

	for name, tn := range map[string]string{"Staff": string(id), "staff ": string(id), "new": string(other)} {
		_, err = s.Gallery(ctx, store.TenantID(tn), name)
		require.ErrorIs(t, err, store.ErrNotFound, name)
	}

	p := store.Policy{FPIR: 0.5, Quality: store.GateOff, Liveness: store.GateOff}
	require.ErrorIs(t, update(ctx, s, id, "none", p), store.ErrNotFound)
	require.ErrorIs(t, update(ctx, s, store.TenantID(uuid.NewString()), "staff", p), store.ErrNotFound)
	require.NoError(t, update(ctx, s, id, "staff", p))
	got, err = s.Gallery(ctx, id, "staff")
	require.NoError(t, err)
	require.Equal(t, p, got.Policy)
	theirs, err := s.Gallery(ctx, other, "staff")
	require.NoError(t, err)
	require.NotEqual(t, p, theirs.Policy)
}

// update makes p the gallery's policy, whatever it was.
func update(ctx context.Context, s Store, tenant store.TenantID, name string, p store.Policy) error {
	_, err := s.UpdatePolicy(ctx, tenant, name, func(store.Gallery) (store.Policy, error) { return p, nil })
	return err
}

func testPolicyChanges(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	refused := errors.New("refused")
	var seen store.Gallery
	for what, change := range map[string]func(store.Gallery) (store.Policy, error){
		"refused": func(have store.Gallery) (store.Policy, error) {
			seen = have
			return store.Policy{FPIR: 0.5}, refused
		},
		"invalid": func(store.Gallery) (store.Policy, error) { return store.Policy{Quality: "\xff"}, nil },
	} {
		_, err := s.UpdatePolicy(ctx, g.Tenant, g.Name, change)
		require.ErrorIs(t, err, map[string]error{"refused": refused, "invalid": store.ErrInvalid}[what])
	}
	require.Equal(t, g, seen, "it is told the gallery as it is")
	got, err := s.Gallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Equal(t, g, got)
	enrol(t, s, g, "p", 1) // a refusal ends with its own change

	_, err = s.UpdatePolicy(ctx, g.Tenant, g.Name, func(store.Gallery) (store.Policy, error) { panic("fault of a caller") })
	require.ErrorIs(t, err, store.ErrPanicked, "and the store goes on")
	require.ErrorContains(t, err, "galleries.go", "the stack")

	called := false
	_, err = s.UpdatePolicy(ctx, g.Tenant, "none", func(store.Gallery) (store.Policy, error) {
		called = true
		return store.Policy{}, nil
	})
	require.ErrorIs(t, err, store.ErrNotFound)
	require.False(t, called)

	want := g
	want.Policy.Retention = time.Hour
	got, err = s.UpdatePolicy(ctx, g.Tenant, g.Name, func(have store.Gallery) (store.Policy, error) {
		have.Policy.Retention = time.Hour
		return have.Policy, nil
	})
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = s.Gallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// testPolicyChangesAtOnce changes two parts of a policy at once, through two
// handles: neither change is lost.
func testPolicyChangesAtOnce(t *testing.T, open Open) {
	const pairs = 300
	one, two := opened(t, open), opened(t, open)
	g := newGallery(t, one)
	for i := range pairs {
		keep, fpir := i%2 == 0, 1/float64(i+2)
		errs := make([]error, 2)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, errs[0] = one.UpdatePolicy(context.Background(), g.Tenant, g.Name, func(have store.Gallery) (store.Policy, error) {
				have.Policy.KeepPhotos = keep
				return have.Policy, nil
			})
		})
		wg.Go(func() {
			_, errs[1] = two.UpdatePolicy(context.Background(), g.Tenant, g.Name, func(have store.Gallery) (store.Policy, error) {
				have.Policy.FPIR = fpir
				return have.Policy, nil
			})
		})
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		got, err := one.Gallery(t.Context(), g.Tenant, g.Name)
		require.NoError(t, err)
		require.Equal(t, keep, got.Policy.KeepPhotos, "pair %d", i)
		require.Equal(t, fpir, got.Policy.FPIR, "pair %d", i)
	}
}

func testDeletedGallery(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 3)
	before := position(t, s)

	_, err := s.DeleteGallery(ctx, g.Tenant, "none")
	require.ErrorIs(t, err, store.ErrNotFound)
	after, err := s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Equal(t, position(t, s), after)
	changes, next, err := s.Changes(ctx, before, 10)
	require.NoError(t, err)
	require.Equal(t, after, next)
	require.Equal(t, []changelog.Change{{Seq: after, Kind: changelog.DropGallery, Tenant: g.Tenant, Gallery: g.ID}}, changes)

	_, err = s.Gallery(ctx, g.Tenant, g.Name)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Faces(ctx, g.ID, "p")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Enrol(ctx, subject(g.ID, "p"), faces, nil, true)
	require.ErrorIs(t, err, store.ErrNotFound)

	again := gallery(t, s, g.Tenant, g.Name)
	subs, err := s.Subjects(ctx, again.ID, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subs, "a gallery made again under the name starts empty")
	RequireReplay(t, s)
}
