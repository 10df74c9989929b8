package server_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

type m = map[string]any

// caller is a rig with a key that can do everything, and a gallery.
type caller struct {
	*servertest.Rig
	key string
}

func start(t *testing.T) caller {
	t.Helper()
	r := servertest.Start(t, servertest.Options{})
	c := caller{r, r.Key(t, "acme", "*")}
	require.Equal(t, http.StatusCreated, c.json(t, "POST", "/v1/galleries", m{"name": "staff"}).Status)
	return c
}

func (c caller) json(t testing.TB, method, path string, v any) servertest.Answer {
	t.Helper()
	return c.JSON(t, c.key, method, path, v)
}

func (c caller) raw(t testing.TB, path string, photo []byte) servertest.Answer {
	t.Helper()
	return c.Do(t, c.key, "POST", path, http.DetectContentType(photo), photo)
}

func (c caller) enrol(t testing.TB, gallery, id string, take int) {
	t.Helper()
	a := c.raw(t, "/v1/galleries/"+gallery+"/subjects?id="+id, servertest.Of(t, id, take))
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
}

func text(photo []byte) string { return base64.StdEncoding.EncodeToString(photo) }

type enrolment struct {
	Subject struct {
		ID        string
		Metadata  map[string]string
		FaceCount int       `json:"face_count"`
		CreatedAt time.Time `json:"created_at"`
	}
	Faces   []enrolled
	Timings map[string]float64
}

type enrolled struct {
	ID        string
	HasPhoto  bool `json:"has_photo"`
	Box       struct{ X, Y, Width, Height float64 }
	CreatedAt time.Time `json:"created_at"`
}

type searched struct {
	Match      string
	Candidates []struct {
		Subject, Face string
		Metadata      map[string]string
		Cosine, Score float64
	}
	Probe     m
	Threshold float64
	Subjects  int
	Probes    []struct{ Match string }
	Inserted  *enrolment
	Timings   map[string]float64
}

func TestGalleries(t *testing.T) {
	c := start(t)
	type gallery struct {
		Name, Pack string
		CreatedAt  time.Time `json:"created_at"`
		Policy     struct {
			FPIR              float64
			Quality, Liveness string
			KeepPhotos        bool  `json:"keep_photos"`
			RetentionSeconds  int64 `json:"retention_seconds"`
		}
	}
	var g gallery
	a := c.json(t, "POST", "/v1/galleries", m{"name": "guests@hq", "policy": m{"fpir": 0.001, "keep_photos": true, "retention_seconds": 86400}})
	a.Into(t, http.StatusCreated, &g)
	require.Equal(t, "/v1/galleries/guests@hq", a.Header.Get("Location"))
	require.Equal(t, "default", g.Pack)
	require.Equal(t, 0.001, g.Policy.FPIR)
	require.Equal(t, "enforce", g.Policy.Quality, "what is left out is the default")
	require.True(t, g.Policy.KeepPhotos)
	require.EqualValues(t, 86400, g.Policy.RetentionSeconds)

	c.json(t, "POST", "/v1/galleries", m{"name": "guests@hq"}).Refused(t, http.StatusConflict, "already_exists")

	var got gallery
	c.json(t, "GET", "/v1/galleries/guests%40hq", nil).Into(t, http.StatusOK, &got)
	require.Equal(t, g, got)

	c.json(t, "PATCH", "/v1/galleries/guests@hq", m{"policy": m{"quality": "off"}}).Into(t, http.StatusOK, &got)
	g.Policy.Quality = "off"
	require.Equal(t, g, got, "a change leaves the rest as it was")

	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", "/v1/galleries/guests@hq", nil).Status)
	c.json(t, "GET", "/v1/galleries/guests@hq", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "DELETE", "/v1/galleries/guests@hq", nil).Refused(t, http.StatusNotFound, "not_found")
	c.json(t, "PATCH", "/v1/galleries/guests@hq", m{"policy": m{"quality": "off"}}).Refused(t, http.StatusNotFound, "not_found")
}

func TestRefusedGalleries(t *testing.T) {
	c := start(t)
	for name, q := range map[string]struct {
		body   m
		status int
		code   string
		field  string
	}{
		"no name":            {m{}, 400, "invalid_request", "name"},
		"bad name":           {m{"name": "../etc"}, 400, "invalid_request", ""},
		"unknown pack":       {m{"name": "x", "pack": "other"}, 422, "unknown_pack", ""},
		"rate of one":        {m{"name": "x", "policy": m{"fpir": 1}}, 400, "invalid_request", ""},
		"rate as text":       {m{"name": "x", "policy": m{"fpir": "0.1"}}, 400, "invalid_request", "policy.fpir"},
		"unknown gate":       {m{"name": "x", "policy": m{"quality": "strict"}}, 400, "invalid_request", ""},
		"negative retention": {m{"name": "x", "policy": m{"retention_seconds": -1}}, 400, "invalid_request", "policy.retention_seconds"},
		"endless retention":  {m{"name": "x", "policy": m{"retention_seconds": int64(1) << 60}}, 400, "invalid_request", "policy.retention_seconds"},
		"unknown field":      {m{"name": "x", "colour": "red"}, 400, "invalid_request", "colour"},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.json(t, "POST", "/v1/galleries", q.body).Refused(t, q.status, q.code)
			require.Equal(t, q.field, p.Field)
			c.json(t, "GET", "/v1/galleries/x", nil).Refused(t, http.StatusNotFound, "not_found")
		})
	}
	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{}}).Refused(t, http.StatusBadRequest, "invalid_request")
	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"fpir": -1}}).Refused(t, http.StatusBadRequest, "invalid_request")
	c.Do(t, c.key, "POST", "/v1/galleries", "image/png", []byte("x")).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
}

func TestPages(t *testing.T) {
	c := start(t)
	for i := range 5 {
		require.Equal(t, http.StatusCreated, c.json(t, "POST", "/v1/galleries", m{"name": fmt.Sprintf("g%d", i)}).Status)
		c.enrol(t, "staff", fmt.Sprintf("p:%d", i), 0)
	}
	for path, want := range map[string][]string{
		"/v1/galleries":                {"g0", "g1", "g2", "g3", "g4", "staff"},
		"/v1/galleries/staff/subjects": {"p:0", "p:1", "p:2", "p:3", "p:4"},
	} {
		for _, limit := range []int{1, 2, 5, 6, 1000} {
			t.Run(fmt.Sprintf("%s by %d", path, limit), func(t *testing.T) {
				var got []string
				for after := ""; ; {
					var page struct {
						Galleries []struct{ Name string }
						Subjects  []struct{ ID string }
						Next      string
					}
					query := url.Values{"limit": {strconv.Itoa(limit)}}
					if after != "" {
						query.Set("after", after)
					}
					c.json(t, "GET", path+"?"+query.Encode(), nil).Into(t, http.StatusOK, &page)
					for _, g := range page.Galleries {
						got = append(got, g.Name)
					}
					for _, s := range page.Subjects {
						got = append(got, s.ID)
					}
					require.LessOrEqual(t, len(page.Galleries)+len(page.Subjects), limit)
					if after = page.Next; after == "" {
						break
					}
				}
				require.Equal(t, want, got)
			})
		}
		for _, query := range []string{"limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=1&limit=2", "offset=3"} {
			c.json(t, "GET", path+"?"+query, nil).Refused(t, http.StatusBadRequest, "invalid_request")
		}
	}
}

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
	require.Equal(t, 3, s.Subjects)
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
	require.Equal(t, "reference", c.raw(t, "/v1/verify", ada).Refused(t, http.StatusBadRequest, "invalid_request").Field)

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
		Width, Height int
		Faces         []m
		Timings       m
	}
	photo := servertest.Photo(t, servertest.Shown{Person: "ada"}, servertest.Shown{Person: "bob"})
	c.raw(t, "/v1/detect?timings=true", photo).Into(t, http.StatusOK, &d)
	require.Equal(t, 640, d.Width)
	require.Len(t, d.Faces, 2)
	require.NotNil(t, d.Timings)
	c.raw(t, "/v1/detect", servertest.Photo(t)).Into(t, http.StatusOK, &d)
	require.Empty(t, d.Faces, "no face is an answer here")
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
		"two photos":     `{"photo":["AAAA","AAAA"]}`,
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

func multipartOf(t testing.TB, fields map[string]string, name string, photos ...[]byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf("form-data; name=%q", k)}}
		if k == "metadata" || k == "filter" || k == "k" || k == "timings" {
			h.Set("Content-Type", "application/json")
		}
		part, err := w.CreatePart(h)
		require.NoError(t, err)
		_, err = part.Write([]byte(v))
		require.NoError(t, err)
	}
	for _, photo := range photos {
		part, err := w.CreateFormFile(name, "photo.jpg")
		require.NoError(t, err)
		_, err = part.Write(photo)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.Bytes()
}
