package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/store"
)

// anybody and nobody are what newcomers look like.
func anybody(face.Template) bool { return true }
func nobody(face.Template) bool  { return false }

func testEnrolAsOf(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g, h := newGallery(t, s), newGallery(t, s)
	enrol(t, s, g, "p", 1)
	seen := position(t, s)
	enrol(t, s, h, "p", 1) // another gallery's
	_, err := s.Enrol(ctx, subject(g.ID, "bare"), nil, nil, true)
	require.NoError(t, err, "nobody looks like a subject without faces")
	other := newFaces(1)
	other[0].Pack = "pack-b"
	_, err = s.Enrol(ctx, subject(g.ID, "of another pack"), other, nil, true)
	require.NoError(t, err)

	faces := newFaces(2)
	photos := []store.Photo{{MediaType: "image/png", Bytes: []byte("x")}, {}}
	sub := subject(g.ID, "q", "team", "red")
	after, err := s.EnrolAsOf(ctx, seen, anybody, sub, faces, photos)
	require.NoError(t, err)
	require.Equal(t, position(t, s), after)
	got, err := s.Subject(ctx, g.ID, "q")
	require.NoError(t, err)
	sub.Faces, sub.Photos = 2, 1
	require.Equal(t, sub, got)
	photo, err := s.Photo(ctx, g.ID, faces[0].ID)
	require.NoError(t, err)
	require.Equal(t, photos[0], photo)

	unchanged(t, s, func() {
		for name, old := range map[string]uint64{"before": seen, "in between": after - 1, "the beginning": 0} {
			_, err = s.EnrolAsOf(ctx, old, anybody, subject(g.ID, "r"), newFaces(1), nil)
			require.ErrorIs(t, err, store.ErrConflict, name)
		}
		_, err = s.EnrolAsOf(ctx, after, anybody, subject(g.ID, "q"), newFaces(1), nil)
		require.ErrorIs(t, err, store.ErrExists)
		_, err = s.EnrolAsOf(ctx, after, anybody, subject("none", "r"), newFaces(1), nil)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = s.EnrolAsOf(ctx, after, anybody, subject(g.ID, "r"), []store.Face{NewFace("no UUID")}, nil)
		require.ErrorIs(t, err, store.ErrInvalid)
	})
	_, err = s.Subject(ctx, g.ID, "r")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.EnrolAsOf(ctx, after, anybody, subject(g.ID, "r"), newFaces(1), nil)
	require.NoError(t, err)
	for i, ahead := range []uint64{1 << 40, math.MaxUint64} {
		_, err = s.EnrolAsOf(ctx, ahead, anybody, subject(g.ID, store.SubjectID(fmt.Sprint("ahead", i))), newFaces(1), nil)
		require.NoError(t, err)
	}
	RequireReplay(t, s)
}

// testNewcomers checks which templates are asked about, and that a conflict
// comes of them alone.
func testNewcomers(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	enrol(t, s, g, "before", 2)
	seen := position(t, s)
	came, gone := enrol(t, s, g, "came", 3), enrol(t, s, g, "gone", 1)
	_, err := s.DeleteSubject(ctx, g.ID, "gone")
	require.NoError(t, err)

	var asked []face.Template
	_, err = s.EnrolAsOf(ctx, seen, func(f face.Template) bool {
		asked = append(asked, f)
		return false
	}, subject(g.ID, "another"), newFaces(1), nil)
	require.NoError(t, err, "others that come do not matter")
	require.ElementsMatch(t, []face.Template{came[0].Template, came[1].Template, came[2].Template}, asked)

	like := func(one face.Template) func(face.Template) bool {
		return func(f face.Template) bool {
			c, err := one.Cosine(f)
			require.NoError(t, err)
			return c > 0.999
		}
	}
	unchanged(t, s, func() {
		_, err = s.EnrolAsOf(ctx, seen, like(came[2].Template), subject(g.ID, "same"), newFaces(1), nil)
		require.ErrorIs(t, err, store.ErrConflict)
	})
	_, err = s.EnrolAsOf(ctx, seen, like(gone[0].Template), subject(g.ID, "again"), newFaces(1), nil)
	require.NoError(t, err, "who has gone since is nobody")

	seen = position(t, s)
	for range store.MaxNewcomers / 1024 {
		enrol(t, s, g, store.SubjectID(uuid.NewString()), 1024)
	}
	_, err = s.EnrolAsOf(ctx, seen, nobody, subject(g.ID, "most"), newFaces(1), nil)
	require.NoError(t, err)
	_, err = s.EnrolAsOf(ctx, seen, nobody, subject(g.ID, "too many"), newFaces(1), nil)
	require.ErrorIs(t, err, store.ErrConflict)
	RequireReplay(t, s)
}

// testInsertBesideOthers is about people who are inserted while others are
// enrolled all the time: none of them has to look twice.
func testInsertBesideOthers(t *testing.T, open Open) {
	handles := []Store{opened(t, open), opened(t, open)}
	g := newGallery(t, handles[0])
	var stop atomic.Bool
	var others sync.WaitGroup
	for w := range workers {
		others.Go(func() {
			// A pause, since SQLite lets processes in by chance.
			for ; !stop.Load(); time.Sleep(10 * time.Millisecond) {
				_, err := handles[w%len(handles)].Enrol(context.Background(), subject(g.ID, store.SubjectID(uuid.NewString())), newFaces(1), nil, true)
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer others.Wait()
	defer stop.Store(true)
	for i := range rounds / 2 {
		s := handles[i%len(handles)]
		seen := position(t, s)
		for position(t, s) <= seen+workers {
			time.Sleep(time.Millisecond)
		}
		_, err := s.EnrolAsOf(t.Context(), seen, nobody, subject(g.ID, store.SubjectID(fmt.Sprint("inserted", i))), newFaces(1), nil)
		require.NoError(t, err)
	}
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
		if _, err = s.EnrolAsOf(t.Context(), seen, anybody, subject(g.ID, store.SubjectID(id)), newFaces(1), nil); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}
