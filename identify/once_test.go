package identify_test

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/identify"
	"oneton/store"
)

// repeated is a request that may be repeated.
func repeated(subject string, photos ...[]byte) identify.EnrolRequest {
	return identify.EnrolRequest{Gallery: gallery, Subject: store.SubjectID(subject), OrCreate: true, Once: true, Photos: photos}
}

func TestOnce(t *testing.T) {
	s := newService(t)
	first, second := photograph(t, shown{Person: "ann"}), photograph(t, shown{Person: "ann", Take: 1})
	req := repeated("ann", first)
	req.Metadata = map[string]string{"team": "red"}
	e, err := s.Enrol(t.Context(), by, req)
	require.NoError(t, err)
	require.Len(t, e.Faces, 1)
	require.Empty(t, e.Present)
	require.Equal(t, req.Metadata, e.Subject.Metadata)
	one := e.Faces[0].ID

	req = repeated("ann", second, first, second)
	req.Metadata = map[string]string{"team": "blue"}
	again, err := s.Enrol(t.Context(), by, req)
	require.NoError(t, err)
	require.Len(t, again.Faces, 1, "each photo once")
	require.Equal(t, []store.FaceID{one}, again.Present)
	require.Equal(t, 2, again.Subject.Faces)
	require.Equal(t, map[string]string{"team": "red"}, again.Subject.Metadata, "a subject that is there keeps its own")
	require.Greater(t, again.Position, e.Position)

	none, err := s.Enrol(t.Context(), by, repeated("ann", first, second))
	require.NoError(t, err)
	require.Empty(t, none.Faces)
	require.Equal(t, []store.FaceID{one, again.Faces[0].ID}, none.Present)
	require.Equal(t, again.Position, none.Position, "as of a position at which they are there")
	require.Equal(t, 2, none.Subject.Faces)

	other, err := s.Enrol(t.Context(), by, repeated("bob", first))
	require.NoError(t, err)
	require.Len(t, other.Faces, 1, "another subject's")
	require.NotEqual(t, one, other.Faces[0].ID)

	plain, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "ann", Photos: [][]byte{first}})
	require.NoError(t, err)
	require.Len(t, plain.Faces, 1, "without Once a photo is enrolled as often as it is sent")

	_, err = s.DeleteFace(t.Context(), by, gallery, "ann", one)
	require.NoError(t, err)
	back, err := s.Enrol(t.Context(), by, repeated("ann", first))
	require.NoError(t, err)
	require.Len(t, back.Faces, 1, "a face that was deleted is no record any more")
	require.Equal(t, one, back.Faces[0].ID)
}

// TestFaceIDsOfPhotos holds the ids to their definition, and to being of no other
// gallery, subject or photo.
func TestFaceIDsOfPhotos(t *testing.T) {
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	seen := make(map[store.FaceID]string)
	for _, name := range []string{"staff", "guests"} {
		g, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: name})
		require.NoError(t, err)
		for _, subject := range []string{"ann", "ann1"} {
			for take := range 3 {
				content := photograph(t, shown{Person: "ann", Take: take})
				req := repeated(subject, content)
				req.Gallery = name
				e, err := s.Enrol(t.Context(), by, req)
				require.NoError(t, err)
				id := e.Faces[0].ID
				sum := sha256.Sum256(content)
				want := sha256.Sum256(append([]byte(string(g.ID)+"\x00"+subject+"\x00"), sum[:]...))
				want[6], want[8] = want[6]&15|128, want[8]&63|128
				require.Equal(t, uuid.UUID(want[:16]).String(), string(id))
				require.NotContains(t, seen, id)
				seen[id] = name
			}
		}
	}
}

// TestOnceAtOnce sends the same and overlapping requests at once, from two services
// of one database.
func TestOnceAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	a, db := open(t, path)
	b, _ := open(t, path)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := a.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	var photos [][]byte
	for take := range 4 {
		photos = append(photos, photograph(t, shown{Person: "ann", Take: take}))
	}
	for round := range 10 {
		subject := fmt.Sprint("ann", round)
		var all sync.WaitGroup
		errs := make([]error, 8)
		added := make([]int, len(errs))
		for w := range errs {
			all.Go(func() {
				s := []*identify.Service{a, b}[w%2]
				e, err := s.Enrol(t.Context(), by, repeated(subject, photos[w%3:w%3+2]...))
				errs[w], added[w] = err, len(e.Faces)
			})
		}
		all.Wait()
		sum := 0
		for w, err := range errs {
			require.NoError(t, err)
			sum += added[w]
		}
		_, faces, err := a.Subject(t.Context(), by, gallery, store.SubjectID(subject))
		require.NoError(t, err)
		require.Len(t, faces, len(photos))
		require.Equal(t, len(photos), sum, "each face is added by one of them")
	}
}

func TestImportsAddToTheirOwnSubjects(t *testing.T) {
	s := newService(t)
	enrol(t, s, "before", photograph(t, shown{Person: "before"}))
	of := func(name, subject string, take int) error {
		req := repeated(subject, photograph(t, shown{Person: subject, Take: take}))
		req.Import = name
		_, err := s.Enrol(t.Context(), by, req)
		return err
	}
	require.ErrorIs(t, of("one", "before", 1), store.ErrExists)
	require.NoError(t, of("one", "ann", 1))
	require.NoError(t, of("one", "ann", 2), "the same goes on")
	require.NoError(t, of("one", "ann", 1))
	require.ErrorIs(t, of("two", "ann", 3), store.ErrExists)
	require.NoError(t, of("", "ann", 3), "who does not ask")
	sub, _, err := s.Subject(t.Context(), by, gallery, "ann")
	require.NoError(t, err)
	require.Equal(t, 3, sub.Faces)

	_, err = s.DeleteSubject(t.Context(), by, gallery, "ann")
	require.NoError(t, err)
	require.NoError(t, of("two", "ann", 3), "the record goes with the subject")
	require.ErrorIs(t, of("one", "ann", 3), store.ErrExists)
	enrol(t, s, "other", photograph(t, shown{Person: "other"}))
	require.ErrorIs(t, of("a b", "ann", 3), identify.ErrInvalid)
	req := repeated("", photograph(t, shown{Person: "x"}))
	req.OrCreate, req.Create = false, true
	_, err = s.Enrol(t.Context(), by, req)
	require.ErrorIs(t, err, identify.ErrInvalid, "what is made once needs an id")
}

func TestDryRunStoresNothing(t *testing.T) {
	s := newService(t)
	enrolled := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	try := func(subject string, faces ...shown) (identify.Enrolled, error) {
		req := repeated(subject, photograph(t, faces...))
		req.DryRun = true
		return s.Enrol(t.Context(), by, req)
	}
	for _, subject := range []string{"ann", "bob"} {
		e, err := try(subject, shown{Person: subject, Take: 1})
		require.NoError(t, err)
		require.Empty(t, e.Faces)
		require.Equal(t, store.SubjectID(subject), e.Subject.ID)
		require.Equal(t, enrolled.Position, e.Position)
		_, err = try(subject)
		require.ErrorIs(t, err, identify.ErrNoFace)
		_, err = try(subject, shown{Person: subject, Reasons: []string{"not_comparable"}})
		require.ErrorIs(t, err, identify.ErrLowQuality)
	}
	_, err := try("a b", shown{Person: "ann"})
	require.ErrorIs(t, err, identify.ErrInvalid)
	subs, err := s.Subjects(t.Context(), by, gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, subs, 1)
	require.Equal(t, 1, subs[0].Faces)
}

// TestRepeatedEnrolments: any sequence of requests, each repeated as often as one
// likes, leaves what the set of their photos says.
func TestRepeatedEnrolments(t *testing.T) {
	s := newService(t)
	rounds := 0
	rapid.Check(t, func(r *rapid.T) {
		rounds++
		want := make(map[string]map[int]bool)
		for range rapid.IntRange(1, 6).Draw(r, "requests") {
			subject := fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"ann", "bob"}).Draw(r, "subject"), rounds)
			takes := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 3).Draw(r, "takes")
			var photos [][]byte
			for _, take := range takes {
				photos = append(photos, photograph(t, shown{Person: subject, Take: take}))
				if want[subject] == nil {
					want[subject] = make(map[int]bool)
				}
				want[subject][take] = true
			}
			_, err := s.Enrol(t.Context(), by, repeated(subject, photos...))
			require.NoError(r, err)
		}
		for subject, takes := range want {
			_, faces, err := s.Subject(t.Context(), by, gallery, store.SubjectID(subject))
			require.NoError(r, err)
			require.Len(r, faces, len(takes))
		}
	})
}
