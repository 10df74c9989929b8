package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// A face that cannot be compared is not enrolled, matches nobody, and every
// answer says why, whatever the gallery's gate is; only off enrols it.
func TestIncomparableFaces(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	reasons := []string{"too_dark", "not_comparable"}
	shown := servertest.Shown{Person: "ada", Take: 1, Reasons: reasons}
	poor, good := servertest.Photo(t, shown), servertest.Of(t, "ada", 2)
	type told struct{ Quality struct{ Reasons []string } }
	type found struct {
		Match      string
		Candidates []m
		Probe      told
		Faces      int
	}
	type compared struct {
		Match              bool
		Cosine, Score, FMR float64
		Face               *string
		Probe, Reference   told
	}
	const subjects = "/v1/galleries/staff/subjects"
	mode := func(quality string) {
		require.Equal(t, http.StatusOK, c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"quality": quality}}).Status)
	}
	mode("enforce")
	for _, path := range []string{"/v1/galleries/staff/search", subjects + "/ada/verify"} {
		require.Equal(t, reasons, c.raw(t, path, poor).Refused(t, http.StatusUnprocessableEntity, "low_quality").Reasons)
	}
	for _, quality := range []string{"enforce", "report"} {
		mode(quality)
		for _, path := range []string{subjects, subjects + "/ada/faces", "/v1/galleries/staff/search?insert=true"} {
			p := c.raw(t, path, poor).Refused(t, http.StatusUnprocessableEntity, "low_quality")
			require.Equal(t, reasons, p.Reasons)
			require.Equal(t, "photo", p.Field)
		}
	}
	for _, quality := range []string{"report", "off"} {
		mode(quality)
		var f found
		c.raw(t, "/v1/galleries/staff/search?threshold=-1", poor).Into(t, http.StatusOK, &f)
		require.Equal(t, "nobody", f.Match)
		require.Equal(t, []m{}, f.Candidates)
		require.Equal(t, reasons, f.Probe.Quality.Reasons)
		require.Equal(t, 1, f.Faces)

		var v compared
		c.raw(t, subjects+"/ada/verify", poor).Into(t, http.StatusOK, &v)
		require.False(t, v.Match)
		require.Equal(t, []float64{-1, 0, 1}, []float64{v.Cosine, v.Score, v.FMR})
		require.Nil(t, v.Face)
		require.Equal(t, reasons, v.Probe.Quality.Reasons)
	}
	var all struct{ Probes []found }
	group := servertest.Photo(t, servertest.Shown{Person: "ada", Take: 2, Size: 300}, shown)
	c.raw(t, "/v1/galleries/staff/search?all_faces=true", group).Into(t, http.StatusOK, &all)
	require.Len(t, all.Probes, 2)
	require.Equal(t, "one", all.Probes[0].Match)
	require.Equal(t, "nobody", all.Probes[1].Match)
	require.Equal(t, reasons, all.Probes[1].Probe.Quality.Reasons)

	for _, pair := range [][2][]byte{{poor, good}, {good, poor}, {poor, poor}} {
		var v compared
		c.json(t, "POST", "/v1/verify", m{"photo": text(pair[0]), "reference": text(pair[1])}).Into(t, http.StatusOK, &v)
		require.False(t, v.Match)
		require.Equal(t, []float64{-1, 0, 1}, []float64{v.Cosine, v.Score, v.FMR})
		require.Equal(t, reasons, append(v.Probe.Quality.Reasons, v.Reference.Quality.Reasons...)[:2])
	}
	mode("off")
	require.Equal(t, http.StatusCreated, c.raw(t, subjects, poor).Status)
}
