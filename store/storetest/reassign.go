package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// keep lets To be what it is, and what is made be as From is.
func keep(from, to store.Subject) (store.Subject, error) {
	if to.ID == "" {
		to.Metadata, to.CreatedAt, to.UpdatedAt = from.Metadata, from.CreatedAt, from.CreatedAt
	}
	return to, nil
}

// reassigned makes a reassignment that must be possible.
func reassigned(t *testing.T, s Store, r store.Reassignment) store.Subject {
	t.Helper()
	sub, at, err := s.Reassign(t.Context(), r, keep)
	require.NoError(t, err)
	require.Equal(t, position(t, s), at)
	for _, g := range []store.GalleryID{r.From.Gallery, r.To.Gallery} {
		of, err := s.PositionOf(t.Context(), g)
		require.NoError(t, err)
		if sub.Faces > 0 {
			require.GreaterOrEqual(t, of, at-1, "a search of it waits")
		}
	}
	is, err := s.Subject(t.Context(), r.To.Gallery, r.To.Subject)
	require.NoError(t, err)
	require.Equal(t, is, sub)
	return sub
}

func person(g store.Gallery, id store.SubjectID) store.Person {
	return store.Person{Gallery: g.ID, Subject: id}
}

// pictured makes a subject of n faces with their photos.
func pictured(t *testing.T, s Store, g store.Gallery, id store.SubjectID, n int, metadata ...string) []store.Face {
	t.Helper()
	faces, photos := newFaces(n), make([]store.Photo, n)
	for i, f := range faces {
		photos[i] = store.Photo{MediaType: "image/png", Bytes: []byte(f.ID)}
	}
	_, err := s.Enrol(t.Context(), subject(g.ID, id, metadata...), faces, photos, true)
	require.NoError(t, err)
	got, err := s.Faces(t.Context(), g.ID, id)
	require.NoError(t, err)
	return got
}

// testReassign merges, splits and moves people, with metadata and photos.
func testReassign(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	h := gallery(t, s, g.Tenant, "former")
	p := pictured(t, s, g, "p", 2, "team", "red")
	q := pictured(t, s, g, "q", 1, "team", "blue")

	// Two become one, who keeps what is said of it.
	before := position(t, s)
	sub := reassigned(t, s, store.Reassignment{From: person(g, "q"), To: person(g, "p")})
	require.Equal(t, map[string]string{"team": "red"}, sub.Metadata)
	require.Equal(t, 3, sub.Faces)
	require.Equal(t, 3, sub.Photos)
	require.Equal(t, before+1, position(t, s))
	_, err := s.Subject(ctx, g.ID, "q")
	require.ErrorIs(t, err, store.ErrNotFound)
	changes, _, err := s.Changes(ctx, before, 10)
	require.NoError(t, err)
	require.Equal(t, []changelog.Change{{
		Seq: before + 1, Kind: changelog.PutFace, Tenant: g.Tenant, Gallery: g.ID, Pack: Pack, Subject: "p", Face: q[0].ID,
		Template: q[0].Template, Metadata: map[string]string{"team": "red"},
	}}, changes)
	got, err := s.Faces(ctx, g.ID, "p")
	require.NoError(t, err)
	q[0].Subject = "p"
	require.ElementsMatch(t, append([]store.Face{q[0]}, p...), got)
	photo, err := s.Photo(ctx, g.ID, q[0].ID)
	require.NoError(t, err)
	require.Equal(t, []byte(q[0].ID), photo.Bytes)
	RequireReplay(t, s)

	// Some become another, who is made, or is there.
	made := epoch.Add(time.Hour)
	sub, _, err = s.Reassign(ctx, store.Reassignment{From: person(g, "p"), To: person(g, "r"), Faces: []store.FaceID{q[0].ID}, Create: true},
		func(from, to store.Subject) (store.Subject, error) {
			require.Equal(t, 3, from.Faces)
			require.Zero(t, to)
			return store.Subject{Metadata: map[string]string{"team": "green"}, CreatedAt: made, UpdatedAt: made}, nil
		})
	require.NoError(t, err)
	require.Equal(t, store.Subject{
		Gallery: g.ID, ID: "r", Metadata: map[string]string{"team": "green"}, CreatedAt: made, UpdatedAt: made, Faces: 1, Photos: 1,
	}, sub)
	sub, _, err = s.Reassign(ctx, store.Reassignment{From: person(g, "p"), To: person(g, "r"), Faces: []store.FaceID{p[0].ID, p[1].ID}},
		func(_, to store.Subject) (store.Subject, error) {
			to.Metadata = map[string]string{"team": "grey"}
			return to, nil
		})
	require.NoError(t, err)
	require.Equal(t, 3, sub.Faces)
	require.Equal(t, map[string]string{"team": "grey"}, sub.Metadata)
	bare, err := s.Subject(ctx, g.ID, "p")
	require.NoError(t, err, "whose faces all went by name stays")
	require.Zero(t, bare.Faces)
	RequireReplay(t, s)

	// One goes to another gallery, with faces of ids of their own, and back.
	was, err := s.Faces(ctx, g.ID, "r")
	require.NoError(t, err)
	_, _, err = s.SetAside(ctx, g.ID, "r", was[1].ID, epoch)
	require.NoError(t, err)
	from, err := s.Subject(ctx, g.ID, "r")
	require.NoError(t, err)
	was[1].AsideAt = epoch
	sub = reassigned(t, s, store.Reassignment{From: person(g, "r"), To: person(h, "x"), Create: true})
	require.Equal(t, from.Metadata, sub.Metadata)
	require.Equal(t, from.CreatedAt, sub.CreatedAt)
	require.Equal(t, 3, sub.Photos)
	requireMoved(t, s, was, h, "x")
	_, err = s.Subject(ctx, g.ID, "r")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Photo(ctx, g.ID, was[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	RequireReplay(t, s)
	_, err = s.Enrol(ctx, subject(g.ID, "again"), was[:1], nil, true)
	require.NoError(t, err, "the id that a face had is free")
	reassigned(t, s, store.Reassignment{From: person(h, "x"), To: person(g, "r"), Create: true, DropPhotos: true})
	back, err := s.Faces(ctx, g.ID, "r")
	require.NoError(t, err)
	require.Len(t, back, 3)
	for _, f := range back {
		require.Nil(t, f.PhotoSHA256, "photos are dropped where that is asked")
		_, err = s.Photo(ctx, g.ID, f.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	_, err = s.CompactLog(ctx)
	require.NoError(t, err)
	RequireReplay(t, s)

	// Who has no faces can be merged and moved, too.
	reassigned(t, s, store.Reassignment{From: person(g, "p"), To: person(h, "p"), Create: true})
	reassigned(t, s, store.Reassignment{From: person(h, "p"), To: person(g, "r")})
	RequireReplay(t, s)
}

// requireMoved checks that a person of another gallery has the faces, and that all of
// each is as it was but its id and whose it is.
func requireMoved(t require.TestingT, s Store, was []store.Face, g store.Gallery, id store.SubjectID) []store.Face {
	got, err := s.Faces(context.Background(), g.ID, id)
	require.NoError(t, err)
	require.Len(t, got, len(was))
	for i, f := range got {
		require.NotEqual(t, was[i].ID, f.ID)
		want := was[i]
		want.ID, want.Gallery, want.Subject = f.ID, g.ID, id
		require.Equal(t, want, f)
		if f.PhotoSHA256 != nil {
			_, err := s.Photo(context.Background(), g.ID, f.ID)
			require.NoError(t, err)
		}
	}
	return got
}

// testRefusedReassignments checks that what cannot be done changes nothing.
func testRefusedReassignments(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	h := gallery(t, s, g.Tenant, "former")
	dropped := gallery(t, s, g.Tenant, "dropped")
	_, err := s.DeleteGallery(ctx, g.Tenant, dropped.Name)
	require.NoError(t, err)
	p, q := enrol(t, s, g, "p", 2), enrol(t, s, g, "q", 1)
	refused := errors.New("refused")
	all := func(r store.Reassignment) store.Reassignment { return r }
	for name, c := range map[string]struct {
		r    store.Reassignment
		then func(from, to store.Subject) (store.Subject, error)
		also func(store.Tx) error
		err  error
	}{
		"itself":            {r: all(store.Reassignment{From: person(g, "p"), To: person(g, "p")}), err: store.ErrInvalid},
		"nobody":            {r: store.Reassignment{From: person(g, "none"), To: person(g, "p")}, err: store.ErrNotFound},
		"to nobody":         {r: store.Reassignment{From: person(g, "p"), To: person(g, "none")}, err: store.ErrNotFound},
		"to somebody":       {r: store.Reassignment{From: person(g, "p"), To: person(g, "q"), Create: true}, err: store.ErrExists},
		"to no gallery":     {r: store.Reassignment{From: person(g, "p"), To: store.Person{Gallery: "none", Subject: "p"}, Create: true}, err: store.ErrNotFound},
		"to a gone gallery": {r: store.Reassignment{From: person(g, "p"), To: person(dropped, "p"), Create: true}, err: store.ErrNotFound},
		"another's face":    {r: store.Reassignment{From: person(g, "p"), To: person(g, "q"), Faces: []store.FaceID{p[0].ID, q[0].ID}}, err: store.ErrNotFound},
		"no face":           {r: store.Reassignment{From: person(g, "p"), To: person(g, "q"), Faces: []store.FaceID{store.FaceID(uuid.NewString())}}, err: store.ErrNotFound},
		"a face twice":      {r: store.Reassignment{From: person(g, "p"), To: person(g, "q"), Faces: []store.FaceID{p[0].ID, p[0].ID}}, err: store.ErrNotFound},
		"decided otherwise": {
			r:    store.Reassignment{From: person(g, "p"), To: person(g, "q")},
			then: func(_, _ store.Subject) (store.Subject, error) { return store.Subject{}, refused }, err: refused,
		},
		"what also is done fails": {r: store.Reassignment{From: person(g, "p"), To: person(h, "p"), Create: true}, also: func(store.Tx) error { return refused }, err: refused},
		"metadata that cannot be kept": {
			r: store.Reassignment{From: person(g, "p"), To: person(g, "q")},
			then: func(_, to store.Subject) (store.Subject, error) {
				to.Metadata = map[string]string{"k": "\xff"}
				return to, nil
			}, err: store.ErrInvalid,
		},
		"an id that cannot be kept": {r: store.Reassignment{From: person(g, "p"), To: person(g, "\x00"), Create: true}, err: store.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			then := c.then
			if then == nil {
				then = keep
			}
			var also []func(store.Tx) error
			if c.also != nil {
				also = append(also, c.also)
			}
			unchanged(t, s, func() {
				_, _, err := s.Reassign(ctx, c.r, then, also...)
				require.ErrorIs(t, err, c.err)
			})
			for id, want := range map[store.SubjectID][]store.Face{"p": p, "q": q} {
				got, err := s.Faces(ctx, g.ID, id)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		})
	}
	require.NoError(t, s.PutSpace(ctx, store.Space{Pack: Pack, Version: "2", Plain: "1", Moving: true}))
	unchanged(t, s, func() {
		_, _, err := s.Reassign(ctx, store.Reassignment{From: person(g, "p"), To: person(g, "q")}, keep)
		require.ErrorIs(t, err, store.ErrSpace, "who converts them must find them")
	})
	require.NoError(t, s.PutSpace(ctx, store.Space{Pack: Pack, Version: "2", Plain: "1"}))
	require.NoError(t, s.PutSpace(ctx, store.Space{Pack: "another", Version: "2", Plain: "1", Moving: true}))
	reassigned(t, s, store.Reassignment{From: person(g, "p"), To: person(g, "q")}) // of no pack that waits
	RequireReplay(t, s)
}

// testReassignedNewcomers checks that whoever inserts people sees who was moved to the
// gallery since it looked.
func testReassignedNewcomers(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	h := gallery(t, s, g.Tenant, "former")
	p := enrol(t, s, g, "p", 1)
	same := func(f face.Template) bool { return f[0] == p[0].Template[0] }
	seen := position(t, s)
	reassigned(t, s, store.Reassignment{From: person(g, "p"), To: person(h, "p"), Create: true})
	_, err := s.EnrolAsOf(ctx, seen, same, subject(h.ID, "twin"), newFaces(1), nil)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = s.EnrolAsOf(ctx, position(t, s), same, subject(h.ID, "twin"), newFaces(1), nil)
	require.NoError(t, err)
}

// testReassignedDamage checks that what is damaged stays so, and harms nothing else.
func testReassignedDamage(t *testing.T, open Open, exec Exec) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	h := gallery(t, s, g.Tenant, "former")
	p := enrol(t, s, g, "p", 3)
	exec(t, `UPDATE faces SET checksum = checksum + 1 WHERE id = ?`, p[0].ID)
	exec(t, `UPDATE faces SET details = details + 1 WHERE id = ?`, p[1].ID)
	damage := func(g store.Gallery, id store.SubjectID) (found []string) {
		faces, err := s.Faces(ctx, g.ID, id)
		require.NoError(t, err)
		for _, f := range faces {
			found = append(found, f.Damage)
		}
		return found
	}
	want := damage(g, "p")
	require.NotEmpty(t, want[0])
	require.NotEmpty(t, want[1])
	require.Empty(t, want[2])
	enrol(t, s, g, "q", 0)
	reassigned(t, s, store.Reassignment{From: person(g, "p"), To: person(g, "q")})
	require.Equal(t, want, damage(g, "q"))
	reassigned(t, s, store.Reassignment{From: person(g, "q"), To: person(h, "q"), Create: true})
	require.Equal(t, want, damage(h, "q"))
}

// testEnding ends subjects and takes that back.
func testEnding(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	for _, id := range []store.SubjectID{"now", "later", "kept", "again"} {
		pictured(t, s, g, id, 1)
	}
	end := func(id store.SubjectID, after time.Duration) store.Subject {
		t.Helper()
		before, err := s.Subject(ctx, g.ID, id)
		require.NoError(t, err)
		sub, err := s.EndSubject(ctx, g.ID, id, after)
		require.NoError(t, err)
		require.Greater(t, sub.UpdatedAt, before.UpdatedAt)
		is, err := s.Subject(ctx, g.ID, id)
		require.NoError(t, err)
		require.Equal(t, is, sub)
		return sub
	}
	_, err := s.EndSubject(ctx, g.ID, "none", time.Hour)
	require.ErrorIs(t, err, store.ErrNotFound)
	refused := errors.New("refused")
	_, err = s.EndSubject(ctx, g.ID, "kept", time.Hour, func(store.Tx) error { return refused })
	require.ErrorIs(t, err, refused)
	is, err := s.Subject(ctx, g.ID, "kept")
	require.NoError(t, err)
	require.Zero(t, is.EndsAt)

	require.WithinDuration(t, time.Now().Add(time.Hour), end("later", time.Hour).EndsAt, 10*time.Minute)
	due := end("now", time.Microsecond).EndsAt
	end("kept", time.Microsecond)
	end("again", time.Microsecond)
	ended, err := s.EndedSubjects(ctx, store.Ended{}, 10)
	require.NoError(t, err)
	require.Len(t, ended, 3)
	require.Equal(t, store.Ended{Tenant: g.Tenant, Gallery: g.ID, Name: g.Name, Subject: "now", At: due}, ended[0])
	some, err := s.EndedSubjects(ctx, store.Ended{}, 1)
	require.NoError(t, err)
	require.Equal(t, ended[:1], some)
	some, err = s.EndedSubjects(ctx, ended[0], 10)
	require.NoError(t, err)
	require.Equal(t, ended[1:], some)

	// What is to go takes no more.
	unchanged(t, s, func() {
		_, err = s.Enrol(ctx, subject(g.ID, "later"), newFaces(1), nil, false)
		require.ErrorIs(t, err, store.ErrEnding)
	})
	// What was taken back, or put off, or made anew meanwhile stays.
	require.Zero(t, end("kept", 0).EndsAt)
	_, err = s.Enrol(ctx, subject(g.ID, "kept"), newFaces(1), nil, false)
	require.NoError(t, err)
	_, err = s.DeleteSubject(ctx, g.ID, "again")
	require.NoError(t, err)
	enrol(t, s, g, "again", 1)
	for _, e := range ended[1:] {
		_, err = s.DeleteEndedSubject(ctx, e)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	at, err := s.DeleteEndedSubject(ctx, ended[0])
	require.NoError(t, err)
	require.Equal(t, position(t, s), at)
	_, err = s.DeleteEndedSubject(ctx, ended[0])
	require.ErrorIs(t, err, store.ErrNotFound)
	none, err := s.EndedSubjects(ctx, store.Ended{}, 10)
	require.NoError(t, err)
	require.Empty(t, none)
	counts, err := s.Counts(ctx, g.ID)
	require.NoError(t, err)
	require.Equal(t, store.Counts{Subjects: 3, Faces: 4}, counts)
	_, err = s.Counts(ctx, "none")
	require.ErrorIs(t, err, store.ErrNotFound)
	end("again", time.Microsecond)
	_, err = s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	none, err = s.EndedSubjects(ctx, store.Ended{}, 10)
	require.NoError(t, err)
	require.Empty(t, none, "of a dropped gallery")
	RequireReplay(t, s)
}
