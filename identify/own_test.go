package identify_test

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// owned is a service whose owner has fitted what poor photos are worth.
func owned(t *testing.T, p *calibration.Poor) *identify.Service {
	t.Helper()
	s, db := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	definition, err := json.Marshal(calibration.Own{Table: *table(), Poor: p})
	require.NoError(t, err)
	require.NoError(t, identify.NewCalibrations(db).PutCalibration(t.Context(), pack, definition))
	return s
}

// Searches and comparisons take the product of two doubts from their likeness as
// often as the owner's weight says, of templates that stay as the pack made them.
func TestOwnersWeightCounts(t *testing.T) {
	for _, weight := range []float64{0, 0.5, 1, 2, 4} {
		s := owned(t, &calibration.Poor{Weight: weight})
		threshold := table().Identification(0.01, 1)
		for _, c := range []struct{ enrolled, probe float64 }{{0, 0.5}, {0.3, 0.3}, {0.5, 0.5}, {0.5, -0.1}} {
			want := math.Sqrt(1-c.enrolled*c.enrolled)*math.Sqrt(1-c.probe*c.probe)*0.6 - weight*c.enrolled*c.probe
			enrolled, probe := photograph(t, shown{Person: "ann", Doubt: c.enrolled}), photograph(t, alike("stranger", c.probe))
			enrol(t, s, "ann", enrolled)

			a := search(t, s, identify.SearchRequest{Photos: [][]byte{probe}}).Probes[0]
			require.InDelta(t, threshold, a.Threshold, 1e-12)
			if want >= threshold {
				require.Equal(t, identify.One, a.Outcome, "weight %v, %+v", weight, c)
				require.InDelta(t, want, a.Candidates[0].Cosine, 1e-5)
				require.InDelta(t, table().Score(want), a.Candidates[0].Score, 1e-3)
			} else {
				require.Equal(t, identify.Nobody, a.Outcome, "weight %v, %+v", weight, c)
			}
			for _, bound := range []float64{-1, want - 1e-4, want + 1e-4} {
				a = search(t, s, identify.SearchRequest{Photos: [][]byte{probe}, Threshold: &bound}).Probes[0]
				require.Equal(t, bound < want, len(a.Candidates) == 1, "weight %v, %+v, threshold %v", weight, c, bound)
			}
			// Twice the same photo has the same mean.
			twice := float64(-1)
			a = search(t, s, identify.SearchRequest{Photos: [][]byte{probe, probe}, Threshold: &twice}).Probes[0]
			require.InDelta(t, want, a.Candidates[0].Cosine, 1e-5)

			for _, req := range []identify.VerifyRequest{
				{Photo: probe, Gallery: gallery, Subject: "ann"}, {Photo: probe, Reference: enrolled}, {Photo: enrolled, Reference: probe},
			} {
				v, err := s.Verify(t.Context(), by, req)
				require.NoError(t, err)
				require.InDelta(t, want, v.Cosine, 1e-5, "weight %v, %+v", weight, c)
				require.InEpsilon(t, table().FMR(want), v.FMR, 1e-3)
			}
			_, err := s.DeleteSubject(t.Context(), by, gallery, "ann")
			require.NoError(t, err)
		}
	}
}

// Inserting searches know a newcomer by the same likeness.
func TestOwnersWeightWhenInserting(t *testing.T) {
	for weight, same := range map[float64]bool{0: true, 4: false} {
		s := owned(t, &calibration.Poor{Weight: weight})
		for i, person := range []shown{{Person: "ann", Doubt: 0.4}, alike("stranger", 0.4)} {
			a := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, person)}, Insert: true})
			require.Equal(t, i == 0 || !same, a.Inserted != nil, "weight %v", weight)
		}
	}
}

// The owner's floor is the one that refuses, whether the pack's is higher or lower.
func TestOwnersFloorRefuses(t *testing.T) {
	s := owned(t, &calibration.Poor{Floor: 0.3, Weight: 1})
	for name, c := range map[string]struct {
		shown shown
		taken bool
	}{
		"good":                       {shown{Person: "a", Score: 0.8}, true},
		"above the owner's":          {shown{Person: "b", Score: 0.3}, true},
		"below the pack's and above": {shown{Person: "c", Score: 0.31, Reasons: []string{photo.ReasonDark, photo.ReasonNotComparable}}, true},
		"below the owner's":          {shown{Person: "d", Score: 0.29}, false},
		"below both":                 {shown{Person: "e", Score: 0.1, Reasons: []string{photo.ReasonDark, photo.ReasonNotComparable}}, false},
	} {
		content := photograph(t, c.shown)
		_, err := s.Enrol(t.Context(), by, identify.EnrolRequest{Gallery: gallery, Subject: store.SubjectID("it"), Create: true, Photos: [][]byte{content}})
		if c.taken {
			require.NoError(t, err, name)
		} else {
			var low *identify.QualityError
			require.ErrorAs(t, err, &low, name)
			require.Equal(t, 1, count(low.Reasons, photo.ReasonNotComparable), name)
		}
		a := search(t, s, identify.SearchRequest{Photos: [][]byte{content}}).Probes[0]
		require.Equal(t, c.taken, a.Outcome == identify.One, name)
		require.Equal(t, !c.taken, count(a.Face.Quality.Reasons, photo.ReasonNotComparable) == 1, name)
		d, err := s.Detect(t.Context(), identify.DetectRequest{Photo: content})
		require.NoError(t, err, name)
		require.Equal(t, c.taken, d.Faces[0].Comparable(), name)
		v, err := s.Verify(t.Context(), by, identify.VerifyRequest{Photo: content, Reference: content})
		require.NoError(t, err, name)
		require.Equal(t, c.taken, v.Match, name)
		if c.taken {
			_, err = s.DeleteSubject(t.Context(), by, gallery, "it")
			require.NoError(t, err)
		}
	}
}

func count(all []string, one string) (n int) {
	for _, v := range all {
		if v == one {
			n++
		}
	}
	return n
}

func TestOwnersNonsenseIsTold(t *testing.T) {
	s := owned(t, &calibration.Poor{Floor: 2, Weight: 1})
	_, err := s.Search(t.Context(), by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}})
	require.ErrorIs(t, err, calibration.ErrTrust)
}
