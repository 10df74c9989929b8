package storetest

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
)

// KillRounds is how often a test kills what it kills: what ONETON_TEST_FAULT_ROUNDS
// says, or otherwise so often.
func KillRounds(otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv("ONETON_TEST_FAULT_ROUNDS")); err == nil {
		return n
	}
	return otherwise
}

// Killed runs a test on every engine whose processes are killed: OpenNamed opens the
// database in each of them, and kill kills the database's own, where it has some, and
// brings it back after a while.
func Killed(t *testing.T, run func(t *testing.T, name string, kill func())) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		run(t, "sqlite "+filepath.Join(t.TempDir(), "oneton.db"), func() {})
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgrestest.Start(t)
		run(t, "postgres "+server.Database(t), func() {
			server.Kill(t)
			time.Sleep(rand.N(100 * time.Millisecond)) //nolint:gosec // it is no secret
			server.Restart(t)
		})
	})
}

// OpenNamed opens a database that Killed has named.
func OpenNamed(ctx context.Context, name string) (Store, error) {
	engine, at, _ := strings.Cut(name, " ")
	if engine == "sqlite" {
		return sqlite.Open(ctx, sqlite.Config{Path: at})
	}
	return postgres.Open(ctx, postgres.Config{URL: at})
}

// Process is this program once more, to be killed.
type Process struct{ command *exec.Cmd }

// Begin begins one, with more in its environment, and waits until it has written
// something, by which it says that it is ready.
func Begin(t *testing.T, environment ...string) Process {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // it is this program
	c.Env = append(os.Environ(), environment...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	_, err = out.Read(make([]byte, 1))
	require.NoError(t, err, "it is ready")
	return Process{c}
}

// Kill kills it, which must not have ended by itself.
func (p Process) Kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.command.Process.Kill())
	require.Error(t, p.command.Wait())
	status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGKILL, status.Signal(), "it did not end by itself")
}
