package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

const staff = "/v1/galleries/staff"

// condition sends a request with a condition.
func (c caller) condition(t *testing.T, method, body, header, value string) (status int, tag string, answer []byte) {
	t.Helper()
	media := ""
	if body != "" {
		media = "application/json"
	}
	a := c.Do(t, c.key, method, staff, media, []byte(body), header+": "+value)
	return a.Status, a.Header.Get("ETag"), a.Body
}

func TestGalleryVersions(t *testing.T) {
	c := start(t)
	made := c.json(t, "POST", "/v1/galleries", m{"name": "other"})
	require.Equal(t, made.Header.Get("ETag"), c.json(t, "GET", "/v1/galleries/other", nil).Header.Get("ETag"))
	first := c.json(t, "GET", staff, nil).Header.Get("ETag")
	require.NotEqual(t, made.Header.Get("ETag"), first)
	require.Equal(t, first, c.json(t, "GET", staff, nil).Header.Get("ETag"), "the same until it is changed")

	for value, want := range map[string]int{
		first: 304, "*": 304, "W/" + first: 304, `"x", ` + first: 304, `"x"`: 200, `W/"x"`: 200,
		"x": 400, `"x`: 400, `"x" "y"`: 400, `"x y"`: 400, "": 400,
	} {
		status, tag, body := c.condition(t, "GET", "", "If-None-Match", value)
		require.Equal(t, want, status, "If-None-Match: %s", value)
		if want == 304 {
			require.Equal(t, first, tag)
			require.Empty(t, body)
		}
	}

	const off = `{"policy": {"keep_photos": true}}`
	for value, want := range map[string]int{
		`"x"`: 412, "W/" + first: 412, `"x", W/` + first: 412, "*, " + first: 400, first[1:]: 400,
	} {
		status, _, body := c.condition(t, "PATCH", off, "If-Match", value)
		require.Equal(t, want, status, "If-Match: %s: %s", value, body)
		require.Equal(t, first, c.json(t, "GET", staff, nil).Header.Get("ETag"), "nothing was changed")
	}
	status, _, _ := c.condition(t, "PATCH", off, "If-None-Match", first)
	require.Equal(t, http.StatusPreconditionFailed, status)
	status, _, _ = c.condition(t, "GET", "", "If-Match", `"x"`)
	require.Equal(t, http.StatusPreconditionFailed, status)

	status, second, _ := c.condition(t, "PATCH", off, "If-Match", `"x", `+first)
	require.Equal(t, http.StatusOK, status)
	require.NotEqual(t, first, second)
	require.Equal(t, second, c.json(t, "GET", staff, nil).Header.Get("ETag"))
	p := c.Do(t, c.key, "PATCH", staff, "application/json", []byte(off), "If-Match: "+first).Refused(t, 412, "precondition_failed")
	require.Contains(t, p.Title, "If-Match")
	status, third, _ := c.condition(t, "PATCH", off, "If-Match", "*")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, second, third, "a change to what it is already makes no version")

	for _, header := range []string{"If-Match: " + first, "If-None-Match: *"} {
		c.Do(t, c.key, "DELETE", staff, "", nil, header).Refused(t, 400, "invalid_request")
		c.Do(t, c.key, "POST", "/v1/galleries", "application/json", []byte(`{"name": "third"}`), header).Refused(t, 400, "invalid_request")
	}
	c.json(t, "GET", "/v1/galleries/third", nil).Refused(t, 404, "not_found")
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", staff, nil).Status)
	c.Do(t, c.key, "PATCH", staff, "application/json", []byte(off), "If-Match: *").Refused(t, 404, "not_found")
	again := c.json(t, "POST", "/v1/galleries", m{"name": "staff"})
	require.NotEqual(t, first, again.Header.Get("ETag"), "made again it is another")
}

func TestSubjectVersions(t *testing.T) {
	c := start(t)
	require.Equal(t, http.StatusOK, c.json(t, "PATCH", staff, m{"policy": m{"keep_photos": true}}).Status)
	c.enrol(t, "staff", "ann", 1)
	path := staff + "/subjects/ann"
	seen := make(map[string]bool)
	current := func(what string) string {
		t.Helper()
		tag := c.json(t, "GET", path, nil).Header.Get("ETag")
		require.NotContains(t, seen, tag, what)
		seen[tag] = true
		require.Equal(t, tag, c.json(t, "GET", path, nil).Header.Get("ETag"))
		return tag
	}
	first := current("enrolled")
	a := c.Do(t, c.key, "GET", path, "", nil, "If-None-Match: "+first)
	require.Equal(t, http.StatusNotModified, a.Status)
	require.Empty(t, a.Body)

	body := []byte(`{"metadata": {"floor": "3"}}`)
	a = c.Do(t, c.key, "PATCH", path, "application/json", body, "If-Match: "+first)
	require.Equal(t, http.StatusOK, a.Status)
	second := current("described")
	require.Equal(t, second, a.Header.Get("ETag"))
	c.Do(t, c.key, "PATCH", path, "application/json", []byte(`{"metadata": {}}`), "If-Match: "+first).Refused(t, 412, "precondition_failed")
	var got struct{ Metadata map[string]string }
	c.json(t, "GET", path, nil).Into(t, http.StatusOK, &got)
	require.Equal(t, map[string]string{"floor": "3"}, got.Metadata)

	added := c.raw(t, path+"/faces", servertest.Of(t, "ann", 2))
	require.Equal(t, http.StatusCreated, added.Status)
	current("another face")
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", path+"/photos", nil).Status)
	current("no photos")
	var faces struct{ Faces []struct{ ID string } }
	added.Into(t, http.StatusCreated, &faces)
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", path+"/faces/"+faces.Faces[0].ID, nil).Status)
	current("a face less")
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", path, nil).Status)
	c.enrol(t, "staff", "ann", 1)
	current("made again")
}

// TestChangesAtOnceAreNotLost sends pairs of changes of other parts of a policy
// at once: both are answered, and both hold.
func TestChangesAtOnceAreNotLost(t *testing.T) {
	c := start(t)
	patch := func(body string) error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, c.URL+staff, bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+c.key)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d: %s", res.StatusCode, answer)
		}
		return err
	}
	defer http.DefaultClient.CloseIdleConnections()
	for i := range 300 {
		keep, seconds := i%2 == 0, i+1
		var errs [2]error
		var work sync.WaitGroup
		work.Go(func() { errs[0] = patch(fmt.Sprintf(`{"policy": {"keep_photos": %t}}`, keep)) })
		work.Go(func() { errs[1] = patch(fmt.Sprintf(`{"policy": {"retention_seconds": %d}}`, seconds)) })
		work.Wait()
		require.NoError(t, errs[0])
		require.NoError(t, errs[1])
		var got struct {
			Policy struct {
				KeepPhotos bool `json:"keep_photos"`
				Retention  int  `json:"retention_seconds"`
			}
		}
		c.json(t, "GET", staff, nil).Into(t, http.StatusOK, &got)
		require.Equal(t, keep, got.Policy.KeepPhotos, "pair %d", i)
		require.Equal(t, seconds, got.Policy.Retention, "pair %d", i)
	}
}

// TestOneOfThoseWhoReadTheSameChanges has clients change what they read: one
// succeeds, and the others are told.
func TestOneOfThoseWhoReadTheSameChanges(t *testing.T) {
	c := start(t)
	tag := c.json(t, "GET", staff, nil).Header.Get("ETag")
	statuses := make([]int, 8)
	var work sync.WaitGroup
	for i := range statuses {
		work.Go(func() {
			body := fmt.Sprintf(`{"policy": {"retention_seconds": %d}}`, i+1)
			req, _ := http.NewRequestWithContext(context.Background(), http.MethodPatch, c.URL+staff, bytes.NewReader([]byte(body)))
			req.Header.Set("Authorization", "Bearer "+c.key)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("If-Match", tag)
			if res, err := http.DefaultClient.Do(req); err == nil {
				statuses[i] = res.StatusCode
				_ = res.Body.Close()
			}
		})
	}
	work.Wait()
	http.DefaultClient.CloseIdleConnections()
	made := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			made++
			continue
		}
		require.Equal(t, http.StatusPreconditionFailed, status)
	}
	require.Equal(t, 1, made)
}
