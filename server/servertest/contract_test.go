package servertest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The contract would notice: each of these is off by one thing.
func TestContractNotices(t *testing.T) {
	r := Start(t, Options{})
	const (
		gallery = `{"name":"x","pack":"p","policy":{"fpir":0.1,"quality":"off","liveness":"off","detail":"fast","keep_photos":true,"retention_seconds":0,"review_seconds":0},"created_at":"2026-01-02T03:04:05Z"}`
		problem = `{"type":"t","title":"t","status":404,"code":"not_found","request_id":"r"}`
	)
	for name, c := range map[string]struct {
		method, path, request string
		status                int
		contentType, answer   string
		right                 bool
	}{
		"right":                   {"GET", "/v1/galleries/x", "", 200, "application/json", gallery, true},
		"right problem":           {"GET", "/v1/galleries/x", "", 404, "application/problem+json", problem, true},
		"right request":           {"POST", "/v1/galleries", `{"name":"x"}`, 201, "application/json", gallery, true},
		"more than described":     {"GET", "/v1/galleries/x", "", 200, "application/json", gallery[:len(gallery)-1] + `,"id":1}`, false},
		"less than described":     {"GET", "/v1/galleries/x", "", 200, "application/json", `{"name":"x"}`, false},
		"another type":            {"GET", "/v1/galleries", "", 200, "application/json", `{"galleries":{}}`, false},
		"another status":          {"GET", "/v1/galleries/x", "", 202, "application/json", gallery, false},
		"another content type":    {"GET", "/v1/galleries/x", "", 404, "application/json", problem, false},
		"unknown code":            {"GET", "/v1/galleries/x", "", 404, "application/problem+json", `{"type":"t","title":"t","status":404,"code":"gone","request_id":"r"}`, false},
		"undescribed field taken": {"POST", "/v1/galleries", `{"name":"x","colour":"red"}`, 201, "application/json", gallery, false},
		"undescribed type taken":  {"POST", "/v1/galleries", `{"name":1}`, 201, "application/json", gallery, false},
		"undescribed route":       {"GET", "/v1/people", "", 200, "application/json", `{}`, false},
		"undescribed method":      {"PUT", "/v1/galleries/x", "", 200, "application/json", gallery, false},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, r.URL+c.path, nil)
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			err = r.contract.check(req, []byte(c.request), Answer{
				Status: c.status, Body: []byte(c.answer),
				Header: http.Header{"Content-Type": {c.contentType}, "Location": {"/"}, "X-Request-Id": {"r"}, "Etag": {`"AAAAAAAAAAAAAAAAAAAAAA"`}},
			})
			require.Equal(t, c.right, err == nil, "%v", err)
		})
	}
}
