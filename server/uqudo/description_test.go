package uqudo_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// described is the API's description, as it is served.
func described(t *testing.T, r *servertest.Rig) *openapi3.T {
	t.Helper()
	a := r.Do(t, "", "GET", "/openapi/uqudo.yaml", "", nil)
	require.Equal(t, http.StatusOK, a.Status)
	doc, err := openapi3.NewLoader().LoadFromData(a.Body)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	return doc
}

// The description that is served is valid, is named by GET /, and has every
// call that is served and no other.
func TestDescription(t *testing.T) {
	r, _ := start(t)
	var root struct{ Descriptions []string }
	r.Do(t, "", "GET", "/", "", nil).Into(t, http.StatusOK, &root)
	require.Equal(t, []string{"/openapi.yaml", "/openapi/uqudo.yaml"}, root.Descriptions)
	doc := described(t, r)
	want := map[string]string{
		"token": "POST /api/oauth/token", "tokenBesideApi": "POST /oauth/token",
		"keySet": "GET /.well-known/jwks.json", "keySetInApi": "GET /api/.well-known/jwks.json",
	}
	for name, q := range calls(t) {
		want[name] = q.method + " " + q.described
	}
	got := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			got[op.OperationID] = method + " " + path
			status := r.Do(t, "", method, strings.NewReplacer("{", "", "}", "").Replace(path), "", nil).Status
			require.Contains(t, []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized}, status, "%s %s is served", method, path)
		}
	}
	require.Equal(t, want, got)
}

// checked holds an answer against the description, which has its status.
func checked(t *testing.T, router routers.Router, r *servertest.Rig, method, path string, headers []string, a servertest.Answer) {
	t.Helper()
	u, err := url.Parse(r.URL + strings.TrimPrefix(path, "/uqudo")) // where the router is
	require.NoError(t, err)
	req := &http.Request{Method: method, URL: u, Header: http.Header{}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	route, params, err := router.FindRoute(req)
	if err != nil { // of no call that there is
		require.GreaterOrEqual(t, a.Status, http.StatusBadRequest)
		return
	}
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}), "%s %s: %d %s", method, path, a.Status, a.Body)
}

func routerOf(t *testing.T, r *servertest.Rig) routers.Router {
	t.Helper()
	doc := described(t, r)
	doc.Servers = openapi3.Servers{{URL: r.URL}}
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return router
}

// Refusals name the fields by this API's names, and a 401 what makes a token.
func TestRefusalsSayWhatAndWhere(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	good, empty := text(servertest.Of(t, "ada", 1)), text(servertest.Photo(t))
	for field, body := range map[string]m{
		"sourceImage": {"sourceImage": empty, "targetImage": good},
		"targetImage": {"sourceImage": good, "targetImage": empty},
	} {
		require.Equal(t, field, refused(t, c.post(t, "/match", body), http.StatusBadRequest, "NO_FACE").Field)
	}
	require.Equal(t, "idPhoto", refused(t, c.post(t, "/one-to-n/search", m{"idPhoto": empty}), http.StatusBadRequest, "NO_FACE").Field)
	require.Equal(t, "idPhoto", refused(t, c.post(t, "/one-to-n/insert", m{"idPhoto": empty}), http.StatusBadRequest, "NO_FACE").Field)
	require.Equal(t, "oneToNVerificationId", refused(t, c.delete(t, "nobody"), http.StatusNotFound, "NOT_FOUND").Field)
	for token, says := range map[string]string{"": "Bearer <access token>", "ot_" + c.id + "_" + c.secret: "not an API key", "x.y.z": "has expired"} {
		p := refused(t, r.JSON(t, token, "POST", "/api/v1/face/match", m{}), http.StatusUnauthorized, "UNAUTHORIZED")
		require.Contains(t, p.Detail, says)
		require.Contains(t, p.Message, "POST /api/oauth/token")
	}
	searcher := newClient(t, r, "acme", "face:search")
	a := searcher.post(t, "/one-to-n/search", m{"idPhoto": good, "insert": true})
	p := refused(t, a, http.StatusForbidden, "FORBIDDEN")
	require.Equal(t, "insert", p.Field)
	require.Contains(t, p.Detail, "face:insert")
	require.Equal(t, `Bearer error="insufficient_scope", scope="face:insert"`, a.Header.Get("WWW-Authenticate"))
}
