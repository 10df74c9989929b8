package guides_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/docs"
	"oneton/server"
	"oneton/server/guides"
	"oneton/server/servertest"
)

// Whoever reads llms.txt of a server finds each document that it lists on the same server,
// and nothing else.
func TestDocumentsAreServed(t *testing.T) {
	r := servertest.Start(t, servertest.Options{APIs: func(*servertest.Rig) []server.API { return []server.API{guides.New(docs.Files())} }})
	get := func(path string) (status int, mediaType, text string) {
		res, err := http.Get(r.URL + path) //nolint:noctx // a test
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, res.Header.Get("Content-Type"), string(body)
	}
	status, mediaType, index := get("/llms.txt")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "text/plain; charset=utf-8", mediaType)
	links := regexp.MustCompile(`\]\((/[^)#]*)\)`).FindAllStringSubmatch(index, -1)
	require.Greater(t, len(links), 30)
	for _, link := range links {
		status, mediaType, text := get(link[1])
		require.Equal(t, http.StatusOK, status, link[1])
		require.Equal(t, "text/markdown; charset=utf-8", mediaType)
		require.True(t, strings.HasPrefix(text, "# "), link[1])
	}
	for _, none := range []string{"/docs/", "/docs/none.md", "/docs/docs.go", "/docs/../docs.go", "/docs/%2e%2e/README.md", "/docs/llms.txt", "/docs/tutorials", "/docs//api.md"} {
		status, _, text := get(none)
		require.Equal(t, http.StatusNotFound, status, none)
		require.NotContains(t, text, "# ", none)
	}
}
