package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// A face that is set aside is told so, is in the list of those, and comes back; a key
// that may only enrol takes nobody out of searches.
func TestFaceAside(t *testing.T) {
	c := start(t)
	var e enrolment
	c.raw(t, "/v1/galleries/staff/subjects?id=ada", servertest.Of(t, "ada", 1)).Into(t, http.StatusCreated, &e)
	at := "/v1/galleries/staff/subjects/ada/faces/" + e.Faces[0].ID + "/aside"
	enrols, deletes := c.Key(t, "acme", "enrol"), c.Key(t, "acme", "delete")
	c.Do(t, enrols, "PUT", at, "", nil).Refused(t, http.StatusForbidden, "forbidden")
	c.Do(t, deletes, "DELETE", at, "", nil).Refused(t, http.StatusForbidden, "forbidden")
	match := func() string {
		var a struct{ Match string }
		c.raw(t, "/v1/galleries/staff/search", servertest.Of(t, "ada", 2)).Into(t, http.StatusOK, &a)
		return a.Match
	}
	require.Equal(t, "one", match())
	var one, two struct {
		Faces []struct {
			AsideAt *time.Time `json:"aside_at"`
		}
		FaceCount int `json:"face_count"`
	}
	before := c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Header.Get("ETag")
	for range 2 { // which is the same as once
		a := c.Do(t, deletes, "PUT", at, "", nil)
		require.Equal(t, http.StatusNoContent, a.Status)
		require.NotEmpty(t, a.Header.Get("X-Oneton-Position"))
	}
	require.Equal(t, "nobody", match())
	read := c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil)
	require.NotEqual(t, before, read.Header.Get("ETag"))
	read.Into(t, http.StatusOK, &one)
	require.NotNil(t, one.Faces[0].AsideAt)
	require.Equal(t, 1, one.FaceCount)
	var list struct {
		Faces []struct{ Subject, Face string }
		Next  string
	}
	c.json(t, "GET", "/v1/galleries/staff/aside?limit=1", nil).Into(t, http.StatusOK, &list)
	require.Equal(t, e.Faces[0].ID, list.Faces[0].Face)
	require.Empty(t, list.Next)
	require.Equal(t, http.StatusNoContent, c.Do(t, enrols, "DELETE", at, "", nil).Status)
	require.Equal(t, "one", match())
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &two)
	require.Nil(t, two.Faces[0].AsideAt)
	require.Equal(t, "face", c.Do(t, deletes, "PUT", "/v1/galleries/staff/subjects/ada/faces/none/aside", "", nil).Refused(t, http.StatusNotFound, "not_found").Field)
	c.Do(t, deletes, "PUT", at+"?x=1", "", nil).Refused(t, http.StatusBadRequest, "invalid_request")
}

func TestThresholdsAndSearches(t *testing.T) {
	c := start(t)
	c.raw(t, "/v1/galleries/staff/subjects?id=ada", servertest.Of(t, "ada", 1))
	var found struct{ Threshold float64 }
	c.raw(t, "/v1/galleries/staff/search", servertest.Of(t, "ada", 2)).Into(t, http.StatusOK, &found)
	var expected struct {
		Enrolled int
		At       struct {
			Faces     int
			Threshold float64
			FNIR      *float64
		}
		Sizes, Rates []m
	}
	c.json(t, "GET", "/v1/galleries/staff/thresholds", nil).Into(t, http.StatusOK, &expected)
	require.Equal(t, 1, expected.Enrolled)
	require.InDelta(t, found.Threshold, expected.At.Threshold, 1e-9)
	require.Nil(t, expected.At.FNIR, "nobody has measured it")
	require.Len(t, expected.Sizes, 22)
	for query, field := range map[string]string{"fpir=0": "fpir", "fpir=1": "fpir", "fpir=x": "fpir", "faces=0": "faces", "faces=2000000000": "faces", "faces=1.5": "faces", "size=1": "size"} {
		require.Equal(t, field, c.json(t, "GET", "/v1/galleries/staff/thresholds?"+query, nil).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	}
	var made struct {
		Searches []struct {
			Gallery   string
			RequestID string `json:"request_id"`
			Faces     int
			Proof     string
			Timings   struct{ Total float64 }
		}
	}
	a := c.json(t, "GET", "/v1/searches", nil)
	a.Into(t, http.StatusOK, &made)
	require.Len(t, made.Searches, 1)
	require.Equal(t, "staff", made.Searches[0].Gallery)
	require.Equal(t, "bounds", made.Searches[0].Proof)
	require.NotEmpty(t, made.Searches[0].RequestID)
	require.NotContains(t, string(a.Body), "ada", "nothing of who was found")
	require.NotContains(t, string(a.Body), "cosine")
}
