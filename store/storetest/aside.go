package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// testAside: a face that is set aside is in no view and is kept as it was; it comes
// back with what it then is.
func testAside(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 2)
	other := gallery(t, s, g.Tenant, "other")
	at := epoch.Add(time.Hour)
	deeds := 0
	also := func(store.Tx) error { deeds++; return nil }
	set := func(f store.Face, at time.Time) uint64 {
		changed, position, err := s.SetAside(ctx, g.ID, "p", f.ID, at, also)
		require.NoError(t, err)
		require.True(t, changed)
		RequireReplay(t, s)
		of, err := s.PositionOf(ctx, g.ID)
		require.NoError(t, err)
		require.Equal(t, position, of, "a search waits for it")
		return position
	}
	before, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	set(faces[0], at)
	after, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, 2, after.Faces, "nothing is deleted")
	require.True(t, after.UpdatedAt.After(before.UpdatedAt))
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	is := faces[0]
	is.AsideAt = at
	require.Equal(t, []store.Face{is, faces[1]}, got, "and else it is as it was")
	changes, _, err := s.Changes(ctx, 0, 100)
	require.NoError(t, err)
	require.Len(t, changes, 2)
	require.Equal(t, changelog.PutFace, changes[0].Kind)
	require.Equal(t, faces[1].ID, changes[0].Face)
	require.Equal(t, changelog.DeleteFace, changes[1].Kind)
	require.Equal(t, faces[0].ID, changes[1].Face)
	require.Equal(t, g.Tenant, changes[1].Tenant)

	// Again it changes nothing, nor does what fails, nor of what is not there.
	unchanged(t, s, func() {
		changed, _, err := s.SetAside(ctx, g.ID, "p", faces[0].ID, at.Add(time.Hour), also)
		require.NoError(t, err)
		require.False(t, changed)
		changed, _, err = s.SetAside(ctx, g.ID, "p", faces[1].ID, time.Time{}, also)
		require.NoError(t, err)
		require.False(t, changed)
		failed := errors.New("failed")
		_, _, err = s.SetAside(ctx, g.ID, "p", faces[1].ID, at, func(store.Tx) error { return failed })
		require.ErrorIs(t, err, failed)
		for _, of := range []struct {
			gallery store.GalleryID
			subject store.SubjectID
			face    store.FaceID
		}{{g.ID, "q", faces[1].ID}, {other.ID, "p", faces[1].ID}, {g.ID, "p", store.FaceID(uuid.NewString())}, {"none", "p", faces[1].ID}} {
			_, _, err = s.SetAside(ctx, of.gallery, of.subject, of.face, at, also)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
	})
	require.Equal(t, 1, deeds)
	RequireReplay(t, s)

	// What happens to it meanwhile: metadata, another version of the pack, the log.
	_, err = describe(ctx, s, g.ID, "p", map[string]string{"team": "red"})
	require.NoError(t, err)
	const fresh = Pack + "@2"
	now := []store.Face{moved(faces[0], fresh), moved(faces[1], fresh)}
	n, _, err := s.ReplaceFaces(ctx, Pack, now)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	RequireReplay(t, s)
	_, err = s.CompactLog(ctx)
	require.NoError(t, err)
	RequireReplay(t, s)
	back := set(faces[0], time.Time{})
	got, err = s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	require.Equal(t, now, got)
	changes, next, err := s.Changes(ctx, back-1, 100)
	require.NoError(t, err)
	require.Equal(t, back, next)
	require.Len(t, changes, 1)
	require.Equal(t, changelog.PutFace, changes[0].Kind)
	require.Equal(t, now[0].Template, changes[0].Template)
	require.Equal(t, map[string]string{"team": "red"}, changes[0].Metadata)
	_, err = s.CompactLog(ctx)
	require.NoError(t, err)
	RequireReplay(t, s)

	// One who comes back is a newcomer, and one who is aside is none.
	same := func(found face.Template) bool { c, err := found.Cosine(now[0].Template); return err == nil && c > 0.99 }
	insert := func(seen uint64) error {
		f := newFaces(1)
		f[0].Pack = fresh
		_, err := s.EnrolAsOf(ctx, seen, same, subject(g.ID, store.SubjectID(uuid.NewString())), f, nil)
		return err
	}
	require.ErrorIs(t, insert(back-1), store.ErrConflict)
	require.NoError(t, insert(back))
	set(faces[0], at)
	require.NoError(t, insert(back-1))

	// An archive's face may be aside from the beginning.
	kept := newFaces(1)
	kept[0].Pack, kept[0].AsideAt = fresh, at
	_, err = s.Enrol(ctx, subject(g.ID, "r"), kept, nil, true)
	require.NoError(t, err)
	got, err = s.Faces(ctx, g.ID, "r")
	require.NoError(t, err)
	require.Equal(t, stored(kept, g.ID, "r"), got)
	RequireReplay(t, s)

	// It is deleted as others are.
	_, err = s.DeleteFace(ctx, g.ID, "p", faces[0].ID)
	require.NoError(t, err)
	_, err = s.DeleteSubject(ctx, g.ID, "r")
	require.NoError(t, err)
	RequireReplay(t, s)
	damaged, err := s.Damaged(ctx)
	require.NoError(t, err)
	require.Empty(t, damaged)
}
