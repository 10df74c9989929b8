package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

func TestVerify(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	ada, zoe := servertest.Of(t, "ada", 2), servertest.Of(t, "zoe", 1)
	type verified struct {
		Match                         bool
		Cosine, Score, FMR, Threshold float64
		Probe, Reference              m
		Face                          string
		Timings                       m
	}
	var v verified
	c.json(t, "POST", "/v1/verify", m{"photo": text(ada), "reference": text(servertest.Of(t, "ada", 3)), "timings": true}).Into(t, http.StatusOK, &v)
	require.True(t, v.Match)
	require.NotNil(t, v.Reference)
	require.Empty(t, v.Face)
	require.NotNil(t, v.Timings)
	require.Less(t, v.FMR, 1e-4)

	contentType, form := multipartOf(t, nil, "photo", ada)
	c.Do(t, c.key, "POST", "/v1/verify", contentType, form).Refused(t, http.StatusBadRequest, "invalid_request")
	c.raw(t, "/v1/verify", ada).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")

	v = verified{}
	c.json(t, "POST", "/v1/verify", m{"photo": text(ada), "reference": text(zoe)}).Into(t, http.StatusOK, &v)
	require.False(t, v.Match)

	v = verified{}
	c.raw(t, "/v1/galleries/staff/subjects/ada/verify", ada).Into(t, http.StatusOK, &v)
	require.True(t, v.Match)
	require.NotEmpty(t, v.Face)
	require.Nil(t, v.Reference)
	c.raw(t, "/v1/galleries/staff/subjects/ada/verify?fmr=0.0000000001", ada).Into(t, http.StatusOK, &v)
	require.False(t, v.Match, "a stricter rate")
	c.raw(t, "/v1/galleries/staff/subjects/ada/verify", zoe).Into(t, http.StatusOK, &v)
	require.False(t, v.Match)

	c.raw(t, "/v1/galleries/staff/subjects/bob/verify", ada).Refused(t, http.StatusNotFound, "not_found")
	for _, fmr := range []string{"0", "1", "-1", "low"} {
		p := c.raw(t, "/v1/galleries/staff/subjects/ada/verify?fmr="+fmr, ada).Refused(t, http.StatusBadRequest, "invalid_request")
		require.Equal(t, "fmr", p.Field)
	}
	c.json(t, "POST", "/v1/verify", m{"photo": text(ada), "reference": text(zoe), "pack": "other"}).Refused(t, http.StatusUnprocessableEntity, "unknown_pack")
}

func TestDetect(t *testing.T) {
	c := start(t)
	var d struct {
		Width, Height, Rotation int
		Faces                   []m
		LeftOut                 int `json:"faces_left_out"`
		Truncated               bool
		Timings                 m
	}
	photo := servertest.Photo(t, servertest.Shown{Person: "ada"}, servertest.Shown{Person: "bob"})
	c.raw(t, "/v1/detect?timings=true", photo).Into(t, http.StatusOK, &d)
	require.Equal(t, 640, d.Width)
	require.Len(t, d.Faces, 2)
	require.NotNil(t, d.Timings)
	c.raw(t, "/v1/detect", servertest.Photo(t)).Into(t, http.StatusOK, &d)
	require.Empty(t, d.Faces, "no face is an answer here")
	require.Zero(t, d.LeftOut)
	require.False(t, d.Truncated)
	crowd := servertest.Scripted(t, servertest.Script{Faces: []servertest.Shown{{Person: "ada"}, {Person: "bob"}}, LeftOut: 3})
	c.raw(t, "/v1/detect", crowd).Into(t, http.StatusOK, &d)
	require.Equal(t, 3, d.LeftOut)
	require.True(t, d.Truncated)
	var a struct {
		Probes    []m
		LeftOut   *int `json:"faces_left_out"`
		Truncated *bool
	}
	c.raw(t, "/v1/galleries/staff/search?all_faces=true", crowd).Into(t, http.StatusOK, &a)
	require.Len(t, a.Probes, 2)
	require.Equal(t, 3, *a.LeftOut)
	require.True(t, *a.Truncated)
	one := c.raw(t, "/v1/galleries/staff/search", servertest.Of(t, "ada", 0))
	one.Into(t, http.StatusOK, &m{})
	require.NotContains(t, string(one.Body), "truncated", "of one face nothing is left out")
}

// Every answer that has a face says how its photo was turned, also long after.
func TestTurnedPhoto(t *testing.T) {
	c := start(t)
	photo := servertest.Scripted(t, servertest.Script{Faces: []servertest.Shown{{Person: "eve"}}, Rotation: 270})
	var d struct {
		Rotation int
		Faces    []struct{ Rotation int }
	}
	c.raw(t, "/v1/detect", photo).Into(t, http.StatusOK, &d)
	require.Equal(t, 270, d.Rotation)
	require.Equal(t, 270, d.Faces[0].Rotation)
	c.raw(t, "/v1/galleries/staff/subjects?id=eve", photo).Into(t, http.StatusCreated, &d)
	require.Equal(t, 270, d.Faces[0].Rotation)
	c.json(t, "GET", "/v1/galleries/staff/subjects/eve", nil).Into(t, http.StatusOK, &d)
	require.Equal(t, 270, d.Faces[0].Rotation, "kept")
	var a struct{ Probe, Reference struct{ Rotation int } }
	c.raw(t, "/v1/galleries/staff/search", photo).Into(t, http.StatusOK, &a)
	require.Equal(t, 270, a.Probe.Rotation)
	c.json(t, "POST", "/v1/verify", m{"photo": text(servertest.Of(t, "eve", 0)), "reference": text(photo)}).Into(t, http.StatusOK, &a)
	require.Zero(t, a.Probe.Rotation)
	require.Equal(t, 270, a.Reference.Rotation)
}
