package postgres_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/storetest"
)

// raw is a connection beside the store's.
func raw(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, query string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), query, args...)
	require.NoError(t, err)
}

// with is the URL with a parameter set.
func with(t *testing.T, to, name, value string) string {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestSettings(t *testing.T) {
	to := shared.Database(t)
	// What a database or role says by itself does not count.
	db := raw(t, to)
	exec(t, db, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`)
	exec(t, db, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`)
	exec(t, db, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kathmandu''', current_database()); END $$`)

	s := open(t, postgres.Config{URL: to, Timeout: 1500 * time.Millisecond})
	for name, want := range map[string]string{
		"synchronous_commit": "on", "statement_timeout": "1500ms", "idle_in_transaction_session_timeout": "1500ms",
		"application_name": "oneton", "transaction_isolation": "read committed",
	} {
		reader, writer, err := s.Settings(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, reader, name)
		require.Equal(t, want, writer, name)
	}
	newGallery(t, s, "g")
	f := storetest.NewFace(faceID(1))
	_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: "p"}, []store.Face{f}, nil, true)
	require.NoError(t, err)
	got, err := s.Faces(t.Context(), "g", "p")
	require.NoError(t, err)
	require.Equal(t, f.CreatedAt, got[0].CreatedAt, "times are read in UTC")

	s = open(t, postgres.Config{URL: with(t, with(t, to, "synchronous_commit", "remote_apply"), "statement_timeout", "2s")})
	for name, want := range map[string]string{"synchronous_commit": "remote_apply", "statement_timeout": "2s"} {
		_, got, err := s.Settings(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, got, "the URL says more: %s", name)
	}
	for _, weak := range []string{"off", "local", "remote_write"} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: with(t, to, "synchronous_commit", weak)})
		require.ErrorContains(t, err, "synchronous_commit", weak)
	}
}

func TestUnopenable(t *testing.T) {
	to := postgrestest.Start(t).URL()
	u, err := url.Parse(to)
	require.NoError(t, err)
	const secret = "hunter2-hunter2"
	changed := func(change func(u *url.URL)) string {
		c := *u
		c.User = url.UserPassword(u.User.Username(), secret)
		change(&c)
		return c.String()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	require.NoError(t, l.Close())
	const latin = "/latin"
	exec(t, raw(t, to), `CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`)
	tests := map[string]struct {
		url  string
		want error
		text string
	}{
		"empty":          {url: "", text: "empty"},
		"not a URL":      {url: changed(func(u *url.URL) { u.Host = "host:port" }), text: "port"},
		"unknown TLS":    {url: with(t, changed(func(*url.URL) {}), "sslmode", "perhaps"), text: "sslmode"},
		"no server":      {url: changed(func(u *url.URL) { u.Host = l.Addr().String() }), want: store.ErrUnavailable},
		"silent server":  {url: changed(func(u *url.URL) { u.Host = silent.Addr().String() }), want: store.ErrUnavailable},
		"wrong password": {url: changed(func(*url.URL) {}), want: store.ErrUnavailable},
		"no database":    {url: changed(func(u *url.URL) { u.Path += "_none"; u.User = url.UserPassword(u.User.Username(), password(t, to)) }), want: store.ErrUnavailable},
		"not UTF-8":      {url: changed(func(u *url.URL) { u.Path = latin; u.User = url.UserPassword(u.User.Username(), password(t, to)) }), text: "UTF8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := postgres.Config{URL: test.url}
			if name == "silent server" {
				cfg.Timeout = quick
			}
			start := time.Now()
			_, err := postgres.Open(t.Context(), cfg)
			require.Error(t, err)
			require.Less(t, time.Since(start), bound)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			require.ErrorContains(t, err, test.text)
			require.NotContains(t, err.Error(), secret)
		})
	}
}

func password(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	p, _ := u.User.Password()
	return p
}

func TestNewerSchema(t *testing.T) {
	to := shared.Database(t)
	s, err := postgres.Open(t.Context(), postgres.Config{URL: to})
	require.NoError(t, err)
	newGallery(t, s, "g")
	require.NoError(t, s.Close())
	db := raw(t, to)
	exec(t, db, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, true)`)
	exec(t, db, `DROP TABLE changes CASCADE`) // as a newer version might
	state := func() (tables, versions int) {
		require.NoError(t, db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public'),
			(SELECT count(*) FROM goose_db_version)`).Scan(&tables, &versions))
		return tables, versions
	}
	tables, versions := state()

	_, err = postgres.Open(t.Context(), postgres.Config{URL: to})
	require.ErrorIs(t, err, store.ErrNewerSchema)
	require.ErrorContains(t, err, "9000")
	left, known := state()
	require.Equal(t, tables, left, "the database is left alone")
	require.Equal(t, versions, known)
}

func TestFirstOpenAtOnce(t *testing.T) {
	to := shared.Database(t)
	const n = 6
	var wg sync.WaitGroup
	stores, errs := make([]*postgres.Store, n), make([]error, n)
	for i := range n {
		wg.Go(func() { stores[i], errs[i] = postgres.Open(t.Context(), postgres.Config{URL: to}) })
	}
	wg.Wait()
	for i, err := range errs {
		require.NoError(t, err)
		newGallery(t, stores[i], fmt.Sprint("g", i))
	}
	for _, s := range stores {
		require.NoError(t, s.Close())
	}
}

// TestTwoSchemas checks that stores in two schemas of one database know
// nothing of each other: neither rows nor locks nor leases.
func TestTwoSchemas(t *testing.T) {
	to := shared.Database(t)
	db := raw(t, to)
	var stores []*postgres.Store
	for _, schema := range []string{"one", "two"} {
		exec(t, db, `CREATE SCHEMA `+schema)
		stores = append(stores, open(t, postgres.Config{URL: with(t, to, "search_path", schema)}))
	}
	var leases []*postgres.Lease
	for i, s := range stores {
		newGallery(t, s, "g")
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: "p"}, []store.Face{storetest.NewFace(faceID(i))}, nil, true)
		require.NoError(t, err)
		storetest.RequireReplay(t, s)
		lease, err := s.Acquire(t.Context(), "follower")
		require.NoError(t, err)
		leases = append(leases, lease)
	}
	for _, lease := range leases {
		lease.Release()
	}
}

func faceID(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", i) }
