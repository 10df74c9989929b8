package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

func testEnrolAsOf(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g, h := newGallery(t, s), newGallery(t, s)
	enrol(t, s, g, "p", 1)
	seen := position(t, s)
	enrol(t, s, h, "p", 1) // another gallery's
	_, err := s.Enrol(ctx, subject(g.ID, "bare"), nil, nil, true)
	require.NoError(t, err, "nobody looks like a subject without faces")

	faces := newFaces(2)
	photos := []store.Photo{{MediaType: "image/png", Bytes: []byte("x")}, {}}
	sub := subject(g.ID, "q", "team", "red")
	after, err := s.EnrolAsOf(ctx, seen, sub, faces, photos)
	require.NoError(t, err)
	require.Equal(t, position(t, s), after)
	got, err := s.Subject(ctx, g.ID, "q")
	require.NoError(t, err)
	sub.Faces = 2
	require.Equal(t, sub, got)
	photo, err := s.Photo(ctx, g.ID, faces[0].ID)
	require.NoError(t, err)
	require.Equal(t, photos[0], photo)

	unchanged(t, s, func() {
		for name, old := range map[string]uint64{"before": seen, "in between": after - 1, "the beginning": 0} {
			_, err = s.EnrolAsOf(ctx, old, subject(g.ID, "r"), newFaces(1), nil)
			require.ErrorIs(t, err, store.ErrConflict, name)
		}
		_, err = s.EnrolAsOf(ctx, after, subject(g.ID, "q"), newFaces(1), nil)
		require.ErrorIs(t, err, store.ErrExists)
		_, err = s.EnrolAsOf(ctx, after, subject("none", "r"), newFaces(1), nil)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = s.EnrolAsOf(ctx, after, subject(g.ID, "r"), []store.Face{NewFace("no UUID")}, nil)
		require.ErrorIs(t, err, store.ErrInvalid)
	})
	_, err = s.Subject(ctx, g.ID, "r")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.EnrolAsOf(ctx, after, subject(g.ID, "r"), newFaces(1), nil)
	require.NoError(t, err)
	_, err = s.EnrolAsOf(ctx, 1<<40, subject(g.ID, "ahead"), newFaces(1), nil)
	require.NoError(t, err)
	RequireReplay(t, s)
}

// testInsertOnce is about a person whom several processes see at once: each
// looks, and inserts the person when nobody is there.
func testInsertOnce(t *testing.T, open Open) {
	handles := []Store{opened(t, open), opened(t, open)}
	id := tenant(t, handles[0])
	for round := range rounds / 2 {
		g := gallery(t, handles[0], id, fmt.Sprintf("g%d", round))
		errs := make([]error, workers)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() { errs[w] = insertIfNobody(t, handles[w%len(handles)], g, fmt.Sprintf("by %d", w)) })
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		subs, err := handles[0].Subjects(t.Context(), g.ID, store.Page{Limit: workers})
		require.NoError(t, err)
		require.Len(t, subs, 1)
	}
	RequireReplay(t, handles[1])
}

// insertIfNobody enrols the subject unless the gallery has one.
func insertIfNobody(t *testing.T, s Store, g store.Gallery, id string) error {
	t.Helper()
	for {
		seen, err := s.Position(t.Context())
		if err != nil {
			return err
		}
		subs, err := s.Subjects(t.Context(), g.ID, store.Page{Limit: 1})
		if err != nil || len(subs) > 0 {
			return err
		}
		if _, err = s.EnrolAsOf(t.Context(), seen, subject(g.ID, id), newFaces(1), nil); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}
