package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server/native"
	"oneton/server/servertest"
	"oneton/store"
)

// operation is one described call.
type operation struct {
	method, path string
	scope        string
	// face is one of the subject's.
	face string
}

// scopes of the operations, by their ids in the description.
var scopes = map[string]string{
	"createGallery": native.ScopeGalleries, "listGalleries": native.ScopeGalleries, "getGallery": native.ScopeGalleries,
	"changeGallery": native.ScopeGalleries, "deleteGallery": native.ScopeGalleries,
	"enrolSubject": native.ScopeEnrol, "changeSubject": native.ScopeEnrol, "addFaces": native.ScopeEnrol, "knownPhotos": native.ScopeEnrol,
	"listSubjects": native.ScopeRead, "getSubject": native.ScopeRead, "getPhoto": native.ScopeRead,
	"deleteSubject": native.ScopeDelete, "deleteFace": native.ScopeDelete, "setFaceAside": native.ScopeDelete, "bringFaceBack": native.ScopeEnrol, "listFacesAside": native.ScopeRead, "deletePhotos": native.ScopeDelete,
	"mergeSubject": native.ScopeEnrol, "splitSubject": native.ScopeEnrol, "moveSubject": native.ScopeEnrol, "getCounts": native.ScopeRead,
	"endSubject": native.ScopeDelete, "keepSubject": native.ScopeDelete,
	"search": native.ScopeSearch, "searchSubject": native.ScopeSearch, "listDuplicates": native.ScopeSearch, "verifySubject": native.ScopeVerify, "verifyPhotos": native.ScopeVerify, "detect": native.ScopeDetect,
	"addWebhook": native.ScopeWebhooks, "listWebhooks": native.ScopeWebhooks, "getWebhook": native.ScopeWebhooks,
	"patchWebhook": native.ScopeWebhooks, "deleteWebhook": native.ScopeWebhooks, "rotateWebhook": native.ScopeWebhooks,
	"testWebhook": native.ScopeWebhooks, "redeliverFailed": native.ScopeWebhooks, "listDeliveries": native.ScopeWebhooks,
	"getDelivery": native.ScopeWebhooks, "redeliver": native.ScopeWebhooks,
	"exportGallery": native.ScopeExport, "importGallery": native.ScopeImport,
	"createImport": native.ScopeImports, "listImports": native.ScopeImports, "getImport": native.ScopeImports, "deleteImport": native.ScopeImports,
	"putImportPart": native.ScopeImports, "startImport": native.ScopeImports, "listImportItems": native.ScopeImports,
	"getThresholds": native.ScopeGalleries, "listSearches": native.ScopeEvaluate, "evaluateGallery": native.ScopeEvaluate, "getEvaluation": native.ScopeEvaluate,
	"listReviews": native.ScopeReviews, "getReview": native.ScopeReviews, "getReviewPhoto": native.ScopeReviews, "decideReview": native.ScopeReviews,
	"listAttempts": native.ScopeAttempts, "getAttempt": native.ScopeAttempts, "getAttemptPhoto": native.ScopeAttempts, "reviewAttempt": native.ScopeReview,
	"listKeys": native.ScopeKeys, "createKey": native.ScopeKeys, "revokeKey": native.ScopeKeys, "listScopes": native.ScopeKeys, "overview": native.ScopeGalleries,
	"listJobs": native.ScopeJobs, "getJob": native.ScopeJobs, "cancelJob": native.ScopeJobs,
}

// besides are the scopes that operations need besides.
var besides = map[string]string{"mergeSubject": native.ScopeDelete, "splitSubject": native.ScopeDelete, "moveSubject": native.ScopeDelete}

// operations are the calls that need a key, with the rig's names filled in.
func operations(t *testing.T, names ...string) map[string]operation {
	t.Helper()
	text, err := os.ReadFile("native/openapi.yaml")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	ops := map[string]operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security == nil {
				ops[op.OperationID] = operation{method, strings.NewReplacer(names...).Replace(path), scopes[op.OperationID], names[slices.Index(names, "{face}")+1]}
				require.NotEmpty(t, scopes[op.OperationID], "%s %s needs a scope", method, path)
			}
		}
	}
	require.Len(t, ops, len(scopes))
	return ops
}

func (op operation) send(t *testing.T, r *servertest.Rig, key string) servertest.Answer {
	t.Helper()
	photo := text(servertest.Of(t, "ada", 2))
	body := map[string]m{
		"POST /v1/galleries": {"name": "new"}, "PATCH": {"policy": m{"quality": "off"}},
		"PATCH subjects": {"metadata": m{}}, "/v1/verify": {"photo": photo, "reference": photo},
	}
	switch {
	case strings.HasSuffix(op.path, "/import"):
		return r.Do(t, key, op.method, op.path, "application/x-tar", r.Do(t, r.Key(t, "acme", "*"), "GET", "/v1/galleries/staff/export", "", nil).Body)
	case strings.HasSuffix(op.path, "/evaluation"):
		return r.JSON(t, key, op.method, op.path, nil)
	case strings.HasSuffix(op.path, "/decision"):
		return r.JSON(t, key, op.method, op.path, m{"decision": "none"})
	case strings.HasSuffix(op.path, "/imports") && op.method == "POST":
		return r.JSON(t, key, op.method, op.path, m{"format": "zip"})
	case op.method == "PUT" && strings.HasSuffix(op.path, "/aside"):
		return r.JSON(t, key, op.method, op.path, nil)
	case strings.HasSuffix(op.path, "/review"):
		return r.JSON(t, key, op.method, op.path, m{"decision": "approve", "reason": "seen"})
	case strings.HasSuffix(op.path, "/known"):
		return r.JSON(t, key, op.method, op.path, m{"photos": []m{{"subject": "ada", "sha256": strings.Repeat("0", 64)}}})
	case strings.HasSuffix(op.path, "/merge"):
		return r.JSON(t, key, op.method, op.path, m{"into": "eve"})
	case strings.HasSuffix(op.path, "/split"):
		return r.JSON(t, key, op.method, op.path, m{"faces": []string{op.face}, "into": "eve"})
	case strings.HasSuffix(op.path, "/move"):
		return r.JSON(t, key, op.method, op.path, m{"gallery": "former"})
	case strings.HasSuffix(op.path, "/deletion") && op.method == "PUT":
		return r.JSON(t, key, op.method, op.path, m{"seconds": 3600})
	case op.method == "PUT":
		return r.Do(t, key, op.method, op.path, "application/octet-stream", linesOf(t, "ada"))
	case op.method == "POST" && (strings.HasSuffix(op.path, "/start") || strings.HasSuffix(op.path, "/cancel")):
		return r.JSON(t, key, op.method, op.path, nil)
	case op.method == "POST" && op.path == "/v1/keys":
		return r.JSON(t, key, op.method, op.path, m{"scopes": []string{native.ScopeKeys}})
	case op.method == "POST" && op.path == "/v1/webhooks":
		return r.JSON(t, key, op.method, op.path, m{"url": "http://127.0.0.1:8080/"})
	case op.method == "PATCH" && strings.Contains(op.path, "/webhooks/"):
		return r.JSON(t, key, op.method, op.path, m{"description": "ours"})
	case op.method == "POST" && strings.Contains(op.path, "/webhooks/"):
		return r.JSON(t, key, op.method, op.path, nil)
	case op.method == "POST" && op.path == "/v1/galleries":
		return r.JSON(t, key, op.method, op.path, body["POST /v1/galleries"])
	case op.method == "PATCH" && strings.Contains(op.path, "/subjects/"):
		return r.JSON(t, key, op.method, op.path, body["PATCH subjects"])
	case op.method == "PATCH":
		return r.JSON(t, key, op.method, op.path, body["PATCH"])
	case op.path == "/v1/verify":
		return r.JSON(t, key, op.method, op.path, body[op.path])
	case strings.HasSuffix(op.path, "/subjects/ada/search"):
		return r.JSON(t, key, op.method, op.path, m{})
	case op.method == "POST":
		return r.JSON(t, key, op.method, op.path, m{"photo": photo})
	default:
		return r.JSON(t, key, op.method, op.path, nil)
	}
}

// world is a rig where the tenant acme has everything there is to ask for.
func world(t *testing.T) (c caller, names []string) {
	t.Helper()
	c = startOn(t, reading())
	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"keep_photos": true}})
	c.json(t, "POST", "/v1/galleries", m{"name": "former"})
	var e enrolment
	c.raw(t, "/v1/galleries/staff/subjects?id=ada", servertest.Of(t, "ada", 1)).Into(t, http.StatusCreated, &e)
	c.raw(t, "/v1/galleries/staff/subjects?id=eve", servertest.Of(t, "eve", 1)).Into(t, http.StatusCreated, &enrolment{})
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	var h hook
	c.json(t, "POST", "/v1/webhooks", m{"url": receiver.URL}).Into(t, http.StatusCreated, &h)
	var d delivery
	c.json(t, "POST", "/v1/webhooks/"+h.ID+"/test", nil).Into(t, http.StatusOK, &d)
	var begun, open importing
	c.Do(t, c.key, "POST", "/v1/galleries/staff/imports", "application/x-ndjson", linesOf(t, "ivy")).Into(t, http.StatusAccepted, &begun)
	c.json(t, "POST", "/v1/galleries/staff/imports", m{"format": "ndjson"}).Into(t, http.StatusCreated, &open)
	require.Less(t, c.Do(t, c.key, "PUT", "/v1/imports/"+open.ID+"/parts/1", "application/octet-stream", linesOf(t, "ada")).Status, 300)
	_, spare, err := c.Access.Create(t.Context(), "acme", "spare", []string{native.ScopeRead})
	require.NoError(t, err)
	attempt := c.attempt(t)
	c.json(t, "POST", "/v1/galleries/staff/evaluation", nil)
	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"review_seconds": 3600}})
	c.raw(t, "/v1/galleries/staff/subjects?id=twin", servertest.Of(t, "ada", 2)).Into(t, http.StatusCreated, &enrolment{})
	var found struct{ Review string }
	c.raw(t, "/v1/galleries/staff/search", servertest.Of(t, "ada", 3)).Into(t, http.StatusOK, &found)
	require.NotEmpty(t, found.Review)
	return c, []string{
		"{review}", found.Review, "{key}", string(spare.ID), "{gallery}", "staff", "{subject}", "ada", "{face}", e.Faces[0].ID, "{webhook}", h.ID, "{delivery}", d.ID,
		"{import}", open.ID, "{part}", "1", "{job}", begun.Job, "{attempt}", attempt.ID, "{photo}", string(attempt.Stages[0].Photo),
	}
}

func TestEveryCallNeedsAKey(t *testing.T) {
	c, names := world(t)
	revoked, key, err := c.Access.Create(context.Background(), "acme", "", []string{"*"})
	require.NoError(t, err)
	require.NoError(t, c.Access.Revoke(context.Background(), store.Actor{Tenant: "acme"}, key.ID))
	id, secret, _ := access.Split(c.key)
	for name, op := range operations(t, names...) {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"", "ot_", "nonsense", revoked, access.Text(id, strings.Repeat("0", len(secret)))} {
				a := op.send(t, c.Rig, key)
				a.Refused(t, http.StatusUnauthorized, "unauthorized")
				want := `Bearer error="invalid_token"`
				if key == "" {
					want = "Bearer"
				}
				require.Equal(t, want, a.Header.Get("WWW-Authenticate"))
			}
			for _, header := range []string{"Basic " + c.key, c.key, "Bearer", "Bearer  ", "bearer"} {
				c.Do(t, "", op.method, op.path, "", nil, "Authorization: "+header).Refused(t, http.StatusUnauthorized, "unauthorized")
			}
		})
	}
	c.Do(t, "", "GET", "/v1/nothing", "", nil).Refused(t, http.StatusUnauthorized, "unauthorized")
	c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Into(t, http.StatusOK, &m{})
}

func TestEveryCallNeedsItsScope(t *testing.T) {
	c, names := world(t)
	for name, op := range operations(t, names...) {
		t.Run(name, func(t *testing.T) {
			var others []string
			for _, s := range c.Access.Scopes() {
				if s != op.scope && s != access.All {
					others = append(others, s)
				}
			}
			op.send(t, c.Rig, c.Key(t, "acme", others...)).Refused(t, http.StatusForbidden, "forbidden")
			if besides[name] != "" {
				op.send(t, c.Rig, c.Key(t, "acme", op.scope)).Refused(t, http.StatusForbidden, "forbidden")
			}
		})
	}
	insert := c.Do(t, c.Key(t, "acme", native.ScopeSearch), "POST", "/v1/galleries/staff/search?insert=true", "image/jpeg", servertest.Of(t, "zoe", 1))
	insert.Refused(t, http.StatusForbidden, "forbidden")
}

// With its scope alone every described call works; so each is served.
func TestItsScopeIsEnough(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for name := range scopes {
		t.Run(name, func(t *testing.T) {
			c, names := world(t)
			op := operations(t, names...)[name]
			enough := []string{op.scope}
			if besides[name] != "" {
				enough = append(enough, besides[name])
			}
			a := op.send(t, c.Rig, c.Key(t, "acme", enough...))
			if name == "cancelJob" && a.Status == http.StatusConflict { // It was quick.
				a.Refused(t, http.StatusConflict, "job_ended")
				return
			}
			require.Less(t, a.Status, 300, "%s", a.Body)
		})
	}
}

// What is another tenant's is not found, and is not changed.
func TestAnotherTenantsAreNotFound(t *testing.T) {
	c, names := world(t)
	theirs := c.Key(t, "rival", "*")
	before := c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Body
	for name, op := range operations(t, names...) {
		if !slices.ContainsFunc([]string{"staff", "/webhooks/", "/imports/", "/jobs/", "/keys/", "/attempts/"}, func(part string) bool { return strings.Contains(op.path, part) }) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			op.send(t, c.Rig, theirs).Refused(t, http.StatusNotFound, "not_found")
		})
	}
	// Nor through a gallery of the same name.
	require.Equal(t, http.StatusCreated, c.JSON(t, theirs, "POST", "/v1/galleries", m{"name": "staff"}).Status)
	for name, op := range operations(t, names...) {
		if !strings.Contains(op.path, "/subjects/") {
			continue
		}
		t.Run("same name: "+name, func(t *testing.T) {
			op.send(t, c.Rig, theirs).Refused(t, http.StatusNotFound, "not_found")
		})
	}
	var s searched
	c.Do(t, theirs, "POST", "/v1/galleries/staff/search?threshold=-1", "image/jpeg", servertest.Of(t, "ada", 2)).Into(t, http.StatusOK, &s)
	require.Equal(t, "nobody", s.Match)
	require.Zero(t, s.Faces)
	require.Equal(t, before, c.json(t, "GET", "/v1/galleries/staff/subjects/ada", nil).Body)
}

func TestRoutesThatAreNotThere(t *testing.T) {
	c := start(t)
	for name, q := range map[string]struct {
		method, path string
		status       int
		code         string
	}{
		"unknown":             {"GET", "/v2", 404, "not_found"},
		"unknown in the API":  {"GET", "/v1/people", 404, "not_found"},
		"wrong method":        {"PUT", "/v1/galleries", 405, "method_not_allowed"},
		"trailing slash":      {"GET", "/v1/galleries/", 404, "not_found"},
		"another case":        {"GET", "/V1/galleries", 404, "not_found"},
		"escaped slash":       {"GET", "/v1/galleries/staff%2Fsubjects", 404, "not_found"},
		"climbing":            {"GET", "/v1/galleries/..%2f..%2fetc%2fpasswd", 404, "not_found"},
		"NUL":                 {"GET", "/v1/galleries/%00", 404, "not_found"},
		"not UTF-8":           {"GET", "/v1/galleries/%ff", 404, "not_found"},
		"quotes":              {"GET", "/v1/galleries/staff'%20OR%20'1'='1", 404, "not_found"},
		"empty subject":       {"GET", "/v1/galleries/staff/subjects/", 404, "not_found"},
		"subject of nonsense": {"GET", "/v1/galleries/staff/subjects/%F0%9F%98%80", 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			c.json(t, q.method, q.path, nil).Refused(t, q.status, q.code)
		})
	}
}
