package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

// An import that is done again sends no photo that the server has, however many there
// are, and says the same of each as one that sends it.
func TestImportAsksFirst(t *testing.T) {
	rig := servertest.Start(t, servertest.Options{})
	to, err := url.Parse(rig.URL)
	require.NoError(t, err)
	var sent, asked atomic.Int64
	var deaf atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(to)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/faces"):
			sent.Add(1)
		case strings.HasSuffix(r.URL.Path, "/known"):
			asked.Add(1)
			if deaf.Load() { // as a server of before
				http.NotFound(w, r)
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	folder, source := t.TempDir(), t.TempDir()
	const people, each = 30, 10
	for p := range people {
		who := "p" + string(rune('a'+p%26)) + strings.Repeat("x", p/26)
		require.NoError(t, os.Mkdir(filepath.Join(source, who), 0o700))
		for n := range each {
			require.NoError(t, os.WriteFile(filepath.Join(source, who, "photo"+string(rune('0'+n))+".jpg"), servertest.Of(t, who, n), 0o600))
		}
	}
	t.Setenv(keyVariable, rig.Key(t, "acme", "enrol", "galleries", "delete"))
	run := func(says string, args ...string) (photos, questions int64) {
		t.Helper()
		sent.Store(0)
		asked.Store(0)
		stdout, stderr, err := commandIn(t, folder, append([]string{"import", "staff", source, "--create-gallery", "--server", between.URL, "--parallel", "16"}, args...)...)
		require.NoError(t, err, "%s%s", stdout, stderr)
		require.Contains(t, stdout, says)
		return sent.Load(), asked.Load()
	}
	photos, questions := run("300 photos, 300 added")
	require.EqualValues(t, people*each, photos)
	require.LessOrEqual(t, questions, int64(people*each))
	photos, questions = run("300 photos, 0 added, 300 there already")
	require.Zero(t, photos, "nothing is sent that is there")
	require.Less(t, questions, int64(people*each), "questions go together")
	require.NoError(t, os.WriteFile(filepath.Join(source, "pa", "new.jpg"), servertest.Of(t, "pa", 77), 0o600))
	photos, _ = run("301 photos, 1 added, 300 there already")
	require.EqualValues(t, 1, photos, "what is new is sent")

	// People of another import are skipped, as the server says.
	photos, _ = run("301 photos, 0 added, 301 skipped", "--existing", "skip", "--name", "other")
	require.EqualValues(t, people*each+1, photos)
	// A server that does not tell is sent all.
	deaf.Store(true)
	photos, questions = run("301 photos, 0 added, 301 there already")
	require.EqualValues(t, people*each+1, photos)
	require.EqualValues(t, 1, questions)
}
