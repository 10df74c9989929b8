package uqudo_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
)

func TestRefusedPhotos(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	padded := func(n int) []byte {
		photo := servertest.Of(t, "ada", 1)
		return append(photo, make([]byte, n-len(photo))...)
	}
	two := servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"})
	for name, q := range map[string]struct {
		photo  any
		status int
		code   string
	}{
		"missing":            {nil, 400, "invalid_request"},
		"empty":              {"", 400, "invalid_request"},
		"not text":           {1, 400, "invalid_request"},
		"bad base64":         {"***", 400, "invalid_request"},
		"no face":            {text(servertest.Photo(t)), 400, "no_face"},
		"several faces":      {text(two), 400, "several_faces"},
		"face too small":     {text(servertest.Photo(t, servertest.Shown{Person: "a", Size: 10})), 400, "face_too_small"},
		"low quality":        {text(servertest.Photo(t, servertest.Shown{Person: "a", Reasons: []string{"dark"}})), 400, "low_quality"},
		"corrupt":            {text(servertest.Scripted(t, servertest.Script{Fail: "corrupt"})), 400, "corrupt_image"},
		"over 5 MB":          {text(padded(5<<20 + 1)), 413, "image_too_large"},
		"too many pixels":    {text(servertest.Scripted(t, servertest.Script{Fail: "too large"})), 413, "image_too_large"},
		"WebP":               {text(servertest.AsWebP(servertest.Of(t, "ada", 1))), 415, "unsupported_media_type"},
		"GIF":                {text([]byte("GIF89a")), 415, "unsupported_media_type"},
		"PDF":                {text([]byte("%PDF-1.7")), 415, "unsupported_media_type"},
		"queue full":         {text(servertest.Scripted(t, servertest.Script{Fail: "busy"})), 503, "busy"},
		"an unknown failure": {text(servertest.Scripted(t, servertest.Script{Fail: "other"})), 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			c.post(t, "/one-to-n/search", m{"idPhoto": q.photo, "insert": true}).Refused(t, q.status, q.code)
			c.post(t, "/one-to-n/insert", m{"idPhoto": q.photo}).Refused(t, q.status, q.code)
			if q.code == "low_quality" {
				return // a gate is a gallery's, and no gallery takes part in a match
			}
			c.post(t, "/match", m{"sourceImage": text(servertest.Of(t, "ada", 1)), "targetImage": q.photo}).Refused(t, q.status, q.code)
			c.post(t, "/match", m{"targetImage": text(servertest.Of(t, "ada", 1)), "sourceImage": q.photo}).Refused(t, q.status, q.code)
		})
	}
	for content, says := range map[string]string{
		"GIF89a":   "the file is a GIF; send a JPEG",
		"%PDF-1.7": "the file is a PDF; send the picture in it as a JPEG",
		string(servertest.AsWebP(servertest.Of(t, "ada", 1))): "the file is image/webp; send a JPEG",
	} {
		p := c.post(t, "/one-to-n/search", m{"idPhoto": text([]byte(content))}).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
		require.Equal(t, says, p.Detail)
	}
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/search", m{"idPhoto": text(padded(5 << 20))}).Status, "5 MB are allowed")
	subjects, err := r.Service.Subjects(context.Background(), store.Actor{Tenant: "acme"}, uqudo.Gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subjects, "nothing was inserted")
	c.post(t, "/one-to-n/search", m{"idPhoto": text(two), "photo": ""}).Refused(t, http.StatusBadRequest, "invalid_request")
	r.Do(t, c.token, "POST", "/api/v1/face/one-to-n/search", "text/plain", []byte("{}")).Refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
}

// A photo is of whom it clearly shows, whoever else is on it.
func TestPhotosWithABystander(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	ada, other := servertest.Shown{Person: "ada", Size: 200}, servertest.Shown{Person: "b", Size: 180}
	small, poor := other, other
	small.Size = 80
	poor.Reasons = []string{"blurred", "not_comparable"}
	for name, behind := range map[string]servertest.Shown{"small": small, "blurred": poor} {
		t.Run(name, func(t *testing.T) {
			photo := text(servertest.Photo(t, behind, ada))
			fields(t, c.post(t, "/match", m{"sourceImage": photo, "targetImage": text(servertest.Of(t, "ada", 1))}), m{"match": true, "matchLevel": 5.0})
			require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/insert", m{"idPhoto": photo}).Status)
			fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "b", 1))}), m{"oneToNVerificationMatch": false})
			a := c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "ada", 1))})
			require.Contains(t, string(a.Body), `"oneToNVerificationMatch":true`)
		})
	}
	p := c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Photo(t, other, ada))}).Refused(t, http.StatusBadRequest, "several_faces")
	require.Contains(t, p.Detail, "2 faces")
	require.Contains(t, p.Detail, "200×200 pixels at (10, 20)")
}

// A photo that is too poor to be compared matches nobody, and is not added:
// others that are as poor would all be that person.
func TestIncomparablePhotos(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	poor := text(servertest.Photo(t, servertest.Shown{Person: "ada", Take: 1, Reasons: []string{"unclear", "not_comparable"}}))
	good := text(servertest.Of(t, "ada", 1))
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/insert", m{"idPhoto": good}).Status)
	_, err := r.Service.UpdatePolicy(context.Background(), store.Actor{Tenant: "acme"}, uqudo.Gallery, func(g store.Gallery) (store.Policy, error) {
		g.Policy.Quality = store.GateReport
		return g.Policy, nil
	})
	require.NoError(t, err)
	for range 2 {
		p := c.post(t, "/one-to-n/search", m{"idPhoto": poor, "insert": true}).Refused(t, http.StatusBadRequest, "low_quality")
		require.Equal(t, "idPhoto", p.Field)
		require.Equal(t, []string{"unclear", "not_comparable"}, p.Reasons)
		c.post(t, "/one-to-n/insert", m{"idPhoto": poor}).Refused(t, http.StatusBadRequest, "low_quality")
		fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": poor}), m{"oneToNVerificationMatch": false})
	}
	for _, pair := range [][2]string{{poor, good}, {good, poor}, {poor, poor}} {
		body := m{"sourceImage": pair[0], "targetImage": pair[1], "minimumMatchLevel": 1}
		fields(t, c.post(t, "/match", body), m{"match": false, "matchLevel": 0.0})
	}
	fields(t, c.post(t, "/match", m{"sourceImage": good, "targetImage": good}), m{"match": true, "matchLevel": 5.0})
}
