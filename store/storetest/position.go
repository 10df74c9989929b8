package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

// testPositionOf changes a gallery in every way: its position is that of its
// last change, whatever becomes of others.
func testPositionOf(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	owner := tenant(t, s)
	g, other := gallery(t, s, owner, "g"), gallery(t, s, owner, "other")
	none, err := s.PositionOf(ctx, g.ID)
	require.NoError(t, err)
	require.Zero(t, none)
	_, err = s.PositionOf(ctx, "unknown")
	require.ErrorIs(t, err, store.ErrNotFound)

	faces := newFaces(4)
	end := position(t, s)
	for name, change := range []func() (uint64, error){
		func() (uint64, error) { return s.Enrol(ctx, subject(g.ID, "p", "team", "red"), faces[:3], nil, true) },
		func() (uint64, error) { return s.Enrol(ctx, subject(g.ID, "p"), faces[3:], nil, false) },
		func() (uint64, error) {
			_, after, err := s.UpdateMetadata(ctx, g.ID, "p", func(store.Subject) (map[string]string, error) {
				return map[string]string{"team": "blue"}, nil
			})
			return after, err
		},
		func() (uint64, error) { return s.DeleteFace(ctx, g.ID, "p", faces[1].ID) },
		func() (uint64, error) {
			_, err := s.UpdatePolicy(ctx, owner, "g", func(store.Gallery) (store.Policy, error) {
				return store.Policy{Retention: time.Second}, nil
			})
			require.NoError(t, err)
			deleted, err := s.DeleteExpired(ctx, faces[0].CreatedAt.Add(1500*time.Millisecond))
			require.Equal(t, 1, deleted)
			return position(t, s), err
		},
		func() (uint64, error) { return s.DeleteSubject(ctx, g.ID, "p") },
	} {
		after, err := change()
		require.NoError(t, err)
		require.Greater(t, after, end, name)
		at, err := s.PositionOf(ctx, g.ID)
		require.NoError(t, err)
		require.Equal(t, after, at, name)
		enrol(t, s, other, store.SubjectID(names(name + 1)[name]), 1)
		end = position(t, s)
		again, err := s.PositionOf(ctx, g.ID)
		require.NoError(t, err)
		require.Equal(t, after, again, "of others")
		last, err := s.PositionOf(ctx, other.ID)
		require.NoError(t, err)
		require.Equal(t, end, last)
	}
	_, err = s.Enrol(ctx, subject(g.ID, "p"), newFaces(1), nil, false)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.DeleteGallery(ctx, owner, "g")
	require.NoError(t, err)
	_, err = s.PositionOf(ctx, g.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
}
