package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const (
	// installed is where Linux distributions put the server's programs.
	installed = "/usr/lib/postgresql/*/bin"
	// startPatience is how long a server may take to answer, after a crash too.
	startPatience = 30 * time.Second
	startPause    = 50 * time.Millisecond
	superuser     = "postgres"
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

// programs is the folder of initdb and postgres, or why there is none.
func programs() (string, error) {
	var folders []string
	found, err := filepath.Glob(installed)
	if err != nil {
		return "", err
	}
	slices.Reverse(found) // the newest first
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, dir := range append(folders, found...) {
		if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		if _, err := exec.LookPath(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%s is not set, and initdb and postgres are neither in PATH nor in %s: install the package postgresql",
		Env, installed)
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

// create makes the data folder.
func (s *Server) create() (err error) {
	if s.owner, err = unprivileged(); err != nil {
		return err
	}
	if err := s.own(s.dir); err != nil {
		return err
	}
	if err := s.write("password", []byte(s.password)); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "--pgdata", s.Dir(), "--username", superuser, //nolint:gosec // a found program
		"--pwfile", filepath.Join(s.dir, "password"), "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = s.owner, s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w: %s", err, out)
	}
	return nil
}

// WriteFile puts a file that only the server may read into its data folder.
func (s *Server) WriteFile(t testing.TB, name string, data []byte) {
	t.Helper()
	require.NoError(t, s.write(filepath.Join(filepath.Base(s.Dir()), name), data))
}

func (s *Server) write(name string, data []byte) error {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return s.own(path)
}

// own gives a file to who runs the server.
func (s *Server) own(path string) error {
	if s.owner.Credential == nil {
		return nil
	}
	return os.Chown(path, int(s.owner.Credential.Uid), int(s.owner.Credential.Gid))
}

// unprivileged is how PostgreSQL's programs are run: as root they refuse.
func unprivileged() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{}
	endWithParent(attr)
	if os.Geteuid() != 0 {
		return attr, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // parsed to 32 bits
		return attr, errors.Join(uerr, gerr)
	}
	return nil, errors.New("run PostgreSQL as root: no user postgres or nobody")
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

// KillSession kills the process of one session, and returns when the server
// has ended all others for it. It recovers then.
func (s *Server) KillSession(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	var pid int
	require.NoError(t, conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND datname <> current_database() LIMIT 1`).Scan(&pid))
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	_, err = conn.WaitForNotification(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err())
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

// start runs the server until it answers. A dead one's processes may hold its
// memory for a moment.
func (s *Server) start() error {
	if s.port == 0 {
		var err error
		if s.port, err = freePort(); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(startPatience); ; time.Sleep(startPause) {
		if err := s.launch(); err != nil {
			return err
		}
		if s.answers(deadline) {
			return nil
		}
		s.end(syscall.SIGKILL)
		text, err := os.ReadFile(s.logFile())
		if err != nil || time.Now().After(deadline) || !strings.Contains(string(text), "still in use") {
			return fmt.Errorf("start PostgreSQL: %w: %s", err, text)
		}
	}
}

func freePort() (int, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// launch starts the server's process, with an empty log.
func (s *Server) launch() error {
	args := []string{"-D", s.Dir()}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=",
		"shared_buffers=32MB", "max_connections=60",
	}, s.settings...) {
		args = append(args, "-c", setting)
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...) //nolint:gosec // a found program
	cmd.SysProcAttr, cmd.Dir = s.owner, s.dir
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, make(chan struct{})
	go func() {
		defer close(s.ended)
		_ = cmd.Wait()
	}()
	return nil
}

// answers waits until the server does, or has ended.
func (s *Server) answers(deadline time.Time) bool {
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		conn, err := pgx.Connect(ctx, s.URL())
		if err == nil {
			_ = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return true
		}
		select {
		case <-s.ended:
			return false
		case <-time.After(startPause):
		}
	}
	return false
}
