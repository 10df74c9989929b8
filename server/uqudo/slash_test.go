package uqudo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Clients write paths with a slash at their end, too; nothing is open that was not.
func TestSlashesAtTheEnd(t *testing.T) {
	r, _ := start(t)
	for path, want := range map[string]int{
		"/api/v1/face/match/": http.StatusUnauthorized, "/api/v1/face/": http.StatusUnauthorized, "/api/v1/face/one-to-n/search//": http.StatusUnauthorized,
		"/api/oauth/token/": http.StatusUnauthorized, "/api/v1/none/": http.StatusNotFound,
	} {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"nobody"}, "client_secret": {"none"}}
		a, err := http.Post(r.URL+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode())) //nolint:gosec,noctx // the test's own server
		require.NoError(t, err)
		require.NoError(t, a.Body.Close())
		require.Equal(t, want, a.StatusCode, path)
	}
}
