package identify_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

func judged(verdict photo.Verdict, score float64, reason string) *photo.Liveness {
	return &photo.Liveness{Verdict: verdict, Score: &score, Reason: reason}
}

// newJudging is a service with an empty gallery of the liveness mode.
func newJudging(t *testing.T, e scripted, mode string) *identify.Service {
	t.Helper()
	e.table = table()
	s, db := openWith(t, filepath.Join(t.TempDir(), "oneton.db"), e)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	p := policy()
	p.Liveness = mode
	_, err := s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery, Policy: p})
	require.NoError(t, err)
	return s
}

func TestLivenessIsJudgedOnlyWhenAskedFor(t *testing.T) {
	for mode, want := range map[string]int32{store.GateOff: 0, store.GateReport: 3, store.GateEnforce: 3} {
		t.Run(mode, func(t *testing.T) {
			var asked atomic.Int32
			s := newJudging(t, scripted{judged: &asked}, mode)
			ann := photograph(t, shown{Person: "ann"})
			e := enrol(t, s, "ann", ann)
			found := search(t, s, identify.SearchRequest{Photos: [][]byte{ann}})
			v, err := s.Verify(t.Context(), by, identify.VerifyRequest{Gallery: gallery, Subject: "ann", Photo: ann})
			require.NoError(t, err)
			require.Equal(t, want, asked.Load())
			for _, l := range []*photo.Liveness{e.Liveness[0], found.Probes[0].Face.Liveness, v.Probe.Liveness} {
				require.Equal(t, want > 0, l != nil)
			}
		})
	}
}

func TestReportNeverRefuses(t *testing.T) {
	s := newJudging(t, scripted{}, store.GateReport)
	for i, live := range []*photo.Liveness{
		judged(photo.Spoof, 0.01, ""), judged(photo.Unknown, 0.3, photo.ReasonUncertain), {Verdict: photo.Unknown, Reason: photo.ReasonFailed},
	} {
		person := string(rune('a' + i))
		p := photograph(t, shown{Person: person, Live: live})
		require.Equal(t, live, enrol(t, s, person, p).Liveness[0])
		probe := search(t, s, identify.SearchRequest{Photos: [][]byte{p}}).Probes[0]
		require.Equal(t, identify.One, probe.Outcome)
		require.Equal(t, live, probe.Face.Liveness)
	}
}

// What enforce refuses leaves nothing behind.
func TestEnforceLetsOnlyRealFacesPass(t *testing.T) {
	s := newJudging(t, scripted{}, store.GateEnforce)
	ctx := t.Context()
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	for name, c := range map[string]struct {
		live *photo.Liveness
		want error
	}{
		"spoof":     {judged(photo.Spoof, 0.01, ""), identify.ErrSpoof},
		"uncertain": {judged(photo.Unknown, 0.3, photo.ReasonUncertain), identify.ErrLivenessUnknown},
		"cut off":   {&photo.Liveness{Verdict: photo.Unknown, Reason: photo.ReasonCutOff}, identify.ErrLivenessUnknown},
		"no model":  {&photo.Liveness{Verdict: photo.Unknown, Reason: photo.ReasonNoModel}, identify.ErrLivenessUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := photograph(t, shown{Person: "ann", Take: 1, Live: c.live})
			_, err := s.Enrol(ctx, by, identify.EnrolRequest{Gallery: gallery, Subject: "new", Create: true, Photos: [][]byte{photograph(t, shown{Person: "bob"}), p}})
			require.ErrorIs(t, err, c.want)
			_, err = s.Search(ctx, by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{p}, Insert: true})
			require.ErrorIs(t, err, c.want)
			_, err = s.Verify(ctx, by, identify.VerifyRequest{Gallery: gallery, Subject: "ann", Photo: p})
			require.ErrorIs(t, err, c.want)
			if c.live.Verdict == photo.Unknown {
				var unknown *identify.LivenessError
				require.ErrorAs(t, err, &unknown)
				require.Equal(t, c.live.Reason, unknown.Reason)
			}
			// In a search of all faces it matches nobody, and the rest is answered.
			both := photograph(t, shown{Person: "ann", Take: 2}, shown{Person: "ann", Take: 1, Live: c.live})
			a := search(t, s, identify.SearchRequest{Photos: [][]byte{both}, AllFaces: true})
			require.Equal(t, identify.One, a.Probes[0].Outcome)
			require.Equal(t, identify.Nobody, a.Probes[1].Outcome)
			require.Equal(t, c.live, a.Probes[1].Face.Liveness)
		})
	}
	all, err := s.Subjects(ctx, by, gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, 1, all[0].Faces)
}

func TestWithoutALivenessModel(t *testing.T) {
	s := newJudging(t, scripted{blind: true}, store.GateReport)
	l := enrol(t, s, "ann", photograph(t, shown{Person: "ann"})).Liveness[0]
	require.Equal(t, &photo.Liveness{Verdict: photo.Unknown, Reason: photo.ReasonNoModel}, l)
	p := policy()
	p.Liveness = store.GateEnforce
	_, err := s.UpdatePolicy(t.Context(), by, gallery, to(p))
	require.ErrorIs(t, err, identify.ErrInvalid)
	require.ErrorContains(t, err, "oneton setup --with liveness")
	_, err = s.CreateGallery(t.Context(), by, store.Gallery{Name: "other", Policy: p})
	require.ErrorIs(t, err, identify.ErrInvalid)
}

func TestDetectJudgesLivenessWhenAsked(t *testing.T) {
	s := newService(t)
	p := photograph(t, shown{Person: "ann"}, shown{Person: "screen", Live: judged(photo.Spoof, 0.02, "")})
	d, err := s.Detect(t.Context(), identify.DetectRequest{Photo: p})
	require.NoError(t, err)
	require.Nil(t, d.Faces[0].Liveness)
	d, err = s.Detect(t.Context(), identify.DetectRequest{Photo: p, Liveness: true})
	require.NoError(t, err)
	require.Equal(t, photo.Real, d.Faces[0].Liveness.Verdict)
	require.Equal(t, photo.Spoof, d.Faces[1].Liveness.Verdict)
}
