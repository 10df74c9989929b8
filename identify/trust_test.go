package identify_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// poor is a photo that cannot be compared.
func poor(person string, take int) shown {
	return shown{Person: person, Take: take, Reasons: []string{photo.ReasonDark, photo.ReasonNotComparable}}
}

func setQuality(t *testing.T, s *identify.Service, mode string) {
	t.Helper()
	p := policy()
	p.Quality = mode
	_, err := s.UpdatePolicy(t.Context(), by, gallery, to(p))
	require.NoError(t, err)
}

// alike is a stranger at this cosine to ann.
func alike(name string, doubt float64) shown {
	return shown{Person: name, Like: "ann", Near: 0.6, Doubt: doubt}
}

func TestTwoPoorPhotosMatchLess(t *testing.T) {
	s := newService(t)
	threshold := table().Identification(0.01, 1)
	require.Less(t, threshold, 0.5)
	for _, c := range []struct {
		enrolled, probe float64
		found           bool
	}{
		{0, 0, true}, {0, 0.5, true}, {0.5, 0, true}, {0.5, 0.5, false},
	} {
		name := fmt.Sprintf("doubt %v enrolled and %v searched", c.enrolled, c.probe)
		want := math.Sqrt(1-c.enrolled*c.enrolled)*math.Sqrt(1-c.probe*c.probe)*0.6 - c.enrolled*c.probe
		require.Equal(t, c.found, want >= threshold, name)
		enrol(t, s, "ann", photograph(t, shown{Person: "ann", Doubt: c.enrolled}))
		probe := photograph(t, alike("stranger", c.probe))

		a := search(t, s, identify.SearchRequest{Photos: [][]byte{probe}}).Probes[0]
		outcome := identify.Nobody
		if c.found {
			outcome = identify.One
			require.InDelta(t, want, a.Candidates[0].Cosine, 1e-5, name)
			require.InDelta(t, table().Score(want), a.Candidates[0].Score, 1e-3, name)
		}
		require.Equal(t, outcome, a.Outcome, name)

		v, err := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: probe, Gallery: gallery, Subject: "ann", FMR: 1e-2})
		require.NoError(t, err)
		require.InDelta(t, want, v.Cosine, 1e-5, name)
		require.Equal(t, want >= table().Threshold(1e-2), v.Match, name)

		both := [2]identify.Verification{}
		for i, req := range []identify.VerifyRequest{
			{Photo: probe, Reference: photograph(t, shown{Person: "ann", Doubt: c.enrolled})},
			{Photo: photograph(t, shown{Person: "ann", Doubt: c.enrolled}), Reference: probe},
		} {
			both[i], err = s.Verify(t.Context(), by, req)
			require.NoError(t, err)
			require.InDelta(t, want, both[i].Cosine, 1e-5, name)
			require.InDelta(t, table().FMR(want), both[i].FMR, 1e-4, name)
		}
		require.Equal(t, both[0].Cosine, both[1].Cosine, "either photo may be the probe")
		_, err = s.DeleteSubject(t.Context(), by, gallery, "ann")
		require.NoError(t, err)
	}
}

// Several poor photos of one person are together as far from a stranger's poor
// photo as each of them.
func TestMeanOfPoorPhotosKeepsItsDoubt(t *testing.T) {
	s := newService(t)
	const doubt = 0.5
	enrol(t, s, "ann", photograph(t, shown{Person: "ann", Doubt: doubt}))
	var photos [][]byte
	var probe []float32
	for take := range identify.MaxProbes {
		f := alike("stranger", doubt)
		f.Take = take
		photos = append(photos, photograph(t, f))
		form := doubted(template(f), -doubt)
		if probe == nil {
			probe = make([]float32, len(form))
		}
		for i, x := range form {
			probe[i] += x
		}
	}
	mean, err := face.NewTemplate(probe)
	require.NoError(t, err)
	require.GreaterOrEqual(t, -mean[len(mean)-1], float32(doubt))
	want, err := mean.Cosine(doubted(direction("person ann"), doubt))
	require.NoError(t, err)
	low := -1.0
	a := search(t, s, identify.SearchRequest{Photos: photos, Threshold: &low}).Probes[0]
	require.InDelta(t, want, a.Candidates[0].Cosine, 1e-6)
	require.Equal(t, identify.Nobody, search(t, s, identify.SearchRequest{Photos: photos}).Probes[0].Outcome)
}

func TestIncomparablePhotoIsNotEnrolled(t *testing.T) {
	s := newService(t)
	good, bad := photograph(t, shown{Person: "ann"}), photograph(t, poor("ann", 1))
	for _, mode := range []string{store.GateReport, store.GateEnforce} {
		setQuality(t, s, mode)
		for argument, photos := range map[string][][]byte{"photo": {bad}, "photo[1]": {good, bad}} {
			_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "ann", Create: true, Photos: photos})
			requireIncomparable(t, err, argument)
			_, err = s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: photos, Insert: true})
			requireIncomparable(t, err, argument)
		}
		enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
		_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: "bob", Photos: [][]byte{bad}})
		requireIncomparable(t, err, "photo")
		subs, err := s.Subjects(t.Context(), by, gallery, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, subs, 1)
		require.Equal(t, 1, subs[0].Faces)
		_, err = s.DeleteSubject(t.Context(), by, gallery, "bob")
		require.NoError(t, err)
	}
}

func requireIncomparable(t *testing.T, err error, argument string) {
	t.Helper()
	var q *identify.QualityError
	require.ErrorAs(t, err, &q)
	require.Equal(t, []string{photo.ReasonDark, photo.ReasonNotComparable}, q.Reasons)
	var a *identify.ArgumentError
	require.ErrorAs(t, err, &a)
	require.Equal(t, argument, a.Argument)
}

// A photo that cannot be compared matches nobody, however alike, and the
// answer says why.
func TestIncomparablePhotoMatchesNobody(t *testing.T) {
	s := newService(t)
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	bad, good := photograph(t, poor("ann", 0)), photograph(t, shown{Person: "ann", Take: 1})
	reasons := []string{photo.ReasonDark, photo.ReasonNotComparable}
	for _, mode := range []string{store.GateReport, store.GateOff} {
		setQuality(t, s, mode)
		low := -1.0
		for name, req := range map[string]identify.SearchRequest{
			"one":             {Photos: [][]byte{bad}},
			"several":         {Photos: [][]byte{bad, bad}},
			"of a group":      {Photos: [][]byte{bad}, AllFaces: true},
			"whatever cosine": {Photos: [][]byte{bad}, Threshold: &low},
		} {
			a := search(t, s, req)
			require.Equal(t, identify.Nobody, a.Probes[0].Outcome, name)
			require.Empty(t, a.Probes[0].Candidates, name)
			require.Equal(t, 1, a.Probes[0].Faces, name)
			require.Equal(t, reasons, a.Probes[0].Face.Quality.Reasons, name)
		}
		for name, req := range map[string]identify.VerifyRequest{
			"probe":           {Photo: bad, Reference: good},
			"reference":       {Photo: good, Reference: bad},
			"both":            {Photo: bad, Reference: bad},
			"of a subject":    {Photo: bad, Gallery: gallery, Subject: "ann"},
			"at any rate":     {Photo: bad, Gallery: gallery, Subject: "ann", FMR: 0.999999},
			"in one's folder": {Photo: bad, Reference: bad, Pack: pack},
		} {
			v, err := s.Verify(t.Context(), by, req)
			require.NoError(t, err, name)
			require.False(t, v.Match, name)
			require.Equal(t, -1.0, v.Cosine, name)
			require.Equal(t, 1.0, v.FMR, name)
			require.Zero(t, v.Score, name)
			require.Empty(t, v.Face, name)
			told := v.Probe.Quality.Reasons
			if v.Reference != nil {
				told = append(told, v.Reference.Quality.Reasons...)
			}
			require.Subset(t, told, reasons, name)
		}
	}

	// One that cannot be compared does not spoil the others.
	a := search(t, s, identify.SearchRequest{Photos: [][]byte{bad, good}}).Probes[0]
	require.Equal(t, identify.One, a.Outcome)
	require.Empty(t, a.Face.Quality.Reasons)
	require.InDelta(t, table().Identification(0.01, 1), a.Threshold, 1e-12)
}

// Where quality is off a face that cannot be compared may be enrolled, each as
// a person of their own.
func TestIncomparablePhotosWhereQualityIsOff(t *testing.T) {
	s := newService(t)
	setQuality(t, s, store.GateOff)
	for i := range 5 {
		a := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, poor("ann", 0))}, Insert: true, Metadata: map[string]string{"n": strconv.Itoa(i)}})
		require.NotNil(t, a.Inserted)
		require.Equal(t, i, a.Probes[0].Faces)
	}
	subs, err := s.Subjects(t.Context(), by, gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, subs, 5)
}
