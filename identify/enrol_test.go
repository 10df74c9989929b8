package identify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/store"
)

func TestEnrolIsAllOrNothing(t *testing.T) {
	s := newService(t)
	_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{
		Gallery: gallery, Subject: "ann", Create: true,
		Photos: [][]byte{photograph(t, shown{Person: "ann"}), photograph(t)},
	})
	require.ErrorIs(t, err, identify.ErrNoFace)
	_, _, err = s.Subject(t.Context(), by, gallery, "ann")
	require.ErrorIs(t, err, store.ErrNotFound)
	outcome, _ := who(t, s, shown{Person: "ann"})
	require.Equal(t, identify.Nobody, outcome)
}

func TestEnrolCreatesOrAddsAsAsked(t *testing.T) {
	s := newService(t)
	req := identify.EnrolRequest{Gallery: gallery, Subject: "ann", Photos: [][]byte{photograph(t, shown{Person: "ann"})}}
	_, err := s.Enrol(t.Context(), by, req)
	require.ErrorIs(t, err, store.ErrNotFound)
	req.Create = true
	_, err = s.Enrol(t.Context(), by, req)
	require.NoError(t, err)
	_, err = s.Enrol(t.Context(), by, req)
	require.ErrorIs(t, err, store.ErrExists)
	req.Create = false
	e, err := s.Enrol(t.Context(), by, req)
	require.NoError(t, err)
	require.Equal(t, 2, e.Subject.Faces)

	req.Subject, req.Create = "", true
	e, err = s.Enrol(t.Context(), by, req)
	require.NoError(t, err)
	require.NotEmpty(t, e.Subject.ID)
}

func TestPhotosAreKeptOnlyWhereThePolicySaysSo(t *testing.T) {
	s := newService(t)
	shot := photograph(t, shown{Person: "ann"})
	e := enrol(t, s, "ann", shot)
	_, err := s.Photo(t.Context(), by, gallery, e.Faces[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound)

	p := policy()
	p.KeepPhotos = true
	_, err = s.UpdatePolicy(t.Context(), by, gallery, to(p))
	require.NoError(t, err)
	e = enrol(t, s, "bob", shot)
	kept, err := s.Photo(t.Context(), by, gallery, e.Faces[0].ID)
	require.NoError(t, err)
	require.Equal(t, store.Photo{MediaType: "image/jpeg", Bytes: shot}, kept)

	require.NoError(t, s.DeletePhotos(t.Context(), by, gallery, "bob"))
	_, err = s.Photo(t.Context(), by, gallery, e.Faces[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, ids := who(t, s, shown{Person: "ann"})
	require.Contains(t, ids, "bob", "the face stays searchable without its photo")
}

func TestQualityGate(t *testing.T) {
	s := newService(t)
	blurred := photograph(t, shown{Person: "ann", Reasons: []string{"blurred"}})
	enrol(t, s, "reported", blurred)
	p := policy()
	p.Quality = store.GateEnforce
	_, err := s.UpdatePolicy(t.Context(), by, gallery, to(p))
	require.NoError(t, err)
	_, err = s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Create: true, Photos: [][]byte{blurred}})
	require.ErrorIs(t, err, identify.ErrLowQuality)
	var q *identify.QualityError
	require.ErrorAs(t, err, &q)
	require.Equal(t, []string{"blurred"}, q.Reasons)
}

func TestEnrolRefuses(t *testing.T) {
	s := newService(t)
	ann := photograph(t, shown{Person: "ann"})
	for name, req := range map[string]identify.EnrolRequest{
		"no photo":          {Gallery: gallery, Create: true},
		"too many photos":   {Gallery: gallery, Create: true, Photos: make([][]byte, identify.MaxPhotos+1)},
		"bad subject id":    {Gallery: gallery, Create: true, Subject: "a/b", Photos: [][]byte{ann}},
		"no id to add to":   {Gallery: gallery, Photos: [][]byte{ann}},
		"long metadata":     {Gallery: gallery, Create: true, Photos: [][]byte{ann}, Metadata: map[string]string{"k": strings.Repeat("x", 257)}},
		"empty metadata":    {Gallery: gallery, Create: true, Photos: [][]byte{ann}, Metadata: map[string]string{"": "x"}},
		"metadata not text": {Gallery: gallery, Create: true, Photos: [][]byte{ann}, Metadata: map[string]string{"k": "\xff"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Enrol(t.Context(), by, req)
			require.ErrorIs(t, err, identify.ErrInvalid)
		})
	}
	subs, err := s.Subjects(t.Context(), by, gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subs)
}

func TestAnotherTenantSeesNothing(t *testing.T) {
	s := newService(t)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	ctx, other := t.Context(), "other"
	_, err := s.CreateGallery(ctx, store.Actor{Tenant: store.TenantID(other)}, store.Gallery{Name: "theirs"})
	require.NoError(t, err)

	for name, call := range map[string]func() error{
		"gallery": func() error {
			_, err := s.Gallery(ctx, store.Actor{Tenant: store.TenantID(other)}, gallery)
			return err
		},
		"subject": func() error {
			_, _, err := s.Subject(ctx, store.Actor{Tenant: store.TenantID(other)}, gallery, "ann")
			return err
		},
		"subject in their own gallery": func() error {
			_, _, err := s.Subject(ctx, store.Actor{Tenant: store.TenantID(other)}, "theirs", "ann")
			return err
		},
		"photo": func() error {
			_, err := s.Photo(ctx, store.Actor{Tenant: store.TenantID(other)}, "theirs", e.Faces[0].ID)
			return err
		},
		"search": func() error {
			_, err := s.Search(ctx, store.Actor{Tenant: store.TenantID(other)}, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}})
			return err
		},
		"verify": func() error {
			_, err := s.Verify(ctx, store.Actor{Tenant: store.TenantID(other)}, identify.VerifyRequest{Gallery: gallery, Subject: "ann", Photo: photograph(t, shown{Person: "ann"})})
			return err
		},
		"delete face": func() error {
			_, err := s.DeleteFace(ctx, store.Actor{Tenant: store.TenantID(other)}, "theirs", "ann", e.Faces[0].ID)
			return err
		},
		"delete subject": func() error {
			_, err := s.DeleteSubject(ctx, store.Actor{Tenant: store.TenantID(other)}, "theirs", "ann")
			return err
		},
		"delete gallery": func() error {
			_, err := s.DeleteGallery(ctx, store.Actor{Tenant: store.TenantID(other)}, gallery)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, call(), store.ErrNotFound) })
	}
	a, err := s.Search(ctx, store.Actor{Tenant: store.TenantID(other)}, identify.SearchRequest{Gallery: "theirs", Photos: [][]byte{photograph(t, shown{Person: "ann"})}})
	require.NoError(t, err)
	require.Equal(t, identify.Nobody, a.Probes[0].Outcome)
	outcome, _ := who(t, s, shown{Person: "ann"})
	require.Equal(t, identify.One, outcome)
}

func TestAGalleryMadeAgainIsAnother(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	_, err := s.DeleteGallery(t.Context(), by, gallery)
	require.NoError(t, err)
	_, err = s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}})
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	outcome, _ := who(t, s, shown{Person: "ann"})
	require.Equal(t, identify.Nobody, outcome)
}

func TestDeleteFaceLeavesTheOthers(t *testing.T) {
	s := newService(t)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}), photograph(t, shown{Person: "someone else"}))
	_, err := s.DeleteFace(t.Context(), by, gallery, "ann", e.Faces[1].ID)
	require.NoError(t, err)
	outcome, _ := who(t, s, shown{Person: "someone else"})
	require.Equal(t, identify.Nobody, outcome)
	outcome, _ = who(t, s, shown{Person: "ann"})
	require.Equal(t, identify.One, outcome)
	_, err = s.DeleteFace(t.Context(), by, gallery, "ann", e.Faces[1].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
}
