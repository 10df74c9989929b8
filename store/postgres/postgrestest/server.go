package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

const (
	// startPatience is how long a server may take to answer, after a crash too.
	startPatience = time.Minute
	startPause    = 50 * time.Millisecond
	superuser     = "postgres"
	// cannotConnectNow is the SQLSTATE of a server that starts or recovers.
	cannotConnectNow = "57P03"
)

// Server is a private PostgreSQL server on a port of the loopback interface.
// Only its password opens it.
type Server struct {
	bin, dir string
	password string
	port     int
	settings []string
	owner    *syscall.SysProcAttr
	process  *os.Process
	// ended is closed when the process has ended.
	ended chan struct{}
}

// Start starts a server for one test and stops it at the test's end. The
// settings are those of postgresql.conf, such as "ssl=on"; a file that they
// name lies in Dir. It skips the test when PostgreSQL is not installed.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, skipped, err := start(settings...)
	require.NoError(t, err)
	if s == nil {
		t.Skip(skipped)
	}
	t.Cleanup(s.stop)
	return s
}

// start starts a server, or says what is missing.
func start(settings ...string) (s *Server, missing string, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err.Error(), nil
	}
	s = &Server{bin: bin, password: rand.Text(), settings: settings}
	if s.dir, err = os.MkdirTemp("", "oneton-postgres-"); err != nil {
		return nil, "", err
	}
	if err := errors.Join(s.create(), s.start()); err != nil {
		s.stop()
		return nil, "", err
	}
	return s, "", nil
}

// Dir is the server's data folder.
func (s *Server) Dir() string { return filepath.Join(s.dir, "data") }

// URL opens the server as its superuser.
func (s *Server) URL() string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/postgres",
	}
	return u.String()
}

// Database makes an empty database, and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return database(t, s.URL())
}

// Kill ends the server and all of its processes as a power cut would: at once.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	processes := s.processes()
	s.end(syscall.SIGKILL)
	// Without their parent they end too, but some end their statement first.
	for _, pid := range processes {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// KillSession kills the process of a session, once there is one, and returns when
// the server has ended all others for it. It recovers then.
func (s *Server) KillSession(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	conn, err := connect(ctx, s.URL())
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	var pid int
	for {
		require.NoError(t, conn.QueryRow(ctx, `SELECT coalesce(min(pid), 0) FROM pg_stat_activity
			WHERE backend_type = 'client backend' AND datname <> current_database()`).Scan(&pid))
		if pid != 0 {
			break
		}
		time.Sleep(startPause) // after the last kill nobody may have come back yet
	}
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	_, err = conn.WaitForNotification(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err())
}

// connect opens a connection, once the server has recovered if it must.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	for {
		conn, err := pgx.Connect(ctx, url)
		var refusal *pgconn.PgError
		if err == nil || !errors.As(err, &refusal) || refusal.Code != cannotConnectNow {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(startPause):
		}
	}
}

// processes are the server's, but for its first. They are known on Linux only.
func (s *Server) processes() (pids []int) {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.process.Pid))
	if err != nil {
		return nil
	}
	for field := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Restart starts the server again after Kill, on the same port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	require.NoError(t, s.start())
}

// end sends the signal and waits until the server has ended.
func (s *Server) end(signal os.Signal) {
	if s.process != nil {
		_ = s.process.Signal(signal)
		<-s.ended
	}
}

// stop ends the server and removes what it wrote.
func (s *Server) stop() {
	s.end(syscall.SIGQUIT) // at once, but with its processes
	_ = os.RemoveAll(s.dir)
}
