package facenition_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/store/postgres/postgrestest"
)

// What one replica ends, the other refuses within a second: an identity token that
// is revoked or replaced, and a client token.
func TestRevocationHoldsOnTheOtherReplica(t *testing.T) {
	var cluster postgrestest.Shared
	t.Cleanup(cluster.Stop)
	folder, database := t.TempDir(), cluster.Database(t)
	e := newRecorder(t)
	on := func(name string) *process {
		return startNode(t, filepath.Join(folder, name), e, func(cfg *config.Config) {
			cfg.Store.Driver, cfg.Store.URL = "postgres", database
			cfg.Secret = filepath.Join(folder, "secret.key")
		})
	}
	a, b := on("a"), on("b")
	here := newClient(t, a.url)
	there := client{b.url, here.token}
	photo := variants(t, 1)[0]
	within := func(what func() int, status int) {
		t.Helper()
		require.Eventually(t, func() bool { return what() == status }, time.Second, time.Millisecond)
	}
	for range 5 {
		token := here.identity(t, "image", photo)
		ask := func() int { return there.form(t, "/authenticate", "token", token, "image", photo).Status }
		require.Equal(t, http.StatusOK, ask())
		require.Equal(t, http.StatusOK, here.form(t, "/revoke", "token", token).Status)
		within(ask, http.StatusGone)

		token = there.identity(t, "image", photo)
		require.Equal(t, http.StatusOK, here.form(t, "/rotate", "token", token).Status)
		within(ask, http.StatusGone)
	}
	require.True(t, there.given(t, "/token", m{}).Valid)
	require.True(t, here.given(t, "/token", m{"revoke": true}).OK)
	within(func() int { return there.form(t, "/match", "image", photo, "image", photo).Status }, http.StatusUnauthorized)
}
