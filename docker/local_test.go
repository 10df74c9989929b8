package docker_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/porttest"
)

// TestLocalCluster starts the cluster from processes and uses it through the
// proxy, while replicas of it die.
func TestLocalCluster(t *testing.T) {
	nginx(t)
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) == 0 {
		if _, err := exec.LookPath("initdb"); err != nil {
			t.Skip("PostgreSQL: not installed; apt-get install postgresql")
		}
	}
	environ := os.Environ()
	qdrant := os.Getenv("ONETON_TEST_QDRANT_PROGRAM")
	if qdrant == "" {
		qdrant, _ = exec.LookPath("qdrant")
	}
	if qdrant != "" {
		environ = append(environ, "QDRANT="+qdrant, "QDRANT_NODES=3")
	} else {
		t.Log("Qdrant: no program; each replica searches by itself")
	}
	program := filepath.Join(t.TempDir(), "oneton")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/oneton")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	// PostgreSQL's user must be able to come to it.
	folder, err := os.MkdirTemp("", "oneton-local-")
	require.NoError(t, err)
	const ports = 40 // that the cluster may take
	port, err := porttest.Free(ports)
	require.NoError(t, err)
	cluster := exec.Command("./local.sh", folder) // ended below, by a signal that lets it end what it started
	cluster.Env = slices.Concat(environ, []string{"ONETON=" + program, "PORT=" + strconv.Itoa(port)})
	problems, err := os.Create(filepath.Join(t.TempDir(), "problems"))
	require.NoError(t, err)
	defer problems.Close()
	cluster.Stderr = problems
	said, err := cluster.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cluster.Start())
	t.Cleanup(func() {
		_ = cluster.Process.Signal(syscall.SIGTERM)
		require.NoError(t, cluster.Wait(), "it stops what it started")
		require.NoError(t, os.RemoveAll(folder))
	})
	var key, base string
	for lines := bufio.NewScanner(said); base == "" && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "first key":
			key = value
		case "ready":
			base = value
		}
	}
	text, err := os.ReadFile(problems.Name())
	require.NoError(t, err)
	require.NotEmpty(t, base, "%s", text)

	// What a replica had been sent when it died the proxy answers with 502, and
	// does not send again by itself: it cannot know whether it was done.
	client := api{t: t, base: base, key: key}
	call := func(path, contentType string, body []byte) (status int, answer []byte) {
		for range 3 {
			if status, answer = client.send(http.MethodPost, path, contentType, body); status != http.StatusBadGateway {
				break
			}
		}
		return status, answer
	}
	obama := photo(t, "obama.jpg")
	status, answer := call("/v1/galleries", "application/json", []byte(`{"name": "people"}`))
	require.Equal(t, http.StatusCreated, status, string(answer))
	for i, victim := range []string{"", "oneton-a"} {
		kill(t, folder, victim)
		status, answer = call(fmt.Sprintf("/v1/galleries/people/subjects?id=p%d", i), "image/jpeg", obama)
		require.Contains(t, []int{http.StatusCreated, http.StatusConflict}, status, string(answer))
		for range 4 {
			var found struct{ Candidates []struct{ Subject string } }
			status, answer = call("/v1/galleries/people/search", "image/jpeg", obama)
			require.Equal(t, http.StatusOK, status, string(answer))
			require.NoError(t, json.Unmarshal(answer, &found))
			require.Len(t, found.Candidates, i+1, "any replica finds what any of them has taken")
		}
	}
}

// kill ends a process of the cluster as a crash would, and waits until it has
// ended.
func kill(t *testing.T, folder, name string) {
	t.Helper()
	if name == "" {
		return
	}
	text, err := os.ReadFile(filepath.Join(folder, name+".pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	time.Sleep(100 * time.Millisecond)
}
