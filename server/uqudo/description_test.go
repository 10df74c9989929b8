package uqudo_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// The description that is served is valid, is named by GET /, and has every
// call that is served and no other.
func TestDescription(t *testing.T) {
	r, _ := start(t)
	var root struct{ Descriptions []string }
	r.Do(t, "", "GET", "/", "", nil).Into(t, http.StatusOK, &root)
	require.Equal(t, []string{"/openapi.yaml", "/openapi/uqudo.yaml"}, root.Descriptions)
	a := r.Do(t, "", "GET", root.Descriptions[1], "", nil)
	require.Equal(t, http.StatusOK, a.Status)
	doc, err := openapi3.NewLoader().LoadFromData(a.Body)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))

	want := map[string]string{"token": "POST /api/oauth/token"}
	for name, q := range calls(t) {
		want[name] = q.method + " " + strings.Replace(q.path, "/search/x", "/search/{oneToNVerificationId}", 1)
	}
	got := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			got[op.OperationID] = method + " " + path
			status := r.Do(t, "", method, strings.Replace(path, "{oneToNVerificationId}", "x", 1), "", nil).Status
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized}, status, "%s %s is served", method, path)
		}
	}
	require.Equal(t, want, got)
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
		require.Equal(t, field, c.post(t, "/match", body).Refused(t, http.StatusBadRequest, "no_face").Field)
	}
	require.Equal(t, "idPhoto", c.post(t, "/one-to-n/search", m{"idPhoto": empty}).Refused(t, http.StatusBadRequest, "no_face").Field)
	require.Equal(t, "idPhoto", c.post(t, "/one-to-n/insert", m{"idPhoto": empty}).Refused(t, http.StatusBadRequest, "no_face").Field)
	require.Equal(t, "oneToNVerificationId", c.delete(t, "nobody").Refused(t, http.StatusNotFound, "not_found").Field)
	for token, says := range map[string]string{"": "Bearer <access token>", "ot_" + c.id + "_" + c.secret: "not an API key", "x.y.z": "has expired"} {
		p := r.JSON(t, token, "POST", "/api/v1/face/match", m{}).Refused(t, http.StatusUnauthorized, "unauthorized")
		require.Contains(t, p.Detail, says)
		require.Contains(t, p.Detail, "POST /api/oauth/token")
	}
	searcher := newClient(t, r, "acme", "face:search")
	p := searcher.post(t, "/one-to-n/search", m{"idPhoto": good, "insert": true}).Refused(t, http.StatusForbidden, "forbidden")
	require.Equal(t, "insert", p.Field)
	require.Contains(t, p.Detail, "face:insert")
}
