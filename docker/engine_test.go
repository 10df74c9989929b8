package docker_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/setup"
)

// tag is of the image that the tests make of this tree; the other stands for the
// version after it.
const (
	tag   = "test"
	other = "test-next"
)

// engine is the Docker engine that answers to the client on the path.
type engine struct{ t *testing.T }

// docker finds an engine, and skips the test where none answers.
func docker(t *testing.T) engine {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "docker", "version").Run(); err != nil {
		t.Skip("Docker: no engine answers")
	}
	return engine{t}
}

// command is the client's, with BuildKit.
func (e engine) command(args ...string) *exec.Cmd {
	c := exec.Command("docker", args...) // Cleanups have no context any more.
	c.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	return c
}

// do runs a command that must succeed, and returns what it prints.
func (e engine) do(args ...string) string {
	e.t.Helper()
	c := e.command(args...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	require.NoError(e.t, c.Run(), "docker %s: %s%s", strings.Join(args, " "), &out, &problems)
	return strings.TrimSpace(out.String())
}

var build sync.Once

// images makes the image of this tree, and one that differs in nothing but its
// id, once for all tests.
func (e engine) images() {
	e.t.Helper()
	build.Do(func() {
		e.do("build", "--file", "Dockerfile", "--build-arg", "VERSION="+tag, "--tag", "oneton:"+tag, "..")
		c := e.command("build", "--tag", "oneton:"+other, "-")
		c.Stdin = strings.NewReader("FROM oneton:" + tag + "\nLABEL org.opencontainers.image.version=next\n")
		out, err := c.CombinedOutput()
		require.NoError(e.t, err, "%s", out)
	})
	e.do("image", "inspect", "oneton:"+tag, "oneton:"+other)
}

// name is of something that the engine is to forget at the test's end.
func (e engine) name(kind string) string {
	name := "oneton-test-" + uuid.NewString()
	e.t.Cleanup(func() { _ = e.command(kind, "rm", "--force", name).Run() })
	return name
}

// firstKey is the key that a server has written into its log.
func firstKey(t *testing.T, log string) string {
	t.Helper()
	found := regexp.MustCompile(`ot_[A-Za-z0-9_-]+`).FindString(log)
	require.NotEmpty(t, found, log)
	return found
}

// api is a server's address and a key for it.
type api struct {
	t         *testing.T
	base, key string
}

// send asks once, and returns 0 where nothing answers.
func (a api) send(method, path, contentType string, body []byte) (int, []byte) {
	req, err := http.NewRequest(method, a.base+path, bytes.NewReader(body)) //nolint:noctx // The client's time-out ends it.
	if err != nil {
		return 0, []byte(err.Error())
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+a.key)
	if strings.HasSuffix(path, "/search") {
		// It is sent anew where a proxy has just closed the connection; net/http takes the
		// header for leave, and does not send it.
		req.Header["Idempotency-Key"] = nil
	}
	client := http.Client{Timeout: 40 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, answer.Bytes()
}

func (a api) must(status int, method, path, contentType string, body []byte) []byte {
	a.t.Helper()
	got, answer := a.send(method, path, contentType, body)
	require.Equal(a.t, status, got, "%s", answer)
	return answer
}

// photo is one of the demo's.
func photo(t *testing.T, name string) []byte {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(paths.Photos, name))
	require.NoError(t, err)
	return data
}

// enrolled makes a gallery with two people.
func (a api) enrolled() {
	a.t.Helper()
	a.must(http.StatusCreated, http.MethodPost, "/v1/galleries", "application/json", []byte(`{"name": "people"}`))
	for _, id := range []string{"obama", "biden"} {
		a.must(http.StatusCreated, http.MethodPost, "/v1/galleries/people/subjects?id="+id, "image/jpeg", photo(a.t, id+".jpg"))
	}
}

// finds tells who is found in the photo of another day, and how it was answered.
func (a api) finds(probe []byte) (subject string, status int, answer []byte) {
	status, answer = a.send(http.MethodPost, "/v1/galleries/people/search", "image/jpeg", probe)
	var found struct {
		Match      string
		Candidates []struct{ Subject string }
	}
	if status == http.StatusOK && json.Unmarshal(answer, &found) == nil && found.Match == "one" {
		subject = found.Candidates[0].Subject
	}
	return subject, status, answer
}

func (a api) mustFind() {
	a.t.Helper()
	subject, _, answer := a.finds(photo(a.t, "obama2.jpg"))
	require.Equal(a.t, "obama", subject, "%s", answer)
}

// needs skips the test where an image that a composition names for one of the
// programs is not there, and cannot be pulled.
func (e engine) needs(programs ...string) {
	e.t.Helper()
	for _, name := range programs {
		if !e.has(name) {
			e.t.Skipf("Docker: no image %s; docker/bases.sh %s", imageOf(e.t, name), name)
		}
	}
}

func (e engine) has(program string) bool {
	image := imageOf(e.t, program)
	return e.command("image", "inspect", image).Run() == nil || e.command("pull", "--quiet", image).Run() == nil
}

// imageOf is what the compositions name for the program.
func imageOf(t *testing.T, wanted string) string {
	t.Helper()
	p, err := load("compose.cluster.yaml", secrets...)
	require.NoError(t, err)
	for _, s := range p.Services {
		if program(s.Image) == wanted {
			return s.Image
		}
	}
	require.Fail(t, "no service", "of %s", wanted)
	return ""
}
