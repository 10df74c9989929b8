package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/native"
	"oneton/server/servertest"
)

type importing struct {
	ID, Gallery, Format, Job, Status, Error string
	Done, Added, Present, Skipped, Refused  int
}

// imported waits for the end of an import.
func (c caller) imported(t *testing.T, id string) (i importing) {
	t.Helper()
	require.Eventually(t, func() bool {
		i = importing{}
		c.json(t, "GET", "/v1/imports/"+id, nil).Into(t, http.StatusOK, &i)
		return i.Status != "open" && i.Status != "queued" && i.Status != "running"
	}, time.Minute, 20*time.Millisecond)
	return i
}

func linesOf(t *testing.T, people ...string) (b []byte) {
	t.Helper()
	for n, who := range people {
		line, err := json.Marshal(m{"subject": who, "photo": text(servertest.Of(t, who, n)), "metadata": m{"n": fmt.Sprint(n)}})
		require.NoError(t, err)
		b = append(append(b, line...), '\n')
	}
	return b
}

// TestImportsThroughTheAPI: lines at once, an archive in parts; what came of each photo;
// and the jobs that do it.
func TestImportsThroughTheAPI(t *testing.T) {
	c := start(t)
	var i importing
	body := append(linesOf(t, "ada", "ada", "bob"), []byte("{}\n")...)
	a := c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", "application/x-ndjson", body)
	a.Into(t, http.StatusAccepted, &i)
	require.Equal(t, "/v1/imports/"+i.ID, a.Header.Get("Location"))
	done := c.imported(t, i.ID)
	require.Equal(t, "succeeded", done.Status, done.Error)
	require.Equal(t, []int{4, 3, 0, 0, 1}, []int{done.Done, done.Added, done.Present, done.Skipped, done.Refused})
	var list struct {
		Items []struct {
			N                            int
			Path, Subject, Outcome, Face string
			Code, Message                string
			Advice                       string `json:"what_to_do"`
		}
		Next string
	}
	c.json(t, "GET", "/v1/imports/"+i.ID+"/items?limit=3", nil).Into(t, http.StatusOK, &list)
	require.Len(t, list.Items, 3)
	require.Equal(t, "added", list.Items[0].Outcome)
	require.NotEmpty(t, list.Items[0].Face)
	require.Equal(t, "2", list.Next)
	c.json(t, "GET", "/v1/imports/"+i.ID+"/items?outcome=refused", nil).Into(t, http.StatusOK, &list)
	require.Len(t, list.Items, 1)
	require.Equal(t, "line 4", list.Items[0].Path)
	require.Equal(t, "invalid_row", list.Items[0].Code)
	require.NotEmpty(t, list.Items[0].Advice)
	var ada struct {
		FaceCount int `json:"face_count"`
		Metadata  map[string]string
	}
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &ada)
	require.Equal(t, 2, ada.FaceCount)
	require.Equal(t, map[string]string{"n": "0"}, ada.Metadata)

	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for n := range 3 {
		w, err := z.Create(fmt.Sprintf("eve/%d.jpg", n))
		require.NoError(t, err)
		_, err = w.Write(servertest.Of(t, "eve", n))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	c.json(t, "POST", "/v1/galleries/staff/imports", m{"format": "zip", "subject_from": "parent"}).Into(t, http.StatusCreated, &i)
	require.Equal(t, "open", i.Status)
	c.json(t, "POST", "/v1/imports/"+i.ID+"/start", nil).Refused(t, http.StatusConflict, "import_incomplete")
	half := packed.Len() / 2
	put := func(part string, content []byte) servertest.Answer {
		return c.Do(t, c.key, "PUT", "/v1/imports/"+i.ID+"/parts/"+part, "application/octet-stream", content)
	}
	require.Equal(t, http.StatusNoContent, put("2", packed.Bytes()[half:]).Status)
	c.json(t, "POST", "/v1/imports/"+i.ID+"/start", nil).Refused(t, http.StatusConflict, "import_incomplete")
	require.Equal(t, http.StatusNoContent, put("1", packed.Bytes()[:half]).Status)
	require.Equal(t, "part", put("0", packed.Bytes()).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	require.Equal(t, "part", put("x", packed.Bytes()).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	c.json(t, "POST", "/v1/imports/"+i.ID+"/start", nil).Into(t, http.StatusAccepted, &i)
	require.Equal(t, 3, c.imported(t, i.ID).Added)
	put("1", packed.Bytes()).Refused(t, http.StatusConflict, "import_started")

	var jobs struct {
		Jobs []struct{ ID, Kind, Status string }
	}
	c.json(t, "GET", "/v1/jobs?kind=import&status=succeeded", nil).Into(t, http.StatusOK, &jobs)
	require.Len(t, jobs.Jobs, 2)
	require.Contains(t, []string{jobs.Jobs[0].ID, jobs.Jobs[1].ID}, i.Job)
	c.json(t, "GET", "/v1/jobs/"+i.Job, nil).Into(t, http.StatusOK, &jobs.Jobs[0])
	c.json(t, "POST", "/v1/jobs/"+i.Job+"/cancel", nil).Refused(t, http.StatusConflict, "job_ended")
	require.Equal(t, "status", c.json(t, "GET", "/v1/jobs?status=x", nil).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	var imports struct{ Imports []importing }
	c.json(t, "GET", "/v1/imports", nil).Into(t, http.StatusOK, &imports)
	require.Len(t, imports.Imports, 2)
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", "/v1/imports/"+i.ID, nil).Status)
	c.json(t, "GET", "/v1/imports/"+i.ID, nil).Refused(t, http.StatusNotFound, "not_found")

	c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", "application/zip; charset=binary", packed.Bytes()).Into(t, http.StatusAccepted, &i)
	require.Equal(t, 3, c.imported(t, i.ID).Refused+c.imported(t, i.ID).Present)
	for _, other := range []string{"application/x-www-form-urlencoded", "text/csv", ""} {
		refused := c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", other, make([]byte, 2<<20)).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
		require.Contains(t, refused.Detail, "application/zip or application/x-ndjson", other)
	}

	for _, wrong := range []m{{"format": "tar"}, {}, {"format": "zip", "existing": "x"}, {"format": "zip", "subject_from": "x"}} {
		c.json(t, "POST", "/v1/galleries/staff/imports", wrong).Refused(t, http.StatusBadRequest, "invalid_request")
	}
	c.json(t, "POST", "/v1/galleries/none/imports", m{"format": "zip"}).Refused(t, http.StatusNotFound, "not_found")
}

// TestImportsOfOthers are not to be seen, nor their jobs, and each needs its scope.
func TestImportsOfOthers(t *testing.T) {
	c := start(t)
	var i importing
	c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", "application/x-ndjson", linesOf(t, "ada")).Into(t, http.StatusAccepted, &i)
	c.imported(t, i.ID)
	other := c.Key(t, "other", native.ScopeImports, native.ScopeJobs)
	for _, call := range [][2]string{
		{"GET", "/v1/imports/" + i.ID},
		{"GET", "/v1/imports/" + i.ID + "/items"},
		{"POST", "/v1/imports/" + i.ID + "/start"},
		{"DELETE", "/v1/imports/" + i.ID},
		{"GET", "/v1/jobs/" + i.Job},
		{"POST", "/v1/jobs/" + i.Job + "/cancel"},
		{"GET", "/v1/jobs/none"},
	} {
		c.Do(t, other, call[0], call[1], "", nil).Refused(t, http.StatusNotFound, "not_found")
	}
	c.Do(t, other, "PUT", "/v1/imports/"+i.ID+"/parts/1", "application/octet-stream", []byte("x")).Refused(t, http.StatusNotFound, "not_found")
	weak := c.Key(t, "acme", native.ScopeEnrol)
	for _, call := range [][2]string{{"GET", "/v1/imports"}, {"GET", "/v1/jobs"}, {"POST", "/v1/galleries/staff/imports"}} {
		c.Do(t, weak, call[0], call[1], "", nil).Refused(t, http.StatusForbidden, "forbidden")
	}
}
