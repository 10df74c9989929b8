package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

// resembling is who is like a subject.
type resembling struct {
	Match      string
	Candidates []struct {
		Subject, Face, Of string
		Cosine, Score     float64
	}
	Searched  []string
	LeftOut   int `json:"left_out"`
	Threshold float64
	Faces     int
	Timings   *m
}

func TestSearchOfAStoredPerson(t *testing.T) {
	c := start(t)
	var ada enrolment
	c.raw(t, "/v1/galleries/staff/subjects?id=ada", servertest.Of(t, "ada", 1)).Into(t, http.StatusCreated, &ada)
	c.enrol(t, "staff", "bob", 1)
	c.raw(t, "/v1/galleries/staff/subjects?id=countess", servertest.Of(t, "ada", 2))
	path := "/v1/galleries/staff/subjects/ada/search"

	var r resembling
	a := c.Do(t, c.key, "POST", path, "", nil)
	a.Into(t, http.StatusOK, &r)
	require.NotEmpty(t, a.Header.Get(server.HeaderPosition))
	require.Equal(t, "one", r.Match)
	require.Equal(t, "countess", r.Candidates[0].Subject)
	require.Equal(t, ada.Faces[0].ID, r.Candidates[0].Of)
	require.Equal(t, []string{ada.Faces[0].ID}, r.Searched)
	require.Greater(t, r.Candidates[0].Cosine, r.Threshold)
	require.Equal(t, 3, r.Faces)
	require.Nil(t, r.Timings)
	c.json(t, "POST", path+"?timings=true", m{"face": ada.Faces[0].ID, "k": 1, "fpir": 0.5}).Into(t, http.StatusOK, &r)
	require.NotNil(t, r.Timings)
	c.json(t, "POST", path, m{"threshold": 0.9999}).Into(t, http.StatusOK, &r)
	require.Equal(t, "nobody", r.Match)

	for _, bad := range []m{{"k": 0}, {"k": 101}, {"fpir": 1}, {"threshold": 2}, {"photo": "x"}, {"face": 1}, {"filter": m{"a": "b"}}, {"in": nil}} {
		c.json(t, "POST", path, bad).Refused(t, http.StatusBadRequest, "invalid_request")
	}
	c.json(t, "POST", path, m{"face": "01a20541-86a6-7cab-93ed-09e0f9b868cb"}).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "POST", path, m{"face": "no id"}).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "POST", path, m{"in": "none"}).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "POST", "/v1/galleries/staff/subjects/none/search", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "POST", "/v1/galleries/none/subjects/ada/search", nil).Refused(t, http.StatusNotFound, "not_found")
}

func TestDuplicates(t *testing.T) {
	c := start(t)
	for _, id := range []string{"ada", "bob", "cy"} {
		c.enrol(t, "staff", id, 1)
	}
	c.raw(t, "/v1/galleries/staff/subjects?id=bob2", servertest.Of(t, "bob", 2))
	var d struct {
		Pairs []struct {
			A, B          struct{ Subject, Face string }
			Cosine, Score float64
		}
		Searched, Faces int
		Threshold       float64
		Next            string
	}
	path := "/v1/galleries/staff/duplicates"
	c.json(t, "GET", path, nil).Into(t, http.StatusOK, &d)
	require.Len(t, d.Pairs, 1)
	require.Equal(t, "bob", d.Pairs[0].A.Subject)
	require.Equal(t, "bob2", d.Pairs[0].B.Subject)
	require.Equal(t, 4, d.Searched)
	require.Equal(t, 4, d.Faces)
	require.Empty(t, d.Next)
	d.Next = ""
	c.json(t, "GET", path+"?limit=3", nil).Into(t, http.StatusOK, &d)
	require.Equal(t, "bob2", d.Next)
	d.Next = ""
	c.json(t, "GET", path+"?limit=3&after=bob2", nil).Into(t, http.StatusOK, &d)
	require.Empty(t, d.Pairs)
	require.Empty(t, d.Next)
	c.json(t, "POST", "/v1/galleries", m{"name": "empty"})
	c.json(t, "GET", path+"?in=empty", nil).Into(t, http.StatusOK, &d)
	require.Empty(t, d.Pairs)
	for _, bad := range []string{"limit=0", "limit=1001", "k=0", "k=101", "fpir=0", "threshold=-2", "threshold=NaN", "photo=x"} {
		c.json(t, "GET", path+"?"+bad, nil).Refused(t, http.StatusBadRequest, "invalid_request")
	}
	c.json(t, "GET", "/v1/galleries/none/duplicates", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "GET", path+"?in=none", nil).Refused(t, http.StatusNotFound, "not_found")
}
