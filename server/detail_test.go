package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// A gallery's detail holds for all that looks at photos there, and a request's
// comes before it.
func TestDetail(t *testing.T) {
	c := start(t)
	small := servertest.Photo(t, servertest.Shown{Person: "tim", Small: true})
	var g struct{ Policy struct{ Detail string } }
	c.json(t, "GET", "/v1/galleries/staff", nil).Into(t, http.StatusOK, &g)
	require.Equal(t, "fast", g.Policy.Detail)

	c.raw(t, "/v1/galleries/staff/subjects?id=tim", small).Refused(t, http.StatusUnprocessableEntity, "no_face")
	c.raw(t, "/v1/galleries/staff/subjects?id=tim&detail=full", small).Into(t, http.StatusCreated, &m{})
	c.raw(t, "/v1/galleries/staff/subjects/tim/faces", small).Refused(t, http.StatusUnprocessableEntity, "no_face")
	c.json(t, "POST", "/v1/galleries/staff/subjects/tim/faces", m{"photo": text(small), "detail": "full"}).Into(t, http.StatusCreated, &m{})
	for _, path := range []string{"/v1/galleries/staff/search", "/v1/galleries/staff/subjects/tim/verify"} {
		c.raw(t, path, small).Refused(t, http.StatusUnprocessableEntity, "no_face")
		c.raw(t, path+"?detail=full", small).Into(t, http.StatusOK, &m{})
	}
	both := m{"photo": text(small), "reference": text(small)}
	c.json(t, "POST", "/v1/verify", both).Refused(t, http.StatusUnprocessableEntity, "no_face")
	both["detail"] = "full"
	c.json(t, "POST", "/v1/verify", both).Into(t, http.StatusOK, &m{})
	var d struct{ Faces []m }
	c.raw(t, "/v1/detect", small).Into(t, http.StatusOK, &d)
	require.Empty(t, d.Faces)
	c.raw(t, "/v1/detect?detail=full", small).Into(t, http.StatusOK, &d)
	require.Len(t, d.Faces, 1)

	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"detail": "full"}}).Into(t, http.StatusOK, &g)
	require.Equal(t, "full", g.Policy.Detail)
	c.raw(t, "/v1/galleries/staff/search", small).Into(t, http.StatusOK, &m{})
	c.raw(t, "/v1/galleries/staff/search?detail=fast", small).Refused(t, http.StatusUnprocessableEntity, "no_face")

	for _, path := range []string{"/v1/detect", "/v1/galleries/staff/search", "/v1/galleries/staff/subjects", "/v1/galleries/staff/subjects/tim/faces", "/v1/galleries/staff/subjects/tim/verify"} {
		p := c.raw(t, path+"?detail=most", small).Refused(t, http.StatusBadRequest, "invalid_request")
		require.Equal(t, "detail", p.Field, path)
	}
	both["detail"] = "most"
	require.Equal(t, "detail", c.json(t, "POST", "/v1/verify", both).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	for _, method := range []string{"POST", "PATCH"} {
		path := map[string]string{"POST": "/v1/galleries", "PATCH": "/v1/galleries/staff"}[method]
		body := map[string]m{"POST": {"name": "x", "policy": m{"detail": "most"}}, "PATCH": {"policy": m{"detail": "most"}}}[method]
		require.Equal(t, "policy.detail", c.json(t, method, path, body).Refused(t, http.StatusBadRequest, "invalid_request").Field)
	}
}
