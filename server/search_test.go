package server_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

func TestSearch(t *testing.T) {
	c := start(t)
	for _, id := range []string{"ada", "bob", "cy"} {
		c.enrol(t, "staff", id, 1)
	}
	c.json(t, "PATCH", "/v1/galleries/staff/subjects/ada", m{"metadata": m{"team": "a"}})
	search := func(query string, photo []byte) (s searched) {
		t.Helper()
		c.raw(t, "/v1/galleries/staff/search"+query, photo).Into(t, http.StatusOK, &s)
		return s
	}
	ada := servertest.Of(t, "ada", 2)

	s := search("", ada)
	require.Equal(t, "one", s.Match)
	require.Len(t, s.Candidates, 1)
	require.Equal(t, "ada", s.Candidates[0].Subject)
	require.Equal(t, map[string]string{"team": "a"}, s.Candidates[0].Metadata)
	require.Greater(t, s.Candidates[0].Cosine, s.Threshold)
	require.Equal(t, 3, s.Faces)
	require.Contains(t, s.Probe, "landmarks")
	require.Nil(t, s.Timings)

	require.Equal(t, "nobody", search("", servertest.Of(t, "zoe", 1)).Match)
	require.Empty(t, search("", servertest.Of(t, "zoe", 1)).Candidates)
	require.Equal(t, "nobody", search("?threshold=0.99", ada).Match)
	require.Len(t, search("?threshold=-1&k=2", ada).Candidates, 2)
	require.Equal(t, "nobody", search("?filter="+url.QueryEscape(`{"team":["b"]}`), ada).Match)
	require.Equal(t, "one", search("?filter="+url.QueryEscape(`{"team":["b","a"]}`), ada).Match)
	require.Greater(t, search("?fpir=0.000001", ada).Threshold, s.Threshold)

	group := servertest.Photo(t, servertest.Shown{Person: "ada", Take: 3}, servertest.Shown{Person: "zoe"})
	c.raw(t, "/v1/galleries/staff/search", group).Refused(t, http.StatusUnprocessableEntity, "several_faces")
	all := search("?all_faces=true", group)
	require.Empty(t, all.Match, "one answer a face instead")
	require.Len(t, all.Probes, 2)
	require.Equal(t, "one", all.Probes[0].Match)
	require.Equal(t, "nobody", all.Probes[1].Match)

	s = search("?insert=true&metadata="+url.QueryEscape(`{"new":"yes"}`), servertest.Of(t, "zoe", 1))
	require.Equal(t, "nobody", s.Match)
	require.NotNil(t, s.Inserted)
	require.Equal(t, map[string]string{"new": "yes"}, s.Inserted.Subject.Metadata)
	s = search("?insert=true", servertest.Of(t, "zoe", 2))
	require.Equal(t, "one", s.Match)
	require.Nil(t, s.Inserted)
}

// Every answer to what changes searches carries a position, and a later one a
// higher.
func TestChangesCarryTheirPosition(t *testing.T) {
	c := start(t)
	c.json(t, "POST", "/v1/galleries", m{"name": "guests"})
	var e enrolment
	last := uint64(0)
	for _, call := range []struct {
		name string
		do   func() servertest.Answer
	}{
		{"enrol", func() servertest.Answer {
			a := c.raw(t, "/v1/galleries/guests/subjects?id=ada", servertest.Of(t, "ada", 1))
			a.Into(t, http.StatusCreated, &e)
			return a
		}},
		{"add a face", func() servertest.Answer {
			return c.raw(t, "/v1/galleries/guests/subjects/ada/faces", servertest.Of(t, "ada", 2))
		}},
		{"change metadata", func() servertest.Answer {
			return c.json(t, "PATCH", "/v1/galleries/guests/subjects/ada", m{"metadata": m{"floor": "3"}})
		}},
		{"delete a face", func() servertest.Answer {
			return c.json(t, "DELETE", "/v1/galleries/guests/subjects/ada/faces/"+e.Faces[0].ID, nil)
		}},
		{"delete a subject", func() servertest.Answer {
			return c.json(t, "DELETE", "/v1/galleries/guests/subjects/ada", nil)
		}},
		{"search that inserts", func() servertest.Answer {
			return c.raw(t, "/v1/galleries/guests/search?insert=true", servertest.Of(t, "zoe", 1))
		}},
		{"delete a gallery", func() servertest.Answer { return c.json(t, "DELETE", "/v1/galleries/guests", nil) }},
	} {
		a := call.do()
		require.Less(t, a.Status, 300, "%s: %s", call.name, a.Body)
		at, err := strconv.ParseUint(a.Header.Get(server.HeaderPosition), 10, 64)
		require.NoError(t, err, call.name)
		require.Greater(t, at, last, call.name)
		last = at
	}
}

// A search that is sent an enrolment's position sees that enrolment.
func TestPositions(t *testing.T) {
	c := start(t)
	a := c.raw(t, "/v1/galleries/staff/subjects?id=ada", servertest.Of(t, "ada", 1))
	at := a.Header.Get(server.HeaderPosition)
	require.NotEmpty(t, at)
	photo := servertest.Of(t, "ada", 2)
	a = c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "image/jpeg", photo, server.HeaderPosition+": "+at)
	require.Equal(t, http.StatusOK, a.Status)
	wanted, err := strconv.ParseUint(at, 10, 64)
	require.NoError(t, err)
	got, err := strconv.ParseUint(a.Header.Get(server.HeaderPosition), 10, 64)
	require.NoError(t, err)
	require.GreaterOrEqual(t, got, wanted)
	for _, bad := range []string{"-1", "1.5", "now", "99999999999999999999999"} {
		a = c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "image/jpeg", photo, server.HeaderPosition+": "+bad)
		require.Equal(t, server.HeaderPosition, a.Refused(t, http.StatusBadRequest, "invalid_request").Field)
	}
}
