package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/server"
	"oneton/server/servertest"
	"oneton/store"
	"oneton/store/storetest"
)

// The three forms of a request enrol and find alike.
func TestFormsOfPhotos(t *testing.T) {
	c := start(t)
	ada := servertest.Of(t, "ada", 1)
	contentType, form := multipartOf(t, map[string]string{"id": "form", "metadata": `{"team":"a"}`}, "photo", ada)
	answers := map[string]servertest.Answer{
		"raw":       c.raw(t, `/v1/galleries/staff/subjects?id=raw&metadata=%7B%22team%22:%22a%22%7D`, ada),
		"json":      c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "json", "metadata": m{"team": "a"}, "photo": text(ada)}),
		"data":      c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "data", "metadata": m{"team": "a"}, "photo": "data:image/jpeg;base64," + text(ada)}),
		"form":      c.Do(t, c.key, "POST", "/v1/galleries/staff/subjects", contentType, form),
		"with_more": c.json(t, "POST", "/v1/galleries/staff/subjects?id=with_more", m{"metadata": m{"team": "a"}, "photo": []string{text(ada)}}),
	}
	for id, a := range answers {
		var e enrolment
		a.Into(t, http.StatusCreated, &e)
		require.Equal(t, id, e.Subject.ID)
		require.Equal(t, map[string]string{"team": "a"}, e.Subject.Metadata)
		require.Equal(t, 1, e.Subject.FaceCount)
		require.Len(t, e.Faces, 1)
		require.Equal(t, 200.0, e.Faces[0].Box.Width)
		require.Equal(t, "/v1/galleries/staff/subjects/"+id, a.Header.Get("Location"))
		require.NotEmpty(t, a.Header.Get(server.HeaderPosition))
		require.Nil(t, e.Timings)
	}
	contentType, form = multipartOf(t, map[string]string{"k": "100", "timings": "true"}, "photo", ada)
	for name, a := range map[string]servertest.Answer{
		"raw":  c.raw(t, "/v1/galleries/staff/search?k=100&timings=true", ada),
		"json": c.json(t, "POST", "/v1/galleries/staff/search", m{"k": 100, "timings": true, "photo": text(ada)}),
		"form": c.Do(t, c.key, "POST", "/v1/galleries/staff/search", contentType, form),
	} {
		var s searched
		a.Into(t, http.StatusOK, &s)
		require.Equal(t, "several", s.Match, name)
		require.Len(t, s.Candidates, len(answers), name)
		require.InDelta(t, 1, s.Candidates[0].Cosine, 1e-6)
		require.Equal(t, 1.0, s.Timings["decode"], "milliseconds")
		require.Greater(t, s.Timings["total"], 0.0)
	}
}

// Of several photos the refusal names the one at fault, and none is enrolled.
func TestRefusalNamesThePhoto(t *testing.T) {
	c := start(t)
	photos := []string{text(servertest.Of(t, "ada", 1)), text(servertest.Photo(t))}
	p := c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "ada", "photo": photos}).Refused(t, http.StatusUnprocessableEntity, "no_face")
	require.Equal(t, "photo[1]", p.Field)
	p = c.json(t, "POST", "/v1/galleries/staff/search", m{"photo": photos}).Refused(t, http.StatusUnprocessableEntity, "no_face")
	require.Equal(t, "photo[1]", p.Field)
	p = c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "ada", "photo": photos[1:]}).Refused(t, http.StatusUnprocessableEntity, "no_face")
	require.Equal(t, "photo", p.Field)
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Refused(t, http.StatusNotFound, "not_found")
}

func TestSubjects(t *testing.T) {
	c := start(t)
	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"keep_photos": true}})
	var e enrolment
	first, second := servertest.Of(t, "ada", 1), servertest.AsPNG(servertest.Of(t, "ada", 2))
	c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "ada", "photo": []string{text(first), text(second)}}).Into(t, http.StatusCreated, &e)
	require.Len(t, e.Faces, 2)
	c.json(t, "POST", "/v1/galleries/staff/subjects", m{"id": "ada", "photo": text(first)}).Refused(t, http.StatusConflict, "already_exists")

	var more enrolment
	c.raw(t, "/v1/galleries/staff/subjects/ada/faces?timings=true", servertest.AsWebP(servertest.Of(t, "ada", 3))).Into(t, http.StatusCreated, &more)
	require.Len(t, more.Faces, 1)
	require.Equal(t, 3, more.Subject.FaceCount)
	require.NotNil(t, more.Timings)
	c.raw(t, "/v1/galleries/staff/subjects/bob/faces", first).Refused(t, http.StatusNotFound, "not_found")

	var sub struct {
		ID        string
		Metadata  map[string]string
		FaceCount int `json:"face_count"`
		Faces     []enrolled
	}
	c.json(t, "PATCH", "/v1/galleries/staff/subjects/ada", m{"metadata": m{"team": "b"}}).Into(t, http.StatusOK, &sub)
	require.Equal(t, map[string]string{"team": "b"}, sub.Metadata)
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &sub)
	require.Equal(t, 3, sub.FaceCount)
	require.Equal(t, append(e.Faces, more.Faces...), sub.Faces, "what was answered is what is read")
	require.Equal(t, map[string]string{"team": "b"}, sub.Metadata)

	// Photos come back byte for byte, of the face that they were of.
	path := "/v1/galleries/staff/subjects/ada/faces/"
	a := c.json(t, "GET", path+e.Faces[1].ID+"/photo", nil)
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, "image/png", a.Header.Get("Content-Type"))
	require.Equal(t, second, a.Body)
	c.enrol(t, "staff", "bob", 1)
	c.json(t, "GET", "/v1/galleries/staff/subjects/bob/faces/"+e.Faces[1].ID+"/photo", nil).Refused(t, http.StatusNotFound, "not_found")

	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", path+e.Faces[0].ID, nil).Status)
	c.json(t, "DELETE", path+e.Faces[0].ID, nil).Refused(t, http.StatusNotFound, "not_found")
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", "/v1/galleries/staff/subjects/ada/photos", nil).Status)
	c.json(t, "DELETE", "/v1/galleries/staff/subjects/ada/photos", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "GET", path+e.Faces[1].ID+"/photo", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &sub)
	require.Len(t, sub.Faces, 2)
	require.False(t, sub.Faces[0].HasPhoto)

	var s searched
	c.raw(t, "/v1/galleries/staff/search", second).Into(t, http.StatusOK, &s)
	require.Equal(t, "ada", s.Candidates[0].Subject, "faces stay searchable without their photos")
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", "/v1/galleries/staff/subjects/ada", nil).Status)
	c.raw(t, "/v1/galleries/staff/search", second).Into(t, http.StatusOK, &s)
	require.Equal(t, "nobody", s.Match)
	c.json(t, "DELETE", "/v1/galleries/staff/subjects/ada", nil).Refused(t, http.StatusNotFound, "not_found")
}

// What is wrong with a photo is told by a code, wherever a photo is taken, and
// changes nothing.
func TestBadPhotos(t *testing.T) {
	c := start(t)
	c.enrol(t, "staff", "ada", 1)
	before := c.json(t, "GET", "/v1/galleries/staff/subjects", nil).Body
	dark := servertest.Shown{Person: "ada", Reasons: []string{"dark"}}
	for name, q := range map[string]struct {
		photo  []byte
		status int
		code   string
	}{
		"no face":            {servertest.Photo(t), 422, "no_face"},
		"several faces":      {servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"}), 422, "several_faces"},
		"face too small":     {servertest.Photo(t, servertest.Shown{Person: "a", Size: 10}), 422, "face_too_small"},
		"low quality":        {servertest.Photo(t, dark), 422, "low_quality"},
		"not an image":       {[]byte("GIF89a"), 415, "unsupported_media_type"},
		"corrupt":            {servertest.Scripted(t, servertest.Script{Fail: "corrupt"}), 422, "corrupt_image"},
		"too many pixels":    {servertest.Scripted(t, servertest.Script{Fail: "too large"}), 413, "image_too_large"},
		"too few pixels":     {servertest.Scripted(t, servertest.Script{Fail: "too small"}), 422, "image_too_small"},
		"queue full":         {servertest.Scripted(t, servertest.Script{Fail: "busy"}), 503, "busy"},
		"closing":            {servertest.Scripted(t, servertest.Script{Fail: "closed"}), 503, "unavailable"},
		"an unknown failure": {servertest.Scripted(t, servertest.Script{Fail: "other"}), 500, "internal"},
		"a panic":            {servertest.Scripted(t, servertest.Script{Panic: true}), 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{
				"/v1/galleries/staff/subjects", "/v1/galleries/staff/subjects/ada/faces",
				"/v1/galleries/staff/search?insert=true", "/v1/galleries/staff/subjects/ada/verify",
			} {
				a := c.Do(t, c.key, "POST", path, "image/jpeg", q.photo)
				p := a.Refused(t, q.status, q.code)
				require.NotContains(t, string(a.Body), "no client may see")
				require.NotContains(t, string(a.Body), "scripted panic")
				if q.status == http.StatusServiceUnavailable {
					require.Equal(t, "1", a.Header.Get("Retry-After"))
				}
				if q.code == "low_quality" {
					require.Equal(t, []string{"dark"}, p.Reasons)
				}
			}
			require.Equal(t, before, c.json(t, "GET", "/v1/galleries/staff/subjects", nil).Body, "nothing changed")
		})
	}
	for name, body := range map[string]string{
		"bad base64":     `{"photo":"***"}`,
		"empty":          `{"photo":""}`,
		"no photo":       `{}`,
		"six photos":     `{"photo":["AAAA","AAAA","AAAA","AAAA","AAAA","AAAA"]}`,
		"unknown field":  `{"photo":"AAAA","image":"AAAA"}`,
		"deep nesting":   `{"photo":` + strings.Repeat("[", 100_000),
		"filter is text": `{"photo":"AAAA","filter":"team=a"}`,
		"k is zero":      `{"photo":"AAAA","k":0}`,
		"k is huge":      `{"photo":"AAAA","k":1000000}`,
		"rate is two":    `{"photo":"AAAA","fpir":2}`,
		"cosine is two":  `{"photo":"AAAA","threshold":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			c.Do(t, c.key, "POST", "/v1/galleries/staff/search", "application/json", []byte(body)).
				Refused(t, http.StatusBadRequest, "invalid_request")
		})
	}
}

// TestFacesComeInPages reads a subject's faces a page at a time, and adds to it
// until it is full.
func TestFacesComeInPages(t *testing.T) {
	c := start(t)
	g, err := c.Service.Gallery(t.Context(), store.Actor{Tenant: "acme"}, "staff")
	require.NoError(t, err)
	faces := make([]store.Face, identify.MaxFaces-1)
	for i := range faces {
		id, err := uuid.NewV7()
		require.NoError(t, err)
		faces[i] = storetest.NewFace(id.String())
	}
	_, err = c.Store.Enrol(t.Context(), store.Subject{Gallery: g.ID, ID: "many"}, faces, nil, true)
	require.NoError(t, err)

	var read []string
	for after, pages := "", 0; ; pages++ {
		var page struct {
			FaceCount int `json:"face_count"`
			Faces     []struct{ ID string }
			Next      string
		}
		c.json(t, "GET", "/v1/galleries/staff/subjects/many?limit=400&after="+after, nil).Into(t, http.StatusOK, &page)
		require.Equal(t, len(faces), page.FaceCount)
		for _, f := range page.Faces {
			read = append(read, f.ID)
		}
		if after = page.Next; after == "" {
			require.Equal(t, 2, pages)
			break
		}
	}
	require.Len(t, read, len(faces))
	for i, f := range faces {
		require.Equal(t, string(f.ID), read[i])
	}
	c.json(t, "GET", "/v1/galleries/staff/subjects/many?limit=1001", nil).Refused(t, http.StatusBadRequest, "invalid_request")

	ada := text(servertest.Of(t, "ada", 1))
	add := "/v1/galleries/staff/subjects/many/faces"
	c.json(t, "POST", add, m{"photo": []string{ada, ada}}).Refused(t, http.StatusConflict, "too_many_faces")
}
