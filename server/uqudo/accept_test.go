package uqudo_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Refusals are of the type that is usual in this API, unless a client names that of
// problems and takes it.
func TestTypeOfRefusals(t *testing.T) {
	r, _ := start(t)
	for accept, want := range map[string]string{
		"":                         "application/json",
		"*/*":                      "application/json",
		"application/*":            "application/json",
		"application/json":         "application/json",
		"application/problem+json": "application/problem+json",
		"application/json, application/problem+json;q=0.5": "application/problem+json",
		"Application/Problem+JSON":                         "application/problem+json",
		"application/problem+json;q=0":                     "application/json",
		"application/problem+json; q=0.000, */*":           "application/json",
		"text/html, nonsense;;;":                           "application/json",
	} {
		a := r.Do(t, "", "POST", "/api/v1/face/match", "application/json", []byte("{}"), "Accept: "+accept)
		require.Equal(t, http.StatusUnauthorized, a.Status)
		require.Equal(t, want, a.Header.Get("Content-Type"), accept)
		require.Contains(t, string(a.Body), `{"error":"UNAUTHORIZED","message":`)
	}
}
