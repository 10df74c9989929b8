package storetest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
)

// Engines runs the suite of a room that keeps tables of its own on every engine.
// Handles of one empty database are opened by open, and closed at the test's end.
func Engines(t *testing.T, run func(t *testing.T, open Open)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "oneton.db")
		run(t, func(t *testing.T) Store {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			return closing(t, s, err)
		})
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgrestest.Start(t, "fsync=off").Database(t)
		run(t, func(t *testing.T) Store {
			s, err := postgres.Open(t.Context(), postgres.Config{URL: url})
			return closing(t, s, err)
		})
	})
}

// closing closes a handle at the test's end.
func closing(t *testing.T, s Store, err error) Store {
	t.Helper()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
