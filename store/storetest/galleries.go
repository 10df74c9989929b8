package storetest

import (
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
		ID: uuid.NewString(), Tenant: id, Name: "staff", Pack: "p", CreatedAt: epoch,
		Policy: store.Policy{
			FPIR: 1e-3, Quality: store.GateEnforce, Liveness: store.GateReport, KeepPhotos: true, Retention: 90 * 24 * time.Hour,
		},
	}
	unchanged(t, s, func() { require.NoError(t, s.CreateGallery(ctx, g)) })

	got, err := s.Gallery(ctx, id, "staff")
	require.NoError(t, err)
	require.Equal(t, g, got)

	taken := map[string]store.Gallery{
		"name": {ID: uuid.NewString(), Tenant: id, Name: "staff", Pack: "p"},
		"id":   {ID: g.ID, Tenant: other, Name: "new", Pack: "p"},
	}
	for what, g := range taken {
		require.ErrorIs(t, s.CreateGallery(ctx, g), store.ErrExists, what)
	}
	require.ErrorIs(t, s.CreateGallery(ctx, store.Gallery{ID: uuid.NewString(), Tenant: uuid.NewString(), Name: "x", Pack: "p"}),
		store.ErrNotFound, "unknown tenant")
	gallery(t, s, other, "staff")

	for name, tn := range map[string]string{"Staff": id, "staff ": id, "new": other} {
		_, err = s.Gallery(ctx, tn, name)
		require.ErrorIs(t, err, store.ErrNotFound, name)
	}

	p := store.Policy{FPIR: 0.5, Quality: store.GateOff, Liveness: store.GateOff}
	require.ErrorIs(t, s.UpdatePolicy(ctx, id, "none", p), store.ErrNotFound)
	require.ErrorIs(t, s.UpdatePolicy(ctx, uuid.NewString(), "staff", p), store.ErrNotFound)
	require.NoError(t, s.UpdatePolicy(ctx, id, "staff", p))
	got, err = s.Gallery(ctx, id, "staff")
	require.NoError(t, err)
	require.Equal(t, p, got.Policy)
	theirs, err := s.Gallery(ctx, other, "staff")
	require.NoError(t, err)
	require.NotEqual(t, p, theirs.Policy)
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
