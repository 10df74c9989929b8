package identify_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

func stored(t *testing.T, s *identify.Service, req identify.StoredRequest) identify.StoredAnswer {
	t.Helper()
	req.Gallery = gallery
	a, err := s.SearchStored(t.Context(), by, req)
	require.NoError(t, err)
	return a
}

func idsOf(candidates []identify.StoredCandidate) (ids []string) {
	for _, c := range candidates {
		ids = append(ids, string(c.Subject))
	}
	return ids
}

// A stored person has the three answers that a photo has, and is never found itself.
func TestStoredPersonIsSearched(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
	enrol(t, s, "bob-again", photograph(t, shown{Person: "bob", Take: 1}))
	enrol(t, s, "cy", photograph(t, shown{Person: "cy"}))
	enrol(t, s, "cy-2", photograph(t, shown{Person: "cy", Take: 1}))
	enrol(t, s, "cy-3", photograph(t, shown{Person: "cy", Take: 2}))

	a := stored(t, s, identify.StoredRequest{Subject: "ann"})
	require.Equal(t, identify.Nobody, a.Outcome)
	require.Empty(t, a.Candidates)
	require.Equal(t, 6, a.Faces)
	require.InDelta(t, table().Identification(0.01, 6), a.Threshold, 1e-12)
	require.Len(t, a.Searched, 1)
	require.Positive(t, a.Position)

	a = stored(t, s, identify.StoredRequest{Subject: "bob"})
	require.Equal(t, identify.One, a.Outcome)
	require.Equal(t, []string{"bob-again"}, idsOf(a.Candidates))
	require.Equal(t, a.Searched[0], a.Candidates[0].Of)
	require.InDelta(t, 0.9, a.Candidates[0].Cosine, 0.01)

	a = stored(t, s, identify.StoredRequest{Subject: "cy", K: 1})
	require.Equal(t, identify.Several, a.Outcome, "the second decides, told or not")
	require.Len(t, a.Candidates, 1)
}

// Each face that is searched is a chance of a false match, the nearest of them counts,
// and one can be named.
func TestStoredPersonHasSeveralFaces(t *testing.T) {
	s := newService(t)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann", Score: 0.8}), photograph(t, shown{Person: "bob", Take: 1, Score: 0.7}))
	enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))

	a := stored(t, s, identify.StoredRequest{Subject: "ann"})
	require.Equal(t, []string{"bob"}, idsOf(a.Candidates), "a photo of somebody else among hers is found")
	require.Equal(t, e.Faces[1].ID, a.Candidates[0].Of)
	require.InDelta(t, table().Identification(0.01, 2*3), a.Threshold, 1e-12)

	a = stored(t, s, identify.StoredRequest{Subject: "ann", Face: e.Faces[0].ID})
	require.Equal(t, identify.Nobody, a.Outcome)
	require.Equal(t, []store.FaceID{e.Faces[0].ID}, a.Searched)
	require.InDelta(t, table().Identification(0.01, 3), a.Threshold, 1e-12)

	var photos [][]byte
	for i := range identify.MaxPhotos {
		photos = append(photos, photograph(t, shown{Person: "dan", Take: i + 1, Score: 0.5 + float32(i)/100}))
	}
	enrol(t, s, "dan", photos...)
	more, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "dan", Photos: [][]byte{photograph(t, shown{Person: "bob", Take: 2, Score: 0.4})}})
	require.NoError(t, err)
	a = stored(t, s, identify.StoredRequest{Subject: "dan"})
	require.Len(t, a.Searched, identify.MaxStored)
	require.NotContains(t, a.Searched, more.Faces[0].ID, "those of the best quality are searched")
	require.Equal(t, 1, a.LeftOut)
}

// Doubt counts as it does for a photo: stored faces that are both poor are less alike.
func TestStoredFaceIsComparedAsAPhoto(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann", Doubt: 0.6}))
	enrol(t, s, "ann-again", photograph(t, shown{Person: "ann", Take: 1, Doubt: 0.6}))
	low := -1.0
	a := stored(t, s, identify.StoredRequest{Subject: "ann", Threshold: &low})
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann", Doubt: 0.6})}, Threshold: &low}).Probes[0]
	want := math.NaN()
	for _, c := range p.Candidates {
		if c.Subject == "ann-again" {
			want = c.Cosine
		}
	}
	require.InDelta(t, want, a.Candidates[0].Cosine, 1e-9)
	require.Less(t, want, 0.3)
}

func TestStoredPersonInAnotherGallery(t *testing.T) {
	s := newService(t)
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: "banned", Policy: store.Policy{FPIR: 0.001, Quality: store.GateReport, Liveness: store.GateOff}})
	require.NoError(t, err)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	for id, p := range map[store.SubjectID]shown{"ann": {Person: "zoe"}, "x": {Person: "ann", Take: 1}} {
		_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: "banned", Subject: id, Create: true, Photos: [][]byte{photograph(t, p)}, Metadata: map[string]string{"since": "may"}})
		require.NoError(t, err)
	}
	a := stored(t, s, identify.StoredRequest{Subject: "ann", In: "banned"})
	require.Equal(t, []string{"x"}, idsOf(a.Candidates))
	require.Equal(t, map[string]string{"since": "may"}, a.Candidates[0].Metadata)
	require.Equal(t, 2, a.Faces)
	require.InDelta(t, table().Identification(0.001, 2), a.Threshold, 1e-12, "the searched gallery's rate")
	low := -1.0
	a = stored(t, s, identify.StoredRequest{Subject: "ann", In: "banned", Threshold: &low, Filter: map[string][]string{"since": {"june"}}})
	require.Empty(t, a.Candidates)
	a = stored(t, s, identify.StoredRequest{Subject: "ann", In: "banned", Threshold: &low})
	require.Equal(t, []string{"x", "ann"}, idsOf(a.Candidates), "an id is another person's in another gallery")
}

func TestStoredSearchRefuses(t *testing.T) {
	s := newService(t)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	high := 1.5
	for name, c := range map[string]struct {
		req  identify.StoredRequest
		want error
	}{
		"no gallery":       {identify.StoredRequest{Gallery: "none", Subject: "ann"}, store.ErrNotFound},
		"no subject":       {identify.StoredRequest{Gallery: gallery, Subject: "nobody"}, store.ErrNotFound},
		"no face":          {identify.StoredRequest{Gallery: gallery, Subject: "ann", Face: "01a20541-86a6-7cab-93ed-09e0f9b868cb"}, store.ErrNotFound},
		"no other gallery": {identify.StoredRequest{Gallery: gallery, Subject: "ann", In: "none"}, store.ErrNotFound},
		"k":                {identify.StoredRequest{Gallery: gallery, Subject: "ann", K: 101}, identify.ErrInvalid},
		"threshold":        {identify.StoredRequest{Gallery: gallery, Subject: "ann", Threshold: &high}, identify.ErrInvalid},
	} {
		_, err := s.SearchStored(t.Context(), by, c.req)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := s.SearchStored(t.Context(), store.Actor{Tenant: "other"}, identify.StoredRequest{Gallery: gallery, Subject: "ann"})
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.DeleteFace(t.Context(), by, gallery, "ann", e.Faces[0].ID)
	require.NoError(t, err)
	_, err = s.SearchStored(t.Context(), by, identify.StoredRequest{Gallery: gallery, Subject: "ann"})
	require.ErrorIs(t, err, store.ErrNotFound, "nothing of her can be searched")
}

// A face that cannot be compared finds nobody, and says so.
func TestStoredFaceThatCannotBeCompared(t *testing.T) {
	s := newService(t)
	open := policy()
	open.Quality = store.GateOff
	_, err := s.UpdatePolicy(t.Context(), by, gallery, to(open))
	require.NoError(t, err)
	poor := []string{photo.ReasonDark, photo.ReasonNotComparable}
	enrol(t, s, "ann", photograph(t, shown{Person: "ann", Reasons: poor}))
	enrol(t, s, "bob", photograph(t, shown{Person: "ann", Take: 1}))
	a := stored(t, s, identify.StoredRequest{Subject: "ann"})
	require.Equal(t, identify.Nobody, a.Outcome)
	require.Empty(t, a.Searched)
	require.Equal(t, 1, a.LeftOut)
	require.Positive(t, a.Threshold)
}

// Whoever is deleted, or is another's face by then, between the scan and the answer is
// not in it.
func TestStoredSearchAgainstDeletions(t *testing.T) {
	s, other, i := openInterrupted(t)
	enrol(t, other, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, other, "twin", photograph(t, shown{Person: "ann", Take: 1}))
	enrol(t, other, "third", photograph(t, shown{Person: "ann", Take: 2}))
	i.before = func(reads int) {
		if reads == 0 {
			_, err := other.DeleteSubject(t.Context(), by, gallery, "twin")
			require.NoError(t, err)
		}
	}
	require.Equal(t, []string{"third"}, idsOf(stored(t, s, identify.StoredRequest{Subject: "ann"}).Candidates))
	i.reads, i.before = 0, func(reads int) {
		if reads == 0 {
			_, err := other.DeleteSubject(t.Context(), by, gallery, "ann")
			require.NoError(t, err)
		}
	}
	_, err := s.SearchStored(t.Context(), by, identify.StoredRequest{Gallery: gallery, Subject: "ann"})
	require.ErrorIs(t, err, store.ErrNotFound)
}
