package server_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

type m = map[string]any

// patience is how long something is waited for that is to come.
const patience = time.Minute

// caller is a rig with a key that can do everything, and a gallery.
type caller struct {
	*servertest.Rig
	key string
}

func start(t *testing.T) caller {
	t.Helper()
	return startOn(t, servertest.Options{})
}

func startOn(t *testing.T, o servertest.Options) caller {
	t.Helper()
	r := servertest.Start(t, o)
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
	Faces     int
	Probes    []struct{ Match string }
	Inserted  *enrolment
	Timings   map[string]float64
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
