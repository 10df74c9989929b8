package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

func testReopening(t *testing.T, open Open) {
	ctx := t.Context()
	s := started(t, open)
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 2)
	enrol(t, s, g, "q", 1)
	_, err := s.DeleteSubject(ctx, g.ID, "q")
	require.NoError(t, err)
	at := position(t, s)
	require.NoError(t, s.Close())

	s = opened(t, open)
	require.Equal(t, at, position(t, s))
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, faces, got)
	_, err = s.Subject(ctx, g.ID, "q")
	require.ErrorIs(t, err, store.ErrNotFound)
	enrol(t, s, g, "r", 1)
	require.Greater(t, position(t, s), at)
	RequireReplay(t, s)
}

func testTwoHandles(t *testing.T, open Open) {
	a, b := opened(t, open), opened(t, open)
	checkConcurrentEnrolments(t, []Store{a, b})
	g := newGallery(t, a)
	faces := enrol(t, a, g, "p", 1)
	require.Equal(t, position(t, a), position(t, b), "one handle sees at once what another has acknowledged")
	got, err := b.Faces(t.Context(), g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, faces, got)
	RequireReplay(t, b)
}

func testClosed(t *testing.T, open Open) {
	s, ctx := started(t, open), context.Background()
	g := newGallery(t, s)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice")
	for name, call := range map[string]func() error{
		"read":  func() error { _, err := s.Gallery(ctx, g.Tenant, g.Name); return err },
		"list":  func() error { _, err := s.Tenants(ctx, store.Page{Limit: 1}); return err },
		"write": func() error { return s.CreateTenant(ctx, store.Tenant{ID: "t"}) },
		"enrol": func() error { _, err := s.Enrol(ctx, subject(g.ID, "p"), newFaces(1), nil, true); return err },
		"log":   func() error { _, _, err := s.Changes(ctx, 0, 1); return err },
	} {
		require.ErrorIs(t, call(), store.ErrClosed, name)
	}
}
