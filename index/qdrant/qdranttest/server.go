package qdranttest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/porttest"
)

const (
	// programName names the variable with the file of Qdrant's program.
	programName = "ONETON_TEST_QDRANT_PROGRAM"
	// startPatience is how long a server may take to answer, after a crash too.
	startPatience = time.Minute
	startPause    = 20 * time.Millisecond
)

// Server is a private Qdrant on ports of the loopback interface, which a test
// may end and start again.
type Server struct {
	program, dir string
	// ports are those of gRPC, HTTP and the cluster.
	ports         [3]int
	args, environ []string
	process       *os.Process
	// ended is closed when the process has ended.
	ended chan struct{}
}

// program is the file that ONETON_TEST_QDRANT_PROGRAM names, or qdrant on the
// path.
func program() (string, error) {
	if found := os.Getenv(programName); found != "" {
		return found, nil
	}
	return exec.LookPath("qdrant")
}

// Start starts a server for one test and stops it at the test's end. The
// settings are variables such as "QDRANT__SERVICE__API_KEY=secret". It skips
// the test when there is no program to start.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := newServer(t, settings...)
	s.Restart(t)
	return s
}

// StartCluster starts that many servers as one cluster, as Start does one.
func StartCluster(t testing.TB, nodes int) []*Server {
	t.Helper()
	servers := make([]*Server, nodes)
	for i := range servers {
		s := newServer(t, "QDRANT__CLUSTER__ENABLED=true")
		uri := func(of *Server) string { return fmt.Sprintf("http://127.0.0.1:%d", of.ports[2]) }
		s.environ = append(s.environ, fmt.Sprint("QDRANT__CLUSTER__P2P__PORT=", s.ports[2]))
		s.args = []string{"--uri", uri(s)}
		if i > 0 {
			s.args = append(s.args, "--bootstrap", uri(servers[0]))
		}
		s.Restart(t)
		servers[i] = s
	}
	return servers
}

func newServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	found, err := program()
	if err != nil {
		t.Skip("Qdrant: set " + programName + " or put qdrant on the path")
	}
	s := &Server{program: found, environ: settings}
	s.dir, err = os.MkdirTemp("", "qdrant")
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Kill(t)
		require.NoError(t, os.RemoveAll(s.dir))
	})
	first, err := porttest.Free(len(s.ports))
	require.NoError(t, err)
	for i := range s.ports {
		s.ports[i] = first + i
	}
	return s
}

// Address is the server's gRPC endpoint, host:port.
func (s *Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.ports[0]) }

// Dir is the folder of the collections, which may be copied while the server
// is down.
func (s *Server) Dir() string { return filepath.Join(s.dir, "storage", "collections") }

// Restart starts the server after Kill and waits until it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	text, err := os.Create(filepath.Join(s.dir, "log"))
	require.NoError(t, err)
	defer text.Close()
	cmd := exec.Command(s.program, s.args...) //nolint:gosec // a found program
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), append([]string{
		"QDRANT__SERVICE__HOST=127.0.0.1",
		fmt.Sprint("QDRANT__SERVICE__GRPC_PORT=", s.ports[0]),
		fmt.Sprint("QDRANT__SERVICE__HTTP_PORT=", s.ports[1]),
		"QDRANT__STORAGE__STORAGE_PATH=" + filepath.Join(s.dir, "storage"),
		"QDRANT__STORAGE__SNAPSHOTS_PATH=" + filepath.Join(s.dir, "snapshots"),
		"QDRANT__SERVICE__ENABLE_STATIC_CONTENT=false",
		"QDRANT__TELEMETRY_DISABLED=true",
	}, s.environ...)...)
	cmd.Stdout, cmd.Stderr = text, text
	cmd.SysProcAttr = new(syscall.SysProcAttr)
	endWithParent(cmd.SysProcAttr)
	require.NoError(t, cmd.Start())
	s.process, s.ended = cmd.Process, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		_ = cmd.Wait()
	}(s.ended)
	for deadline := time.Now().Add(startPatience); !s.answers(); time.Sleep(startPause) {
		select {
		case <-s.ended:
		default:
			if time.Now().Before(deadline) {
				continue
			}
		}
		said, _ := os.ReadFile(text.Name())
		require.FailNow(t, "Qdrant does not start", "%s", said)
	}
}

func (s *Server) answers() bool {
	conn, err := net.DialTimeout("tcp", s.Address(), time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// Kill ends the server as a crash would: at once.
func (s *Server) Kill(testing.TB) {
	if s.process != nil {
		_ = s.process.Kill()
		<-s.ended
	}
}

// Pause makes the server silent: it keeps its connections and answers nothing.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	require.NoError(t, s.process.Signal(syscall.SIGSTOP))
}

// Resume ends a pause.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	require.NoError(t, s.process.Signal(syscall.SIGCONT))
}
