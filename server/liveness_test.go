package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

type livenessShown struct {
	Verdict, Reason string
	Score           *float64
}

func TestLiveness(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	show := func(score float64) []byte {
		return servertest.Photo(t, servertest.Shown{Person: "ada", Take: 2, Live: &score})
	}
	mode := func(mode string) {
		t.Helper()
		require.Equal(t, http.StatusOK, c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"liveness": mode}}).Status)
	}
	const search, faces, verify = "/v1/galleries/staff/search", "/v1/galleries/staff/subjects/ada/faces", "/v1/galleries/staff/subjects/ada/verify"
	type probed struct {
		Probe struct{ Liveness *livenessShown }
	}
	type enrolled struct {
		Faces []struct{ Liveness *livenessShown }
	}
	for name, want := range map[string]*livenessShown{"off": nil, "report": {Verdict: "spoof"}} {
		mode(name)
		var found, compared probed
		var added enrolled
		c.raw(t, search, show(0.02)).Into(t, http.StatusOK, &found)
		c.raw(t, verify, show(0.02)).Into(t, http.StatusOK, &compared)
		c.raw(t, faces, show(0.02)).Into(t, http.StatusCreated, &added)
		for _, got := range []*livenessShown{found.Probe.Liveness, compared.Probe.Liveness, added.Faces[0].Liveness} {
			if want == nil {
				require.Nil(t, got)
				continue
			}
			require.Equal(t, want.Verdict, got.Verdict)
			require.InDelta(t, 0.02, *got.Score, 1e-9)
		}
	}

	mode("enforce")
	for _, path := range []string{search, search + "?insert=true", faces, verify} {
		c.raw(t, path, show(0.02)).Refused(t, http.StatusUnprocessableEntity, "spoof_suspected")
		refused := c.raw(t, path, show(0.3)).Refused(t, http.StatusUnprocessableEntity, "liveness_unknown")
		require.Equal(t, []string{"uncertain"}, refused.Reasons)
		require.Less(t, c.raw(t, path, show(0.7)).Status, 300)
	}

	var d struct {
		Faces []struct{ Liveness *livenessShown }
	}
	c.raw(t, "/v1/detect", show(0.3)).Into(t, http.StatusOK, &d)
	require.Nil(t, d.Faces[0].Liveness)
	c.raw(t, "/v1/detect?liveness=true", show(0.3)).Into(t, http.StatusOK, &d)
	require.Equal(t, "unknown", d.Faces[0].Liveness.Verdict)
	require.Equal(t, "uncertain", d.Faces[0].Liveness.Reason)
}

func TestAnswersSayWhatIsExtrapolated(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	for query, want := range map[string]bool{"": false, "?fpir=0.00001": true, "?threshold=0.99": true, "?threshold=0": false} {
		var s struct {
			Extrapolated *bool `json:"threshold_extrapolated"`
		}
		c.raw(t, "/v1/galleries/staff/search"+query, servertest.Of(t, "ada", 2)).Into(t, http.StatusOK, &s)
		require.NotNil(t, s.Extrapolated)
		require.Equal(t, want, *s.Extrapolated, query)
	}
	for query, want := range map[string]bool{"?fmr=0.001": false, "?fmr=0.00001": true} {
		var v struct {
			Extrapolated *bool `json:"threshold_extrapolated"`
		}
		c.raw(t, "/v1/galleries/staff/subjects/ada/verify"+query, servertest.Of(t, "ada", 2)).Into(t, http.StatusOK, &v)
		require.Equal(t, want, *v.Extrapolated, query)
	}
}
