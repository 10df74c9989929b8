package identify_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/store"
)

// TestServiceLeavesDeeds: whose key made which request is kept with each act, and no
// value of what was kept of a person.
func TestServiceLeavesDeeds(t *testing.T) {
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	ctx := t.Context()
	require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: tenant}))
	actor := store.Actor{Tenant: tenant, Key: "k1", Request: "r-1"}
	_, err := s.CreateGallery(ctx, actor, store.Gallery{Name: gallery})
	require.NoError(t, err)
	_, err = s.CreateGallery(ctx, actor, store.Gallery{Name: gallery})
	require.ErrorIs(t, err, store.ErrExists)
	_, err = s.UpdatePolicy(ctx, actor, gallery, func(g store.Gallery) (store.Policy, error) { return g.Policy, nil })
	require.NoError(t, err)
	_, err = s.UpdatePolicy(ctx, actor, gallery, func(store.Gallery) (store.Policy, error) { return store.Policy{}, nil })
	require.Error(t, err)
	enrol(t, s, "p", photograph(t, shown{Person: "p"}))
	_, err = s.DeleteSubject(ctx, actor, gallery, "p")
	require.NoError(t, err)
	_, err = s.DeleteSubject(ctx, actor, gallery, "p")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.DeleteGallery(ctx, actor, gallery)
	require.NoError(t, err)

	deeds, _, err := audit.NewDeeds(db).List(ctx, audit.Query{Limit: 10})
	require.NoError(t, err)
	want := []audit.Deed{
		audit.By(actor, audit.GalleryDeleted, gallery), audit.By(actor, audit.SubjectDeleted, gallery+"/p"),
		audit.By(actor, audit.PolicyChanged, gallery), audit.By(actor, audit.GalleryCreated, gallery),
	}
	require.Len(t, deeds, len(want))
	for i, d := range deeds {
		want[i].At = d.At
		require.Equal(t, want[i], d)
	}
}
