package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
		"bad name":           {m{"name": "../etc"}, 400, "invalid_request", "name"},
		"unknown pack":       {m{"name": "x", "pack": "other"}, 422, "unknown_pack", "pack"},
		"rate of one":        {m{"name": "x", "policy": m{"fpir": 1}}, 400, "invalid_request", "policy.fpir"},
		"rate as text":       {m{"name": "x", "policy": m{"fpir": "0.1"}}, 400, "invalid_request", "policy.fpir"},
		"unknown gate":       {m{"name": "x", "policy": m{"quality": "strict"}}, 400, "invalid_request", "policy.quality"},
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
