// Package postgrestest finds a PostgreSQL server for tests: the one that
// ONETON_TEST_POSTGRES names by its URL, or a private one, started from the
// system's packages in a folder of its own and stopped at the end.
package postgrestest

import (
	"context"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Env names the URL of a server to test on. Its user must be allowed to create
// databases, and each test has one of its own, dropped at the end.
const Env = "ONETON_TEST_POSTGRES"

// Shared is one server for the tests of a package. Its zero value is ready:
// the server starts with the first database.
type Shared struct {
	mu      sync.Mutex
	server  *Server
	skipped string
}

// Stop stops the server, if it is a private one that runs.
func (s *Shared) Stop() {
	if s.server != nil {
		s.server.stop()
	}
}

// Database makes an empty database that is dropped at the test's end, and
// returns its URL. It skips the test when there is no server to be had.
func (s *Shared) Database(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	server := os.Getenv(Env)
	if server == "" {
		if s.server == nil && s.skipped == "" {
			var err error
			// No test of it pulls the machine's plug.
			if s.server, s.skipped, err = start("fsync=off"); err != nil {
				t.Fatal(err)
			}
		}
		if s.skipped != "" {
			t.Skip(s.skipped)
		}
		server = s.server.URL()
	}
	return database(t, server)
}

// database makes a database on the server.
func database(t testing.TB, server string) string {
	t.Helper()
	name := "oneton_test_" + uuid.NewString()
	quoted := pgx.Identifier{name}.Sanitize()
	run(t, server, `CREATE DATABASE `+quoted+` TEMPLATE template0 ENCODING 'UTF8'`)
	t.Cleanup(func() { run(t, server, `DROP DATABASE `+quoted+` WITH (FORCE)`) })
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func run(t testing.TB, server, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	conn, err := connect(ctx, server)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, query)
	require.NoError(t, err)
}
