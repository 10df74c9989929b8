package identify_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

func TestSearchHasThreeAnswers(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
	enrol(t, s, "twin", photograph(t, shown{Person: "bob's twin", Like: "bob", Near: 0.97}))

	outcome, ids := who(t, s, shown{Person: "ann", Take: 1})
	require.Equal(t, identify.One, outcome)
	require.Equal(t, []string{"ann"}, ids)

	outcome, ids = who(t, s, shown{Person: "stranger"})
	require.Equal(t, identify.Nobody, outcome)
	require.Empty(t, ids)

	outcome, ids = who(t, s, shown{Person: "bob", Take: 1})
	require.Equal(t, identify.Several, outcome)
	require.ElementsMatch(t, []string{"bob", "twin"}, ids)
}

func TestSearchSeesWhatWasAcknowledged(t *testing.T) {
	s := newService(t)
	for i := range 50 {
		id := fmt.Sprintf("p%d", i)
		enrol(t, s, id, photograph(t, shown{Person: id}))
		outcome, ids := who(t, s, shown{Person: id, Take: 1})
		require.Equal(t, identify.One, outcome, id)
		require.Equal(t, []string{id}, ids)
		if i%2 == 0 {
			_, err := s.DeleteSubject(t.Context(), by, gallery, store.SubjectID(id))
			require.NoError(t, err)
			outcome, _ = who(t, s, shown{Person: id, Take: 1})
			require.Equal(t, identify.Nobody, outcome, id)
		}
	}
}

func TestSearchGroupsFacesByPerson(t *testing.T) {
	s := newService(t)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann", Take: 1}), photograph(t, shown{Person: "ann", Take: 2}), photograph(t, shown{Person: "ann", Take: 3}))
	require.Len(t, e.Faces, 3)
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann", Take: 2})}}).Probes[0]
	require.Equal(t, identify.One, p.Outcome)
	require.Len(t, p.Candidates, 1)
	require.Equal(t, e.Faces[1].ID, p.Candidates[0].Face)
	require.InDelta(t, 1, p.Candidates[0].Cosine, 1e-6)
}

func TestThresholdFollowsTheEnrolledCountAndTheRate(t *testing.T) {
	s := newService(t)
	ask := func(fpir float64) identify.ProbeAnswer {
		return search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "x"})}, FPIR: fpir}).Probes[0]
	}
	before := ask(0)
	require.InDelta(t, table().Identification(0.01, 0), before.Threshold, 1e-12)
	for i := range 100 {
		enrol(t, s, fmt.Sprintf("p%d", i), photograph(t, shown{Person: fmt.Sprint(i)}))
	}
	after := ask(0)
	require.Equal(t, 100, after.Faces)
	require.InDelta(t, table().Identification(0.01, 100), after.Threshold, 1e-12)
	require.InDelta(t, 0.01, after.FPIR, 1e-9)
	require.InDelta(t, 0.1, ask(0.1).FPIR, 1e-9)
	require.Greater(t, after.Threshold, before.Threshold)
	require.Less(t, ask(0.1).Threshold, after.Threshold)

	p := policy()
	p.FPIR = 0.001
	_, err := s.UpdatePolicy(t.Context(), by, gallery, to(p))
	require.NoError(t, err)
	require.InDelta(t, table().Identification(0.001, 100), ask(0).Threshold, 1e-12)

	low := -1.0
	all := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "x"})}, Threshold: &low, K: 100}).Probes[0]
	require.Len(t, all.Candidates, 100)
	require.IsNonIncreasing(t, cosines(all))
}

func cosines(p identify.ProbeAnswer) []float64 {
	var c []float64
	for _, k := range p.Candidates {
		c = append(c, k.Cosine)
	}
	return c
}

func TestOneCandidateStillTellsOneFromSeveral(t *testing.T) {
	s := newService(t)
	enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
	enrol(t, s, "twin", photograph(t, shown{Person: "twin", Like: "bob", Near: 0.99}))
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "bob", Take: 1})}, K: 1}).Probes[0]
	require.Equal(t, identify.Several, p.Outcome)
	require.Len(t, p.Candidates, 1)
}

func TestSearchAllFaces(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	group := photograph(t, shown{Person: "zoe", Size: 120}, shown{Person: "ann", Take: 1, Size: 110}, shown{Person: "cid", Size: 100})
	a := search(t, s, identify.SearchRequest{Photos: [][]byte{group}, AllFaces: true})
	require.Len(t, a.Probes, 3)
	require.Equal(t, identify.Nobody, a.Probes[0].Outcome)
	require.Equal(t, identify.One, a.Probes[1].Outcome)
	require.Equal(t, identify.Nobody, a.Probes[2].Outcome)
}

func TestSearchFilter(t *testing.T) {
	s := newService(t)
	for i, site := range []string{"oslo", "bern"} {
		_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{
			Gallery: gallery, Subject: store.SubjectID(site), Create: true, Metadata: map[string]string{"site": site},
			Photos: [][]byte{photograph(t, shown{Person: "ann", Take: i + 1})},
		})
		require.NoError(t, err)
	}
	probe := photograph(t, shown{Person: "ann"})
	require.Equal(t, identify.Several, search(t, s, identify.SearchRequest{Photos: [][]byte{probe}}).Probes[0].Outcome)
	p := search(t, s, identify.SearchRequest{Photos: [][]byte{probe}, Filter: map[string][]string{"site": {"bern"}}}).Probes[0]
	require.Equal(t, identify.One, p.Outcome)
	require.Equal(t, store.SubjectID("bern"), p.Candidates[0].Subject)
	require.Equal(t, map[string]string{"site": "bern"}, p.Candidates[0].Metadata)

	_, _, err := s.UpdateMetadata(t.Context(), by, gallery, "bern", described(map[string]string{"site": "rome"}))
	require.NoError(t, err)
	p = search(t, s, identify.SearchRequest{Photos: [][]byte{probe}, Filter: map[string][]string{"site": {"bern"}}}).Probes[0]
	require.Equal(t, identify.Nobody, p.Outcome)
}

func TestInsertWhenNobodyIsFound(t *testing.T) {
	s := newService(t)
	req := identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann"})}, Insert: true, Metadata: map[string]string{"from": "gate"}}
	first := search(t, s, req)
	require.NotNil(t, first.Inserted)
	require.Equal(t, identify.Nobody, first.Probes[0].Outcome)
	require.Equal(t, map[string]string{"from": "gate"}, first.Inserted.Subject.Metadata)

	req.Photos = [][]byte{photograph(t, shown{Person: "ann", Take: 1})}
	second := search(t, s, req)
	require.Nil(t, second.Inserted)
	require.Equal(t, first.Inserted.Subject.ID, second.Probes[0].Candidates[0].Subject)
}

func TestInsertOfOnePersonByManyAtOnceIsOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	one, db := open(t, path)
	other, _ := open(t, path)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := one.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)

	const callers = 16
	inserted := make([]bool, callers)
	errs := make([]error, callers)
	photos := make([][]byte, callers)
	for i := range callers {
		photos[i] = photograph(t, shown{Person: "ann", Take: i + 1})
	}
	var work sync.WaitGroup
	for i := range callers {
		replica := []*identify.Service{one, other}[i%2]
		work.Go(func() {
			a, err := replica.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photos[i]}, Insert: true})
			inserted[i], errs[i] = a.Inserted != nil, err
		})
	}
	work.Wait()
	n := 0
	for i := range callers {
		require.NoError(t, errs[i])
		if inserted[i] {
			n++
		}
	}
	require.Equal(t, 1, n)
	subs, err := one.Subjects(t.Context(), by, gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, subs, 1)
}

func TestSearchRefuses(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	ann := photograph(t, shown{Person: "ann"})
	high := 1.5
	for name, c := range map[string]struct {
		req  identify.SearchRequest
		want error
	}{
		"no face":             {identify.SearchRequest{Photos: [][]byte{photograph(t)}}, identify.ErrNoFace},
		"no face, all asked":  {identify.SearchRequest{Photos: [][]byte{photograph(t)}, AllFaces: true}, identify.ErrNoFace},
		"two people":          {identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann"}, shown{Person: "bob"})}}, identify.ErrSeveralFaces},
		"tiny face":           {identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann", InterEye: 4})}}, identify.ErrFaceTooSmall},
		"not a picture":       {identify.SearchRequest{Photos: [][]byte{[]byte("text")}}, photo.ErrCorrupt},
		"unknown gallery":     {identify.SearchRequest{Gallery: "none", Photos: [][]byte{ann}}, store.ErrNotFound},
		"negative k":          {identify.SearchRequest{Photos: [][]byte{ann}, K: -1}, identify.ErrInvalid},
		"too many candidates": {identify.SearchRequest{Photos: [][]byte{ann}, K: 101}, identify.ErrInvalid},
		"rate of one":         {identify.SearchRequest{Photos: [][]byte{ann}, FPIR: 1}, identify.ErrInvalid},
		"impossible cosine":   {identify.SearchRequest{Photos: [][]byte{ann}, Threshold: &high}, identify.ErrInvalid},
		"insert of a group":   {identify.SearchRequest{Photos: [][]byte{ann}, Insert: true, AllFaces: true}, identify.ErrInvalid},
		"insert by a filter":  {identify.SearchRequest{Photos: [][]byte{ann}, Insert: true, Filter: map[string][]string{"a": {"b"}}}, identify.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if c.req.Gallery == "" {
				c.req.Gallery = gallery
			}
			_, err := s.Search(t.Context(), by, c.req)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestABystanderDoesNotMakeAGroup(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann", Size: 300}, shown{Person: "bystander", Size: 100}))
	outcome, ids := who(t, s, shown{Person: "ann", Take: 1})
	require.Equal(t, identify.One, outcome)
	require.Equal(t, []string{"ann"}, ids)
	outcome, _ = who(t, s, shown{Person: "bystander"})
	require.Equal(t, identify.Nobody, outcome)
}

func TestSeveralPhotosOfOnePersonAreOneProbe(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	one := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "ann", Take: 1})}}).Probes[0]
	three := search(t, s, identify.SearchRequest{Photos: [][]byte{
		photograph(t, shown{Person: "ann", Take: 1}), photograph(t, shown{Person: "ann", Take: 2}), photograph(t, shown{Person: "ann", Take: 3}),
	}})
	require.Len(t, three.Probes, 1)
	p := three.Probes[0]
	require.Equal(t, identify.One, p.Outcome)
	require.Greater(t, p.Candidates[0].Cosine, one.Candidates[0].Cosine, "the mean is nearer than one take")
	require.InDelta(t, table().Identification(0.01, 3), p.Threshold, 1e-12, "each photo counts as a comparison")

	inserted := search(t, s, identify.SearchRequest{Insert: true, Photos: [][]byte{
		photograph(t, shown{Person: "bob", Take: 1}), photograph(t, shown{Person: "bob", Take: 2}),
	}}).Inserted
	require.Len(t, inserted.Faces, 2)

	_, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{
		photograph(t, shown{Person: "ann"}), photograph(t),
	}})
	require.ErrorIs(t, err, identify.ErrNoFace)
	for name, req := range map[string]identify.SearchRequest{
		"none":     {Gallery: gallery},
		"too many": {Gallery: gallery, Photos: make([][]byte, identify.MaxProbes+1)},
		"a group":  {Gallery: gallery, Photos: make([][]byte, 2), AllFaces: true},
	} {
		_, err := s.Search(t.Context(), by, req)
		require.ErrorIs(t, err, identify.ErrInvalid, name)
	}
}

func TestRefusedFaceOfAGroupMatchesNobody(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	p := policy()
	p.Quality = store.GateEnforce
	_, err := s.UpdatePolicy(t.Context(), by, gallery, to(p))
	require.NoError(t, err)
	group := photograph(t, shown{Person: "ann", Take: 1}, shown{Person: "ann", Take: 2, Reasons: []string{"blurred"}}, shown{Person: "ann", Take: 3, InterEye: 5})
	a := search(t, s, identify.SearchRequest{Photos: [][]byte{group}, AllFaces: true})
	require.Equal(t, identify.One, a.Probes[0].Outcome)
	for _, refused := range a.Probes[1:] {
		require.Equal(t, identify.Nobody, refused.Outcome)
		require.Empty(t, refused.Candidates)
	}
	require.Equal(t, []string{"blurred"}, a.Probes[1].Face.Quality.Reasons)
}

func TestPolicyRefuses(t *testing.T) {
	s := newService(t)
	for name, spoil := range map[string]func(*store.Policy){
		"rate of nought":     func(p *store.Policy) { p.FPIR = 0 },
		"unknown gate":       func(p *store.Policy) { p.Quality = "strict" },
		"unknown liveness":   func(p *store.Policy) { p.Liveness = "strict" },
		"negative retention": func(p *store.Policy) { p.Retention = -1 },
	} {
		p := policy()
		spoil(&p)
		_, err := s.UpdatePolicy(t.Context(), by, gallery, to(p))
		require.ErrorIs(t, err, identify.ErrInvalid, name)
	}
	g, err := s.Gallery(t.Context(), by, gallery)
	require.NoError(t, err)
	require.Equal(t, policy(), g.Policy)
}
