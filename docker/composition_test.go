package docker_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/porttest"
)

// composition is one that runs, under a name of its own.
type composition struct {
	engine
	files   []string
	project string
	port    int
}

// compose makes a composition ready to be brought up, and takes it away at the
// test's end with its volumes.
func (e engine) compose(files ...string) composition {
	e.t.Helper()
	if err := e.command("compose", "version").Run(); err != nil {
		e.t.Skip("Docker Compose: the engine's client has no such command")
	}
	port, err := porttest.Free(1)
	require.NoError(e.t, err)
	c := composition{engine: e, project: "oneton-test-" + uuid.NewString(), port: port, files: append(files, e.openFiles(files[0]))}
	e.t.Cleanup(func() { _, _ = c.try(tag, "down", "--volumes", "--timeout", "5") })
	return c
}

// openFiles writes what lets services have no more files open than this machine
// allows anybody.
func (e engine) openFiles(file string) (override string) {
	e.t.Helper()
	var allowed syscall.Rlimit
	require.NoError(e.t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &allowed))
	p, err := load(file, secrets...)
	require.NoError(e.t, err)
	var text strings.Builder
	fmt.Fprintf(&text, "services:\n  %s: {}\n", p.ServiceNames()[0])
	for name, s := range p.Services {
		if files := s.Ulimits["nofile"]; files != nil && uint64(files.Hard) > allowed.Max {
			fmt.Fprintf(&text, "  %s: {ulimits: {nofile: {soft: %d, hard: %[2]d}}}\n", name, allowed.Max)
		}
	}
	override = filepath.Join(e.t.TempDir(), "open-files.yaml")
	require.NoError(e.t, os.WriteFile(override, []byte(text.String()), 0o600))
	return override
}

// try runs a command of the composition, with oneton's image of the tag.
func (c composition) try(tag string, args ...string) (string, error) {
	whole := []string{"compose", "--project-name", c.project}
	for _, file := range c.files {
		whole = append(whole, "--file", file)
	}
	command := c.command(append(whole, args...)...)
	command.Env = append(command.Env, c.variables(tag)...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// variables are what the composition's files ask for.
func (c composition) variables(tag string) []string {
	return append([]string{"ONETON_VERSION=" + tag, "ONETON_PORT=" + strconv.Itoa(c.port)}, secrets...)
}

func (c composition) do(args ...string) string { return c.as(tag, args...) }

func (c composition) as(tag string, args ...string) string {
	c.t.Helper()
	out, err := c.try(tag, args...)
	require.NoError(c.t, err, "%v: %s", args, out)
	return out
}

// up brings it up, and returns its API.
func (c composition) up(first string) api {
	c.t.Helper()
	c.do("up", "--detach", "--wait", "--wait-timeout", "180")
	return c.api(c.do("logs", "--no-log-prefix", first))
}

// api is the composition's, with the first key, which is in the log.
func (c composition) api(log string) api {
	return api{t: c.t, base: fmt.Sprintf("http://127.0.0.1:%d", c.port), key: firstKey(c.t, log)}
}

// The README's commands start one server with everything in it, which finds a
// face, and has it after all of its containers are gone.
func TestCompositionOfOne(t *testing.T) {
	e := docker(t)
	e.images()
	c := e.compose("compose.yaml")
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)^docker compose -f docker/compose\.yaml .*$`).FindAllString(string(readme), -1)
	require.Len(t, commands, 2)
	var log string
	for _, line := range commands {
		shell := exec.Command("bash", "-c", line)
		shell.Dir = ".."
		shell.Env = slices.Concat(c.command().Env, c.variables(tag), []string{"COMPOSE_PROJECT_NAME=" + c.project})
		out, err := shell.CombinedOutput()
		require.NoError(t, err, "%s: %s", line, out)
		log = string(out)
	}
	client := c.api(log)
	client.enrolled()
	client.mustFind()
	c.do("down")
	c.as(other, "up", "--detach", "--wait")
	client.mustFind()
}

func TestCompositionWithQdrant(t *testing.T) {
	e := docker(t)
	e.needs("postgres", "qdrant")
	e.images()
	c := e.compose("compose.qdrant.yaml")
	client := c.up("oneton")
	client.enrolled()
	client.mustFind()
	// What Qdrant holds is a view: away, searches are told to wait; back, they find.
	c.do("kill", "qdrant")
	_, status, answer := client.finds(photo(t, "obama2.jpg"))
	require.Equal(t, http.StatusServiceUnavailable, status, "%s", answer)
	client.must(http.StatusCreated, http.MethodPost, "/v1/galleries/people/subjects?id=again", "image/jpeg", photo(t, "biden.jpg"))
	c.do("start", "qdrant")
	client.eventuallyFinds()
}

func (a api) eventuallyFinds() {
	a.t.Helper()
	probe := photo(a.t, "obama2.jpg")
	require.Eventually(a.t, func() bool {
		subject, _, _ := a.finds(probe)
		return subject == "obama"
	}, time.Minute, 200*time.Millisecond)
}

// Two servers behind the proxy: one dies, the database dies, and both are
// replaced one after the other, while somebody searches all the time. Nothing
// acknowledged is lost, and no search fails but as docs/operations.md tells.
func TestCompositionOfACluster(t *testing.T) {
	e := docker(t)
	e.needs("postgres", "nginx")
	files := []string{"compose.cluster.yaml"}
	if !e.has("qdrant") {
		files = append(files, "testdata/exact.yaml")
	}
	e.images()
	c := e.compose(files...)
	client := c.up("oneton-a")
	client.enrolled()
	client.mustFind()

	watch := client.watch()
	c.do("kill", "oneton-a")
	client.eventuallyFinds()
	client.must(http.StatusCreated, http.MethodPost, "/v1/galleries/people/subjects?id=while-one-is-away", "image/jpeg", photo(t, "biden.jpg"))
	c.do("up", "--detach", "--wait", "oneton-a")
	c.do("exec", "proxy", "nginx", "-s", "reload")
	watch.only(t, "a killed server", http.StatusBadGateway)

	watch = client.watch()
	c.do("kill", "postgres")
	time.Sleep(time.Second)
	c.do("start", "postgres")
	client.eventuallyFinds()
	watch.only(t, "a killed database", http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout)

	if e.has("qdrant") {
		watch = client.watch()
		c.do("kill", "qdrant-2")
		client.eventuallyFinds()
		c.do("start", "qdrant-2")
		watch.only(t, "a killed Qdrant of three", http.StatusServiceUnavailable)
	}

	watch = client.watch()
	for _, replica := range []string{"oneton-a", "oneton-b"} {
		c.as(other, "up", "--detach", "--wait", "--no-deps", replica)
		c.do("exec", "proxy", "nginx", "-s", "reload")
	}
	watch.only(t, "an upgrade of one server at a time")

	for _, id := range []string{"obama", "biden", "while-one-is-away"} {
		client.must(http.StatusOK, http.MethodGet, "/v1/galleries/people/subjects/"+id, "", nil)
	}
	client.mustFind()
}

// watching searches until it is told to stop.
type watching struct {
	stop, done chan struct{}
	mu         sync.Mutex
	statuses   map[int]int
	wrong      []string
}

func (a api) watch() *watching {
	w := &watching{stop: make(chan struct{}), done: make(chan struct{}), statuses: make(map[int]int)}
	probe := photo(a.t, "obama2.jpg")
	go func() {
		defer close(w.done)
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
			subject, status, answer := a.finds(probe)
			w.mu.Lock()
			w.statuses[status]++
			if status == http.StatusOK && subject != "obama" {
				w.wrong = append(w.wrong, string(answer))
			}
			w.mu.Unlock()
		}
	}()
	return w
}

// only holds that all searches found the person, but for answers of the
// statuses.
func (w *watching) only(t *testing.T, during string, statuses ...int) {
	t.Helper()
	close(w.stop)
	<-w.done
	require.Empty(t, w.wrong, during)
	require.NotZero(t, w.statuses[http.StatusOK], during)
	for status := range w.statuses {
		require.True(t, status == http.StatusOK || slices.Contains(statuses, status), "during %s: %v", during, w.statuses)
	}
	t.Logf("during %s: %v", during, w.statuses)
}
