package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

// moved is f in another space, with the template and the quality of another face.
func moved(f store.Face, space string) store.Face {
	other := NewFace(uuid.NewString())
	f.Pack, f.Template, f.Quality = space, other.Template, other.Quality
	return f
}

func testSpaces(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	space := func(s Store, pack string) store.Space {
		got, err := s.Space(ctx, pack)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, store.Space{Pack: Pack}, space(a, Pack))
	g := newGallery(t, a)
	enrolIn := func(name string) error {
		f := newFaces(1)
		f[0].Pack = name
		_, err := a.Enrol(ctx, subject(g.ID, store.SubjectID(uuid.NewString())), f, nil, true)
		return err
	}
	require.NoError(t, enrolIn(Pack), "while nobody has said")

	second := store.Space{Pack: Pack, Version: "2", Plain: "1", Moving: true}
	before := position(t, a)
	require.NoError(t, a.PutSpace(ctx, second))
	require.Equal(t, before, position(t, a))
	require.Equal(t, second, space(b, Pack), "every process sees it at once")
	require.ErrorIs(t, enrolIn(Pack), store.ErrSpace)
	require.ErrorIs(t, enrolIn(Pack+"@2"), store.ErrSpace, "as long as faces are moved")
	second.Moving, second.Since = false, before
	require.NoError(t, b.PutSpace(ctx, second))
	require.Equal(t, second, space(a, Pack))
	require.NoError(t, enrolIn(Pack+"@2"))
	require.ErrorIs(t, enrolIn(Pack), store.ErrSpace)
	require.ErrorIs(t, enrolIn(Pack+"@3"), store.ErrSpace)
	require.NoError(t, enrolIn("pack-b"), "of which nobody has said anything")
	_, err := a.EnrolAsOf(ctx, position(t, a), anybody, subject(g.ID, "x"), newFaces(1), nil)
	require.ErrorIs(t, err, store.ErrSpace)

	faces, err := b.Spaces(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]int{Pack: 1, Pack + "@2": 1, "pack-b": 1}, faces)
	require.Equal(t, store.Space{Pack: "pack-b"}, space(b, "pack-b"))
	for _, bad := range []store.Space{{}, {Pack: Pack}, {Pack: "a\x00", Version: "1", Plain: "1"}, {Pack: Pack, Version: "\xff"}} {
		require.ErrorIs(t, a.PutSpace(ctx, bad), store.ErrInvalid)
	}
}

func testReplacedFaces(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	const fresh = Pack + "@2"
	photo := []store.Photo{{MediaType: "image/png", Bytes: []byte("x")}}
	kept := newFaces(1)
	_, err := s.Enrol(ctx, subject(g.ID, "p", "team", "red"), kept, photo, true)
	require.NoError(t, err)
	old := append(stored(kept, g.ID, "p"), enrol(t, s, g, "q", 4)...)
	dropped := gallery(t, s, g.Tenant, "dropped")
	enrol(t, s, dropped, "p", 1)
	_, err = s.DeleteGallery(ctx, g.Tenant, dropped.Name)
	require.NoError(t, err)

	// Read by pages.
	var read []store.Face
	for after, pages := uint64(0), 0; ; pages++ {
		faces, next, err := s.FacesIn(ctx, Pack, after, 2)
		require.NoError(t, err)
		read = append(read, faces...)
		if next == after {
			require.Empty(t, faces)
			require.GreaterOrEqual(t, pages, 3)
			break
		}
		after = next
	}
	require.Equal(t, old, read)
	none, next, err := s.FacesIn(ctx, fresh, 7, 2)
	require.NoError(t, err)
	require.Empty(t, none)
	require.Equal(t, uint64(7), next)

	before := position(t, s)
	now := []store.Face{moved(old[0], fresh), moved(old[1], fresh), moved(old[2], fresh)}
	gone := moved(newFaces(1)[0], fresh)
	gone.Gallery, gone.Subject = g.ID, "p"
	elsewhere := moved(old[3], fresh)
	elsewhere.Subject = "p"
	n, at, err := s.ReplaceFaces(ctx, Pack, append(slices.Clone(now), gone, elsewhere))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, position(t, s), at)
	require.Equal(t, before+3, at)
	gallery, err := s.PositionOf(ctx, g.ID)
	require.NoError(t, err)
	require.Equal(t, at, gallery, "a search waits for it")
	changes, _, err := s.Changes(ctx, before, 10)
	require.NoError(t, err)
	require.Len(t, changes, 3)
	for i, c := range changes {
		require.Equal(t, changelog.PutFace, c.Kind)
		require.NoError(t, c.Damage)
		require.Equal(t, now[i].ID, c.Face)
		require.Equal(t, fresh, c.Pack)
		require.Equal(t, now[i].Template, c.Template)
	}
	require.Equal(t, map[string]string{"team": "red"}, changes[0].Metadata)
	RequireReplay(t, s)

	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.NotNil(t, got[0].PhotoSHA256, "the photo stays")
	got[0].PhotoSHA256 = nil
	require.Equal(t, now[:1], got)
	got, err = s.Faces(ctx, g.ID, "q")
	require.NoError(t, err)
	require.Equal(t, []store.Face{now[1], now[2], old[3], old[4]}, got)
	_, err = s.Photo(ctx, g.ID, old[0].ID)
	require.NoError(t, err)

	// Again, as after a kill.
	n, at, err = s.ReplaceFaces(ctx, Pack, now)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, position(t, s), at)
	require.Equal(t, before+3, at)

	// What cannot be kept changes nothing.
	short := moved(old[4], fresh)
	short.Template = short.Template[:3]
	nowhere := moved(old[4], "")
	for _, bad := range [][]store.Face{{moved(old[3], fresh), short}, {nowhere}, {moved(old[3], fresh), moved(old[4], "pack-c")}} {
		_, _, err = s.ReplaceFaces(ctx, Pack, bad)
		require.ErrorIs(t, err, store.ErrInvalid)
	}
	require.Equal(t, before+3, position(t, s))

	// The rows of the log that put them first go, once they are said again.
	removed, err := s.CompactLog(ctx)
	require.NoError(t, err)
	require.GreaterOrEqual(t, removed, 3)
	RequireReplay(t, s)
	for range 2 {
		n, _, err = s.ReplaceFaces(ctx, fresh, []store.Face{moved(now[0], fresh)})
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	_, err = s.CompactLog(ctx)
	require.NoError(t, err)
	changes, _, err = s.Changes(ctx, 0, 100)
	require.NoError(t, err)
	puts := 0
	for _, c := range changes {
		if c.Kind == changelog.PutFace {
			puts++
		}
	}
	require.Equal(t, 5, puts, "one of each face")
	RequireReplay(t, s)
	_, err = s.DeleteFace(ctx, g.ID, "p", now[0].ID)
	require.NoError(t, err)
	RequireReplay(t, s)
	n, _, err = s.ReplaceFaces(ctx, Pack, nil)
	require.NoError(t, err)
	require.Zero(t, n)
}

// testReplacedBesideOthers replaces faces while others are enrolled and deleted.
func testReplacedBesideOthers(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	g := newGallery(t, a)
	old := enrol(t, a, g, "p", 120)
	stop := following(t, a)
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, f := range old {
			if _, err := a.DeleteFace(context.Background(), g.ID, "p", f.ID); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		for range 30 {
			if _, err := b.Enrol(context.Background(), subject(g.ID, store.SubjectID(uuid.NewString())), newFaces(1), nil, true); err != nil {
				t.Error(err)
			}
		}
	})
	for page := range slices.Chunk(old, 10) {
		fresh := make([]store.Face, len(page))
		for i, f := range page {
			fresh[i] = moved(f, Pack+"@2")
		}
		_, _, err := b.ReplaceFaces(ctx, Pack, fresh)
		require.NoError(t, err)
	}
	wg.Wait()
	r := stop()
	r.catchUp(t, a, 100)
	require.Equal(t, live(t, a), r.rows)
	RequireReplay(t, b)
}
