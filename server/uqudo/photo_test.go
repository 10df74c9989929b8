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
		"missing":            {nil, 400, "INVALID_INPUT"},
		"empty":              {"", 400, "INVALID_INPUT"},
		"not text":           {1, 400, "INVALID_INPUT"},
		"bad base64":         {"***", 400, "INVALID_INPUT"},
		"no face":            {text(servertest.Photo(t)), 400, "NO_FACE"},
		"several faces":      {text(two), 400, "SEVERAL_FACES"},
		"face too small":     {text(servertest.Photo(t, servertest.Shown{Person: "a", Size: 10})), 400, "FACE_TOO_SMALL"},
		"low quality":        {text(servertest.Photo(t, servertest.Shown{Person: "a", Reasons: []string{"dark"}})), 400, "LOW_QUALITY"},
		"corrupt":            {text(servertest.Scripted(t, servertest.Script{Fail: "corrupt"})), 400, "INVALID_INPUT"},
		"over 5 MB":          {text(padded(5<<20 + 1)), 413, "PAYLOAD_TOO_LARGE"},
		"too many pixels":    {text(servertest.Scripted(t, servertest.Script{Fail: "too large"})), 413, "PAYLOAD_TOO_LARGE"},
		"WebP":               {text(servertest.AsWebP(servertest.Of(t, "ada", 1))), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"GIF":                {text([]byte("GIF89a")), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"PDF":                {text([]byte("%PDF-1.7")), 415, "UNSUPPORTED_MEDIA_TYPE"},
		"queue full":         {text(servertest.Scripted(t, servertest.Script{Fail: "busy"})), 503, "UNEXPECTED_ERROR"},
		"an unknown failure": {text(servertest.Scripted(t, servertest.Script{Fail: "other"})), 500, "UNEXPECTED_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c.post(t, "/one-to-n/search", m{"idPhoto": q.photo, "insert": true}), q.status, q.code)
			refused(t, c.post(t, "/one-to-n/insert", m{"idPhoto": q.photo}), q.status, q.code)
			if q.code == "LOW_QUALITY" {
				return // a gate is a gallery's, and no gallery takes part in a match
			}
			refused(t, c.post(t, "/match", m{"sourceImage": text(servertest.Of(t, "ada", 1)), "targetImage": q.photo}), q.status, q.code)
			refused(t, c.post(t, "/match", m{"targetImage": text(servertest.Of(t, "ada", 1)), "sourceImage": q.photo}), q.status, q.code)
		})
	}
	for content, says := range map[string]string{
		"GIF89a":   "the file is a GIF; send a JPEG",
		"%PDF-1.7": "the file is a PDF; send the picture in it as a JPEG",
		string(servertest.AsWebP(servertest.Of(t, "ada", 1))): "the file is image/webp; send a JPEG",
	} {
		p := refused(t, c.post(t, "/one-to-n/search", m{"idPhoto": text([]byte(content))}), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
		require.Equal(t, says, p.Detail)
	}
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/search", m{"idPhoto": text(padded(5 << 20))}).Status, "5 MB are allowed")
	subjects, err := r.Service.Subjects(context.Background(), store.Actor{Tenant: "acme"}, uqudo.Gallery, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subjects, "nothing was inserted")
	refused(t, c.post(t, "/one-to-n/search", m{"idPhoto": text(two), "photo": ""}), http.StatusBadRequest, "INVALID_INPUT")
	refused(t, r.Do(t, c.token, "POST", "/api/v1/face/one-to-n/search", "text/plain", []byte("{}")), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
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
			fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "b", 1))}), m{"oneToNVerificationId": null, "oneToNVerificationMatch": false})
			a := c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Of(t, "ada", 1))})
			require.Contains(t, string(a.Body), `"oneToNVerificationMatch":true`)
		})
	}
	p := refused(t, c.post(t, "/one-to-n/search", m{"idPhoto": text(servertest.Photo(t, other, ada))}), http.StatusBadRequest, "SEVERAL_FACES")
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
		p := refused(t, c.post(t, "/one-to-n/search", m{"idPhoto": poor, "insert": true}), http.StatusBadRequest, "LOW_QUALITY")
		require.Equal(t, "idPhoto", p.Field)
		require.Equal(t, []string{"unclear", "not_comparable"}, p.Reasons)
		refused(t, c.post(t, "/one-to-n/insert", m{"idPhoto": poor}), http.StatusBadRequest, "LOW_QUALITY")
		fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": poor}), m{"oneToNVerificationId": null, "oneToNVerificationMatch": false})
	}
	for _, pair := range [][2]string{{poor, good}, {good, poor}, {poor, poor}} {
		body := m{"sourceImage": pair[0], "targetImage": pair[1], "minimumMatchLevel": 1}
		fields(t, c.post(t, "/match", body), m{"match": false, "matchLevel": 0.0})
	}
	fields(t, c.post(t, "/match", m{"sourceImage": good, "targetImage": good}), m{"match": true, "matchLevel": 5.0})
}
