package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

func testSubjects(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 2)
	enrol(t, s, g, "q", 1)
	before := position(t, s)

	after, err := describe(ctx, s, g.ID, "p", map[string]string{"team": "blue"})
	require.NoError(t, err)
	require.Equal(t, position(t, s), after)
	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"team": "blue"}, sub.Metadata)
	require.Equal(t, epoch, sub.CreatedAt)
	require.WithinDuration(t, time.Now(), sub.UpdatedAt, time.Minute)
	changes, _, err := s.Changes(ctx, before, 10)
	require.NoError(t, err)
	require.Equal(t, []changelog.Change{{
		Seq: after, Kind: changelog.PutMetadata, Tenant: g.Tenant, Gallery: g.ID, Subject: "p", Metadata: map[string]string{"team": "blue"},
	}}, changes, "one change, however many faces there are")

	_, err = describe(ctx, s, g.ID, "p", nil)
	require.NoError(t, err)
	sub, err = s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Empty(t, sub.Metadata)

	unchanged(t, s, func() {
		_, err = describe(ctx, s, g.ID, "none", nil)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = s.DeleteSubject(ctx, g.ID, "none")
		require.ErrorIs(t, err, store.ErrNotFound)
	})

	before = position(t, s)
	after, err = s.DeleteSubject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, position(t, s), after)
	changes, _, err = s.Changes(ctx, before, 10)
	require.NoError(t, err)
	gone := make([]string, len(changes))
	for i, c := range changes {
		require.Equal(t, changelog.DeleteFace, c.Kind)
		require.Equal(t, g.ID, c.Gallery)
		require.Equal(t, g.Tenant, c.Tenant)
		gone[i] = string(c.Face)
	}
	require.ElementsMatch(t, []string{string(faces[0].ID), string(faces[1].ID)}, gone)
	_, err = s.Subject(ctx, g.ID, "p")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Subject(ctx, g.ID, "q")
	require.NoError(t, err)

	bare, err := s.Enrol(ctx, subject(g.ID, "bare"), nil, nil, true)
	require.NoError(t, err, "a subject may wait for its faces")
	require.Equal(t, position(t, s), bare)
	sub, err = s.Subject(ctx, g.ID, "bare")
	require.NoError(t, err)
	require.Zero(t, sub.Faces)
	empty, err := s.Faces(ctx, g.ID, "bare")
	require.NoError(t, err)
	require.Empty(t, empty)
	RequireReplay(t, s)
}

// testMetadataChanges counts in a subject's metadata, from many goroutines
// through two handles: no count is lost, and every change moves the time of the
// subject's update.
func testMetadataChanges(t *testing.T, open Open) {
	handles := []Store{opened(t, open), opened(t, open)}
	s, ctx := handles[0], t.Context()
	g := newGallery(t, s)
	faces := newFaces(1)
	_, err := s.Enrol(ctx, subject(g.ID, "p", "n", "0"), faces, []store.Photo{{MediaType: "image/png", Bytes: []byte("x")}}, true)
	require.NoError(t, err)
	count := func(sub store.Subject) (map[string]string, error) {
		n, err := strconv.Atoi(sub.Metadata["n"])
		return map[string]string{"n": strconv.Itoa(n + 1)}, err
	}
	var mu sync.Mutex
	updates, answers := make(map[time.Time]bool), make(map[string]bool)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range rounds {
				sub, _, err := handles[w%len(handles)].UpdateMetadata(context.Background(), g.ID, "p", count)
				if err != nil {
					errs[w] = err
					return
				}
				mu.Lock()
				updates[sub.UpdatedAt], answers[sub.Metadata["n"]] = true, true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(workers*rounds), sub.Metadata["n"])
	require.Len(t, answers, workers*rounds, "each is answered what it made")
	require.Len(t, updates, workers*rounds)

	later := func(what string, err error) {
		t.Helper()
		require.NoError(t, err)
		before := sub
		sub, err = s.Subject(ctx, g.ID, "p")
		require.NoError(t, err)
		require.Greater(t, sub.UpdatedAt, before.UpdatedAt, what)
	}
	_, err = s.Enrol(ctx, subject(g.ID, "p"), newFaces(1), nil, false)
	later("another face, by a clock that is behind", err)
	later("photos", s.DeletePhotos(ctx, g.ID, "p"))

	refused := errors.New("refused")
	unchanged(t, s, func() {
		_, _, err = s.UpdateMetadata(ctx, g.ID, "p", func(store.Subject) (map[string]string, error) { return nil, refused })
		require.ErrorIs(t, err, refused)
		_, err = describe(ctx, s, g.ID, "p", map[string]string{"k": "\xff"})
		require.ErrorIs(t, err, store.ErrInvalid)
	})
	got, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, sub, got)
	RequireReplay(t, s)
}

func testSubjectsOf(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g, h := newGallery(t, s), newGallery(t, s)
	p, q, theirs := enrol(t, s, g, "p", 2), enrol(t, s, g, "q", 1), enrol(t, s, h, "p", 1)
	_, err := describe(ctx, s, g.ID, "q", map[string]string{"team": "blue"})
	require.NoError(t, err)
	named := func(faces ...store.FaceID) map[store.FaceID]store.Subject {
		t.Helper()
		subs, err := s.SubjectsOf(ctx, g.ID, faces)
		require.NoError(t, err)
		return subs
	}
	want := make(map[store.FaceID]store.Subject)
	for face, id := range map[store.FaceID]store.SubjectID{p[0].ID: "p", p[1].ID: "p", q[0].ID: "q"} {
		want[face], err = s.Subject(ctx, g.ID, id)
		require.NoError(t, err)
	}
	require.Equal(t, want, named(p[0].ID, q[0].ID, p[1].ID, q[0].ID, theirs[0].ID, store.FaceID(uuid.NewString()), "", "' OR 1", "\x00", "\xff"))
	require.Empty(t, named())

	_, err = s.DeleteFace(ctx, g.ID, "p", p[0].ID)
	require.NoError(t, err)
	_, err = s.DeleteSubject(ctx, g.ID, "q")
	require.NoError(t, err)
	left := named(p[0].ID, q[0].ID, p[1].ID)
	require.Len(t, left, 1)
	require.Equal(t, 1, left[p[1].ID].Faces)

	_, err = s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Empty(t, named(p[1].ID))
}

func testFaces(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 3)
	theirs := enrol(t, s, g, "q", 1)

	unchanged(t, s, func() {
		for name, id := range map[string]string{"unknown": uuid.NewString(), "another subject's": string(theirs[0].ID), "empty": ""} {
			_, err := s.DeleteFace(ctx, g.ID, "p", store.FaceID(id))
			require.ErrorIs(t, err, store.ErrNotFound, name)
		}
	})
	_, err := s.Faces(ctx, g.ID, "none")
	require.ErrorIs(t, err, store.ErrNotFound)

	after, err := s.DeleteFace(ctx, g.ID, "p", faces[1].ID)
	require.NoError(t, err)
	changes, next, err := s.Changes(ctx, after-1, 10)
	require.NoError(t, err)
	require.Equal(t, after, next)
	require.Equal(t, []changelog.Change{{
		Seq: after, Kind: changelog.DeleteFace, Tenant: g.Tenant, Gallery: g.ID, Face: faces[1].ID,
	}}, changes)
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, []store.Face{faces[0], faces[2]}, got)

	for _, f := range got {
		_, err = s.DeleteFace(ctx, g.ID, "p", f.ID)
		require.NoError(t, err)
	}
	sub, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err, "a subject outlives its faces")
	require.Zero(t, sub.Faces)
	_, err = s.Enrol(ctx, subject(g.ID, "q"), faces[:1], nil, false)
	require.NoError(t, err, "a deleted face's id is free")
	RequireReplay(t, s)
}

func testPhotos(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g, h := newGallery(t, s), newGallery(t, s)
	faces := newFaces(2)
	big := make([]byte, 1<<20)
	for i := range big {
		big[i] = byte(i * 7)
	}
	photos := []store.Photo{{MediaType: "image/png", Bytes: []byte("one")}, {MediaType: "image/webp", Bytes: big}}
	_, err := s.Enrol(ctx, subject(g.ID, "p"), faces, photos, true)
	require.NoError(t, err)
	other := newFaces(1)
	_, err = s.Enrol(ctx, subject(g.ID, "q"), other, photos[:1], true)
	require.NoError(t, err)

	got, err := s.Photo(ctx, g.ID, faces[1].ID)
	require.NoError(t, err)
	require.Equal(t, photos[1], got)
	_, err = s.Photo(ctx, h.ID, faces[1].ID)
	require.ErrorIs(t, err, store.ErrNotFound, "another gallery's")

	unchanged(t, s, func() {
		require.ErrorIs(t, s.DeletePhotos(ctx, g.ID, "none"), store.ErrNotFound)
		require.ErrorIs(t, s.DeletePhotos(ctx, h.ID, "p"), store.ErrNotFound)
		require.NoError(t, s.DeletePhotos(ctx, g.ID, "p"))
		require.ErrorIs(t, s.DeletePhotos(ctx, g.ID, "p"), store.ErrNotFound, "none is left")
	})
	for _, f := range faces {
		_, err = s.Photo(ctx, g.ID, f.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	read, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, stored(faces, g.ID, "p"), read)
	_, err = s.Photo(ctx, g.ID, other[0].ID)
	require.NoError(t, err, "another subject's")
	_, err = s.DeleteFace(ctx, g.ID, "q", other[0].ID)
	require.NoError(t, err)
	_, err = s.Photo(ctx, g.ID, other[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound, "a photo goes with its face")
}

func testRetention(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	id := tenant(t, s)
	retained := func(name string, d time.Duration) store.Gallery {
		g := gallery(t, s, id, name)
		require.NoError(t, update(ctx, s, id, name, store.Policy{FPIR: 0.1, Retention: d}))
		return g
	}
	hour, day, forever := retained("hour", time.Hour), retained("day", 24*time.Hour), retained("forever", 0)
	const many = 600
	faces := newFaces(many)
	for i := range faces {
		faces[i].CreatedAt = epoch
	}
	_, err := s.Enrol(ctx, subject(hour.ID, "p"), faces, nil, true)
	require.NoError(t, err)
	fresh := newFaces(1)
	fresh[0].CreatedAt = epoch.Add(time.Minute)
	_, err = s.Enrol(ctx, subject(hour.ID, "p"), fresh, nil, false)
	require.NoError(t, err)
	enrol(t, s, day, "p", 1)
	enrol(t, s, forever, "p", 1)

	for name, at := range map[string]time.Time{"before": epoch.Add(-time.Hour), "to the moment": epoch.Add(time.Hour)} {
		unchanged(t, s, func() {
			n, err := s.DeleteExpired(ctx, at)
			require.NoError(t, err)
			require.Zero(t, n, name)
		})
	}
	unchanged(t, s, func() {
		expired, err := s.Expired(ctx, epoch.Add(time.Hour))
		require.NoError(t, err)
		require.Empty(t, expired)
		expired, err = s.Expired(ctx, epoch.Add(time.Hour+time.Microsecond))
		require.NoError(t, err)
		require.Equal(t, []store.Expired{{Tenant: hour.Tenant, Gallery: "hour", Faces: many, Oldest: epoch}}, expired)
	})
	n, err := s.DeleteExpired(ctx, epoch.Add(time.Hour+time.Microsecond))
	require.NoError(t, err)
	require.Equal(t, many, n)
	left, err := s.Faces(ctx, hour.ID, "p")
	require.NoError(t, err)
	require.Equal(t, stored(fresh, hour.ID, "p"), left)
	RequireReplay(t, s)

	n, err = s.DeleteExpired(ctx, epoch.AddDate(100, 0, 0))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Len(t, live(t, s), 1)
	RequireReplay(t, s)
}
