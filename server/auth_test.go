package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
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
}

// scopes of the operations, by their ids in the description.
var scopes = map[string]string{
	"createGallery": native.ScopeGalleries, "listGalleries": native.ScopeGalleries, "getGallery": native.ScopeGalleries,
	"changeGallery": native.ScopeGalleries, "deleteGallery": native.ScopeGalleries,
	"enrolSubject": native.ScopeEnrol, "changeSubject": native.ScopeEnrol, "addFaces": native.ScopeEnrol,
	"listSubjects": native.ScopeRead, "getSubject": native.ScopeRead, "getPhoto": native.ScopeRead,
	"deleteSubject": native.ScopeDelete, "deleteFace": native.ScopeDelete, "deletePhotos": native.ScopeDelete,
	"search": native.ScopeSearch, "verifySubject": native.ScopeVerify, "verifyPhotos": native.ScopeVerify, "detect": native.ScopeDetect,
	"addWebhook": native.ScopeWebhooks, "listWebhooks": native.ScopeWebhooks, "getWebhook": native.ScopeWebhooks,
	"patchWebhook": native.ScopeWebhooks, "deleteWebhook": native.ScopeWebhooks, "rotateWebhook": native.ScopeWebhooks,
	"testWebhook": native.ScopeWebhooks, "redeliverFailed": native.ScopeWebhooks, "listDeliveries": native.ScopeWebhooks,
	"getDelivery": native.ScopeWebhooks, "redeliver": native.ScopeWebhooks,
}

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
				ops[op.OperationID] = operation{method, strings.NewReplacer(names...).Replace(path), scopes[op.OperationID]}
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
	case op.method == "POST":
		return r.JSON(t, key, op.method, op.path, m{"photo": photo})
	default:
		return r.JSON(t, key, op.method, op.path, nil)
	}
}

// world is a rig where the tenant acme has everything there is to ask for.
func world(t *testing.T) (c caller, names []string) {
	t.Helper()
	c = start(t)
	c.json(t, "PATCH", "/v1/galleries/staff", m{"policy": m{"keep_photos": true}})
	var e enrolment
	c.raw(t, "/v1/galleries/staff/subjects?id=ada", servertest.Of(t, "ada", 1)).Into(t, http.StatusCreated, &e)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	var h hook
	c.json(t, "POST", "/v1/webhooks", m{"url": receiver.URL}).Into(t, http.StatusCreated, &h)
	var d delivery
	c.json(t, "POST", "/v1/webhooks/"+h.ID+"/test", nil).Into(t, http.StatusOK, &d)
	return c, []string{"{gallery}", "staff", "{subject}", "ada", "{face}", e.Faces[0].ID, "{webhook}", h.ID, "{delivery}", d.ID}
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
		})
	}
	insert := c.Do(t, c.Key(t, "acme", native.ScopeSearch), "POST", "/v1/galleries/staff/search?insert=true", "image/jpeg", servertest.Of(t, "zoe", 1))
	insert.Refused(t, http.StatusForbidden, "forbidden")
}

// With its scope alone every described call works; so each is served.
func TestItsScopeIsEnough(t *testing.T) {
	for name := range scopes {
		t.Run(name, func(t *testing.T) {
			c, names := world(t)
			op := operations(t, names...)[name]
			a := op.send(t, c.Rig, c.Key(t, "acme", op.scope))
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
		if !strings.Contains(op.path, "staff") && !strings.Contains(op.path, "/webhooks/") {
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
