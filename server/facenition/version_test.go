package facenition_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/facenition"
)

// Which version answers at which path and header, for every call there is.
func TestVersionMatrix(t *testing.T) {
	r := start(t)
	headers := map[string]int{"": 0, "1": 1, "2": 2, "3": -1, "0": -1, "v2": -1, "2.0": -1, "02": -1, "1, 2": -1, "-": -1}
	cells := 0
	for _, e := range facenition.Endpoints() {
		for prefix, told := range facenition.Prefixes() {
			for header, asked := range headers {
				cells++
				t.Run(fmt.Sprintf("%s %s%s %q", e.Name, at, prefix, header), func(t *testing.T) {
					var sent []string
					version := told
					if header != "" {
						sent, version = []string{"X-API-Version: " + header}, asked
					}
					a := client{r.URL, ""}.json(t, prefix+"/"+e.Name, m{}, sent...)
					switch {
					case version < 0:
						require.Contains(t, refused(t, a, http.StatusBadRequest, "invalid_request"), "X-API-Version: ")
					case version < e.Since:
						require.Contains(t, refused(t, a, http.StatusNotFound, "not_found"), "X-API-Version: 2")
					case !e.Open || e.Name == "token":
						refused(t, a, http.StatusUnauthorized, "unauthorized")
					default:
						require.Contains(t, refused(t, a, http.StatusBadRequest, "invalid_request"), "email is required")
					}
				})
			}
		}
	}
	t.Logf("%d cells", cells)
	require.Len(t, facenition.Endpoints(), 9)
	require.Equal(t, 9*3*len(headers), cells)
}

// The version that answers is the one that was asked for: the first gives a token
// at once, the second to verified pairs.
func TestVersionsDiffer(t *testing.T) {
	r := start(t)
	for prefix, told := range facenition.Prefixes() {
		for header, asked := range map[string]int{"": told, "1": 1, "2": 2} {
			var sent []string
			if header != "" {
				sent = []string{"X-API-Version: " + header}
			}
			a := client{r.URL, ""}.json(t, prefix+"/generateToken", m{"email": email, "phone": phone}, sent...)
			if asked == 1 {
				require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
			} else {
				refused(t, a, http.StatusForbidden, "not_verified")
			}
		}
	}
}

// Two headers of which one might be believed here and the other by a proxy are
// neither.
func TestVersionIsSaidOnce(t *testing.T) {
	r := start(t)
	for _, values := range [][]string{{"1", "2"}, {"2", "1"}, {"2", "2"}, {"", "2"}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+at+"/token", nil)
		require.NoError(t, err)
		req.Header["X-Api-Version"] = values
		refused(t, ask(t, req), http.StatusBadRequest, "invalid_request")
	}
	for _, path := range []string{"/v3/generate", "/v0/token", "/V2/token", "/v1/v2/token", "/v2", "/", "", "/generatetoken", "/generate/", "/v1//token"} {
		refused(t, client{r.URL, ""}.json(t, path, m{}, "X-API-Version: 2"), http.StatusNotFound, "not_found")
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "BREW"} {
		a := r.Do(t, "", method, at+"/generate", "", nil)
		require.Contains(t, refused(t, a, http.StatusNotFound, "not_found"), "POST")
		require.Equal(t, "OPTIONS, POST", a.Header.Get("Allow"))
	}
}
