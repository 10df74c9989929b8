package identify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/store"
)

// A face that is set aside is found by no search and compared with nobody, from the
// answer on that says so; it is found again once it is back.
func TestSetAside(t *testing.T) {
	s := newService(t)
	ann := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	one := ann.Faces[0].ID
	set := func(aside bool) {
		_, err := s.SetAside(t.Context(), by, gallery, "ann", one, aside)
		require.NoError(t, err)
	}
	verify := func() error {
		_, err := s.Verify(t.Context(), by, identify.VerifyRequest{Gallery: gallery, Subject: "ann", Photo: photograph(t, shown{Person: "ann", Take: 2})})
		return err
	}
	for range 3 {
		found, ids := who(t, s, shown{Person: "ann", Take: 1})
		require.Equal(t, identify.One, found)
		require.Equal(t, []string{"ann"}, ids)
		require.NoError(t, verify())
		set(true)
		found, _ = who(t, s, shown{Person: "ann", Take: 1})
		require.Equal(t, identify.Nobody, found)
		var missing *identify.ResourceError
		require.ErrorAs(t, verify(), &missing)
		require.Equal(t, identify.KindFace, missing.Kind)
		sub, faces, err := s.Subject(t.Context(), by, gallery, "ann")
		require.NoError(t, err)
		require.Equal(t, 1, sub.Faces, "nothing is deleted")
		require.False(t, faces[0].AsideAt.IsZero())
		aside, err := s.Aside(t.Context(), by, gallery, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Equal(t, []identify.AsideFace{{Subject: "ann", Face: one, At: faces[0].AsideAt}}, aside)
		set(false)
	}
	// With another face the person is still found.
	two, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "ann", Photos: [][]byte{photograph(t, shown{Person: "ann", Take: 3})}})
	require.NoError(t, err)
	set(true)
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann", Take: 1})}}).Probes[0]
	require.Equal(t, identify.One, p.Outcome)
	require.Equal(t, two.Faces[0].ID, p.Candidates[0].Face)
	require.Equal(t, 1, p.Faces, "and the threshold follows from what is searched")

	for _, of := range []struct {
		gallery string
		subject store.SubjectID
		face    store.FaceID
		kind    string
	}{{"none", "ann", one, identify.KindGallery}, {gallery, "bob", one, identify.KindSubject}, {gallery, "ann", "none", identify.KindFace}} {
		var missing *identify.ResourceError
		_, err := s.SetAside(t.Context(), by, of.gallery, of.subject, of.face, true)
		require.ErrorAs(t, err, &missing)
		require.Equal(t, of.kind, missing.Kind)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	_, err = s.SetAside(t.Context(), store.Actor{Tenant: "other"}, gallery, "ann", one, false)
	require.ErrorIs(t, err, store.ErrNotFound, "another tenant's")
}

// A photo that is brought over again leaves its face aside.
func TestOnceLeavesAside(t *testing.T) {
	s := newService(t)
	again := func() identify.Enrolled {
		e, err := s.Enrol(t.Context(), by, identify.EnrolRequest{
			Gallery: gallery, Subject: "ann", OrCreate: true, Once: true, Photos: [][]byte{photograph(t, shown{Person: "ann"})},
		})
		require.NoError(t, err)
		return e
	}
	id := again().Faces[0].ID
	_, err := s.SetAside(t.Context(), by, gallery, "ann", id, true)
	require.NoError(t, err)
	require.Equal(t, []store.FaceID{id}, again().Present)
	found, _ := who(t, s, shown{Person: "ann", Take: 1})
	require.Equal(t, identify.Nobody, found)
}

// Nor is it compared with those who are enrolled, from either side.
func TestAsideAmongThemselves(t *testing.T) {
	s := newService(t)
	ann := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}))
	pairs := func() int {
		d, err := s.Duplicates(t.Context(), by, identify.DuplicatesRequest{Gallery: gallery, Limit: 10})
		require.NoError(t, err)
		return len(d.Pairs)
	}
	like := func(subject store.SubjectID) (int, error) {
		a, err := s.SearchStored(t.Context(), by, identify.StoredRequest{Gallery: gallery, Subject: subject})
		return len(a.Candidates), err
	}
	require.Equal(t, 1, pairs())
	_, err := s.SetAside(t.Context(), by, gallery, "ann", ann.Faces[0].ID, true)
	require.NoError(t, err)
	require.Zero(t, pairs())
	n, err := like("anna")
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = like("ann")
	require.ErrorIs(t, err, store.ErrNotFound)
}
