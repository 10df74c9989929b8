package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

func testTenants(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	a := store.Tenant{ID: "a", Name: "Acme", CreatedAt: epoch}
	b := store.Tenant{ID: "b", Name: "Acme", CreatedAt: epoch.Add(time.Hour)}
	require.NoError(t, s.CreateTenant(ctx, b))
	require.NoError(t, s.CreateTenant(ctx, a))
	require.ErrorIs(t, s.CreateTenant(ctx, store.Tenant{ID: "a", Name: "Other", CreatedAt: epoch}), store.ErrExists)

	got, err := s.Tenant(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, a, got)
	_, err = s.Tenant(ctx, "A")
	require.ErrorIs(t, err, store.ErrNotFound)

	all, err := s.Tenants(ctx, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []store.Tenant{a, b}, all)

	_, err = s.DeleteTenant(ctx, "c")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, s.CreateTenant(ctx, store.Tenant{ID: "now", Name: "n"}))
	got, err = s.Tenant(ctx, "now")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), got.CreatedAt, time.Minute, "a zero time stands for now")
}

func testDeletedTenant(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	id, other := tenant(t, s), newGallery(t, s)
	g, h := gallery(t, s, id, "g"), gallery(t, s, id, "h")
	faces := newFaces(1)
	_, err := s.Enrol(ctx, subject(g.ID, "p"), faces, []store.Photo{{MediaType: "image/png", Bytes: []byte("x")}}, true)
	require.NoError(t, err)
	enrol(t, s, h, "p", 2)
	kept := enrol(t, s, other, "p", 1)
	require.NoError(t, s.CreateKey(ctx, store.Key{ID: "k", Tenant: id, MAC: []byte{1}}))
	before := position(t, s)

	after, err := s.DeleteTenant(ctx, id)
	require.NoError(t, err)
	require.Equal(t, position(t, s), after)

	changes, _, err := s.Changes(ctx, before, 10)
	require.NoError(t, err)
	require.Len(t, changes, 2)
	for _, c := range changes {
		require.Equal(t, changelog.DropGallery, c.Kind)
		require.Equal(t, id, c.Tenant)
	}
	require.ElementsMatch(t, []string{string(g.ID), string(h.ID)}, []string{string(changes[0].Gallery), string(changes[1].Gallery)})

	_, err = s.Tenant(ctx, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Gallery(ctx, id, "g")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Subject(ctx, g.ID, "p")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Photo(ctx, g.ID, faces[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Key(ctx, "k")
	require.ErrorIs(t, err, store.ErrNotFound)
	got, err := s.Faces(ctx, other.ID, "p")
	require.NoError(t, err)
	require.Equal(t, kept, got)
	RequireReplay(t, s)
}

func testKeys(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	id, other := tenant(t, s), tenant(t, s)
	k := store.Key{
		ID: "k1", Tenant: id, Name: "till", MAC: []byte{0, 1, 255}, Scopes: []string{"search", "enrol"}, CreatedAt: epoch,
	}
	require.NoError(t, s.CreateKey(ctx, k))
	require.ErrorIs(t, s.CreateKey(ctx, store.Key{ID: "k1", Tenant: other, MAC: []byte{9}}), store.ErrExists)
	require.ErrorIs(t, s.CreateKey(ctx, store.Key{ID: "k2", Tenant: store.TenantID(uuid.NewString()), MAC: []byte{9}}), store.ErrNotFound)

	got, err := s.Key(ctx, "k1")
	require.NoError(t, err)
	require.Equal(t, k, got)
	_, err = s.Key(ctx, "k2")
	require.ErrorIs(t, err, store.ErrNotFound)

	require.ErrorIs(t, s.RevokeKey(ctx, other, "k1"), store.ErrNotFound, "another tenant's key")
	require.ErrorIs(t, s.RevokeKey(ctx, id, "k2"), store.ErrNotFound)
	got, err = s.Key(ctx, "k1")
	require.NoError(t, err)
	require.Zero(t, got.RevokedAt)

	require.NoError(t, s.RevokeKey(ctx, id, "k1"))
	got, err = s.Key(ctx, "k1")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), got.RevokedAt, time.Minute)
	require.NoError(t, s.RevokeKey(ctx, id, "k1"))
	again, err := s.Key(ctx, "k1")
	require.NoError(t, err)
	require.Equal(t, got, again, "a revoked key keeps its time")

	bare := store.Key{ID: "k0", Tenant: id, MAC: []byte{2}, CreatedAt: epoch}
	require.NoError(t, s.CreateKey(ctx, bare))
	all, err := s.Keys(ctx, id)
	require.NoError(t, err)
	require.Equal(t, []store.Key{bare, got}, all)
	none, err := s.Keys(ctx, other)
	require.NoError(t, err)
	require.Empty(t, none)
}

func testEndingKeys(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	id, other := tenant(t, a), tenant(t, a)
	now := time.Now().Truncate(time.Microsecond).UTC()
	for name, ends := range map[store.KeyID]time.Time{"ended": epoch, "ending": now.Add(time.Hour), "endless": {}} {
		k := store.Key{ID: name, Tenant: id, MAC: []byte{1}, Scopes: []string{"search"}, CreatedAt: epoch, EndsAt: ends}
		require.NoError(t, a.CreateKey(ctx, k))
		got, err := b.Key(ctx, name)
		require.NoError(t, err)
		require.Equal(t, k, got)
		require.Equal(t, name != "ended", got.Valid(now), name)
	}

	// Of many that replace one key, one does.
	errs := make(chan error)
	const many = 20
	for i := range many {
		go func() {
			s := []truth{a, b}[i%2]
			errs <- s.ReplaceKey(ctx, id, "ending", func(tx store.Tx) error {
				_, err := tx.Exec(`INSERT INTO keys (id, tenant, name, mac, scopes, created_at) VALUES ($1, $2, '', $3, '[]', $4)`, fmt.Sprint("new ", i), id, []byte{2}, epoch)
				return err
			})
		}()
	}
	replaced := 0
	for range many {
		if err := <-errs; err != nil {
			require.ErrorIs(t, err, store.ErrNotFound)
			continue
		}
		replaced++
	}
	require.Equal(t, 1, replaced)
	keys, err := a.Keys(ctx, id)
	require.NoError(t, err)
	require.Len(t, keys, 4)
	for _, refused := range []struct {
		tenant store.TenantID
		id     store.KeyID
	}{{id, "ended"}, {id, "ending"}, {other, "endless"}, {id, "nobody's"}} {
		err := a.ReplaceKey(ctx, refused.tenant, refused.id, func(store.Tx) error { panic("unreached") })
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	failed := errors.New("failed")
	require.ErrorIs(t, a.ReplaceKey(ctx, id, "endless", func(store.Tx) error { return failed }), failed)
	got, err := b.Key(ctx, "endless")
	require.NoError(t, err)
	require.True(t, got.Valid(now), "nothing is left of what fails")

	n, err := a.DeleteEnded(ctx, epoch)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = a.DeleteEnded(ctx, epoch.Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	keys, err = b.Keys(ctx, id)
	require.NoError(t, err)
	require.Len(t, keys, 3)
}
