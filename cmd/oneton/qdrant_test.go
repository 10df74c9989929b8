package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"github.com/stretchr/testify/require"

	"oneton/index/qdrant/qdranttest"
	"oneton/store/postgres/postgrestest"
)

// withQdrant are the arguments of a program that searches there, and gives up
// soon.
func withQdrant(address string, more ...string) []string {
	return append([]string{
		"--set", "index.engine=qdrant", "--set", "index.qdrant.address=" + address,
		"--set", "index.qdrant.timeout=1s", "--set", "index.qdrant.write_timeout=2s",
	}, more...)
}

// command runs another command of the program.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // this program
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (p *program) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()
}

func (p *program) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
}

func (p *program) enrol(t *testing.T, key, id string, photo []byte) {
	t.Helper()
	_, err := p.do(key, http.MethodPost, "/v1/galleries/staff/subjects",
		map[string]any{"id": id, "photo": photo, "metadata": map[string]string{"n": id}}, nil)
	require.NoError(t, err)
}

// finds tells whether a search finds the subject, or why there is no answer.
func (p *program) finds(key, id string, photo []byte) (found bool, status int, err error) {
	var a searchAnswer
	status, err = p.do(key, http.MethodPost, "/v1/galleries/staff/search",
		map[string]any{"photo": photo, "filter": map[string][]string{"n": {id}}}, &a)
	return len(a.Candidates) == 1 && a.Candidates[0].Subject == id, status, err
}

func (p *program) requireFinds(t *testing.T, key, id string, photo []byte, want bool) {
	t.Helper()
	found, _, err := p.finds(key, id, photo)
	require.NoError(t, err)
	require.Equal(t, want, found, id)
}

// eventually waits until a search answers again.
func (p *program) eventually(t *testing.T, key, id string, photo []byte, want bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, _, err := p.finds(key, id, photo)
		return err == nil && found == want
	}, time.Minute, 100*time.Millisecond, id)
}

// TestQdrantDies kills a Qdrant, and then silences it, under a server: searches
// are refused in bounded time, and what is enrolled or deleted meanwhile is
// found, or gone, when Qdrant is back.
func TestQdrantDies(t *testing.T) {
	server, photo, data := qdranttest.Start(t), portrait(t), t.TempDir()
	p := startProgram(t, data, withQdrant(server.Address())...)
	key := p.key
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)
	p.enrol(t, key, "first", photo)
	p.requireFinds(t, key, "first", photo, true)

	for name, fault := range map[string]struct{ begin, end func(testing.TB) }{
		"dead":   {server.Kill, server.Restart},
		"silent": {server.Pause, server.Resume},
	} {
		t.Run(name, func(t *testing.T) {
			gone, came := "gone-"+name, "came-"+name
			p.enrol(t, key, gone, photo)
			p.requireFinds(t, key, gone, photo, true)
			fault.begin(t)
			for range 3 {
				start := time.Now()
				_, status, err := p.finds(key, "first", photo)
				require.Equal(t, http.StatusServiceUnavailable, status)
				require.ErrorContains(t, err, `"unavailable"`)
				require.Less(t, time.Since(start), 10*time.Second)
			}
			_, err := p.do("", http.MethodGet, "/readyz", nil, nil)
			require.NoError(t, err, "enrolments go on")
			p.enrol(t, key, came, photo)
			_, err = p.do(key, http.MethodDelete, "/v1/galleries/staff/subjects/"+gone, nil, nil)
			require.NoError(t, err)
			fault.end(t)
			p.eventually(t, key, came, photo, true)
			p.requireFinds(t, key, gone, photo, false)
			p.requireFinds(t, key, "first", photo, true)
		})
	}
	p.stop(t)

	server.Kill(t)
	again := startProgram(t, data, withQdrant(server.Address())...)
	_, status, err := again.finds(key, "first", photo)
	require.Equal(t, http.StatusServiceUnavailable, status, "a server starts without Qdrant: %v", err)
	server.Restart(t)
	again.eventually(t, key, "first", photo, true)
}

// deleteCollections deletes what the index has in Qdrant.
func deleteCollections(t *testing.T, address, name string) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	c, err := api.NewClient(&api.Config{Host: host, Port: port, SkipCompatibilityCheck: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.NoError(t, c.DeleteCollection(t.Context(), name))
}

// TestIndexCommands verifies, loses, rebuilds and measures an index in Qdrant.
func TestIndexCommands(t *testing.T) {
	server, photo, data := qdranttest.Start(t), portrait(t), t.TempDir()
	args := withQdrant(server.Address())
	run := func(more ...string) (string, error) {
		return command(t, append(append(append([]string{"index"}, more...), "--data", data), args...)...)
	}
	p := startProgram(t, data, args...)
	key := p.key
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)
	for i := range 5 {
		p.enrol(t, key, fmt.Sprint("p", i), photo)
	}
	p.requireFinds(t, key, "p4", photo, true)

	out, err := run("verify")
	require.NoError(t, err, out)
	require.Contains(t, out, "5 faces in the database, 5 compared, 0 differences")
	out, err = run("status")
	require.NoError(t, err, out)
	require.Regexp(t, `default +staff +default@5 +5 +5 +not measured`, out)

	out, err = command(t, append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--set", "index.qdrant.search=hnsw"}, args...)...)
	require.Error(t, err)
	require.Contains(t, out, "oneton index recall")
	out, err = run("recall", "default", "staff", "--accept")
	require.Error(t, err, "nothing is measured")
	require.Contains(t, out, "not measured")
	out, err = run("recall", "default", "staff", "--probes", "5")
	require.NoError(t, err, out)
	require.Contains(t, out, "of 5 people")
	out, err = run("recall", "default", "staff", "--accept")
	require.NoError(t, err, out)
	require.Contains(t, out, "accepted")
	walking := startProgram(t, data, append(args, "--set", "index.qdrant.search=hnsw")...)
	walking.requireFinds(t, key, "p4", photo, true)
	walking.stop(t)

	// A running server mends what it has lost.
	deleteCollections(t, server.Address(), "oneton_default@5")
	p.eventually(t, key, "p4", photo, true)
	out, err = run("verify")
	require.NoError(t, err, out)
	out, err = run("rebuild")
	require.NoError(t, err, out)
	p.eventually(t, key, "p4", photo, true)
	p.stop(t)

	deleteCollections(t, server.Address(), "oneton_default@5")
	out, err = run("verify", "--wait", "1s")
	require.Error(t, err)
	require.Contains(t, out, "the index is at position 0")
	out, err = run("rebuild")
	require.NoError(t, err, out)
	out, err = run("verify")
	require.NoError(t, err, out)
	require.Contains(t, out, "0 differences")
}

// TestRestoredDatabase puts back an older database under an index that has
// gone further.
func TestRestoredDatabase(t *testing.T) {
	server, photo, data := qdranttest.Start(t), portrait(t), t.TempDir()
	for name, args := range map[string][]string{
		"qdrant": withQdrant(server.Address()),
		"exact":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(data, name)
			p := startProgram(t, data, args...)
			key := p.key
			_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
			require.NoError(t, err)
			p.enrol(t, key, "kept", photo)
			p.stop(t)
			old, err := os.ReadFile(filepath.Join(data, "oneton.db"))
			require.NoError(t, err)

			p = startProgram(t, data, args...)
			p.enrol(t, key, "lost", photo)
			p.enrol(t, key, "lost-too", photo)
			p.requireFinds(t, key, "lost", photo, true)
			if name == "exact" {
				out, err := command(t, "index", "rebuild", "--data", data)
				require.Error(t, err)
				require.Contains(t, out, "a server uses the saved index")
			}
			p.stop(t)
			require.NoError(t, os.WriteFile(filepath.Join(data, "oneton.db"), old, 0o600))

			verify := append([]string{"index", "verify", "--data", data}, args...)
			out, err := command(t, verify...)
			require.Error(t, err)
			require.Contains(t, out, "ahead of the database")
			p = startProgram(t, data, args...)
			p.eventually(t, key, "kept", photo, true)
			p.requireFinds(t, key, "lost", photo, false)
			p.enrol(t, key, "new", photo)
			p.requireFinds(t, key, "new", photo, true)
			p.stop(t)
			out, err = command(t, verify...)
			require.NoError(t, err, out)
			require.Contains(t, out, "2 compared, 0 differences")
			if name == "exact" {
				out, err = command(t, "index", "rebuild", "--data", data)
				require.NoError(t, err, out)
				out, err = command(t, "index", "status", "--data", data)
				require.NoError(t, err, out)
				require.Regexp(t, `default +staff +default@5 +2`, out)
			}
		})
	}
}

// TestQdrantReplicas kills whichever of two servers brings the index along.
func TestQdrantReplicas(t *testing.T) {
	server, photo := qdranttest.Start(t), portrait(t)
	database := postgrestest.Start(t).Database(t)
	data := []string{t.TempDir(), t.TempDir()}
	args := withQdrant(server.Address(), "--set", "store.driver=postgres", "--set", "store.url="+database)
	servers := make([]*program, 2)
	servers[0] = startProgram(t, data[0], args...)
	key := servers[0].key
	secret, err := os.ReadFile(filepath.Join(data[0], "secret.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(data[1], "secret.key"), secret, 0o600))
	servers[1] = startProgram(t, data[1], args...)
	_, err = servers[0].do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)

	// Both are killed once, so that the one that led was among them.
	for round := range 4 {
		dies, lives := servers[round%2], servers[1-round%2]
		before := fmt.Sprint("before-", round)
		lives.enrol(t, key, before, photo)
		dies.requireFinds(t, key, before, photo, true)
		lives.requireFinds(t, key, before, photo, true)
		dies.kill(t)
		after := fmt.Sprint("after-", round)
		start := time.Now()
		lives.enrol(t, key, after, photo)
		lives.eventually(t, key, after, photo, true)
		t.Logf("round %d: found %v after the other's death", round, time.Since(start))
		servers[round%2] = startProgram(t, data[round%2], args...)
		servers[round%2].requireFinds(t, key, after, photo, true)
	}
	out, err := command(t, append([]string{"index", "verify", "--data", data[0]}, args...)...)
	require.NoError(t, err, out)
	require.Contains(t, out, "8 compared, 0 differences")
}
