package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// shared is the server of the tests that leave it in peace.
var shared postgrestest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	shared.Stop()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func open(t *testing.T, cfg postgres.Config) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newGallery(t *testing.T, s *postgres.Store, id string) {
	t.Helper()
	require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: store.TenantID("tenant of " + id), Name: "t"}))
	require.NoError(t, s.CreateGallery(t.Context(), store.Gallery{
		ID: store.GalleryID(id), Tenant: store.TenantID("tenant of " + id), Name: id, Pack: storetest.Pack,
	}))
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		url := shared.Database(t)
		return func(t *testing.T) storetest.Store { return open(t, postgres.Config{URL: url}) }
	})
}

func TestAnswersAsSQLite(t *testing.T) {
	url, path := shared.Database(t), filepath.Join(t.TempDir(), "oneton.db")
	storetest.Alike(t, func(t *testing.T) storetest.Store { return open(t, postgres.Config{URL: url}) }, func(t *testing.T) storetest.Store {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		require.NoError(t, err)
		return s
	})
}
