// Package postgrestest finds a PostgreSQL server for tests: the one that
// ONETON_TEST_POSTGRES names by its URL, or one in a container of the image that
// ONETON_TEST_POSTGRES_IMAGE names, or a private one, started from the system's
// packages in a folder of its own; the last two are stopped at the end.
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
	url     string
	stop    func()
	skipped string
}

// Stop stops the server, if it is a private one that runs.
func (s *Shared) Stop() {
	if s.stop != nil {
		s.stop()
	}
}

// Database makes an empty database that is dropped at the test's end, and
// returns its URL. It skips the test when there is no server to be had.
func (s *Shared) Database(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == "" && s.skipped == "" {
		require.NoError(t, s.start())
	}
	if s.skipped != "" {
		t.Skip(s.skipped)
	}
	return database(t, s.url)
}

// start finds or starts the server, or finds out what is missing.
func (s *Shared) start() (err error) {
	if s.url = os.Getenv(Env); s.url != "" {
		return nil
	}
	if image := os.Getenv(Image); image != "" {
		s.url, s.stop, err = container(image)
		return err
	}
	// No test of it pulls the machine's plug.
	server, skipped, err := start("fsync=off")
	if server == nil {
		s.skipped = skipped
		return err
	}
	s.url, s.stop = server.URL(), server.stop
	return nil
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
