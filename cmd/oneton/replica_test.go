package main

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/index/qdrant/qdranttest"
	"oneton/porttest"
	"oneton/store/postgres/postgrestest"
)

// restartPause is what a supervisor waits before it starts a process again
// that has ended.
const restartPause = 100 * time.Millisecond

// replica is a server that a supervisor keeps running.
type replica struct {
	program
	name, config string
	// database is the link to PostgreSQL, and search that to Qdrant if there
	// is one.
	database, search *link

	mu      sync.Mutex
	process *os.Process
	// exited is closed when the process has ended.
	exited chan struct{}
	log    bytes.Buffer
	ended  chan struct{}
}

// fleet are replicas of one installation on a PostgreSQL of its own.
type fleet struct {
	postgres *postgrestest.Server
	// qdrant searches; without it the replicas do.
	qdrant *qdranttest.Server
	// url opens the database without a link between.
	url      string
	replicas []*replica
}

// startFleet starts replicas A, B and so on, with the settings besides their
// own, as lines of YAML.
func startFleet(t *testing.T, size int, settings ...string) *fleet {
	t.Helper()
	return startFleetOn(t, nil, size, settings...)
}

// startFleetOn starts replicas that search in Qdrant, if there is one.
func startFleetOn(t *testing.T, q *qdranttest.Server, size int, settings ...string) *fleet {
	t.Helper()
	f := &fleet{postgres: postgrestest.Start(t), qdrant: q}
	f.url = f.postgres.Database(t)
	folder := t.TempDir()
	for i := range size {
		r := &replica{name: string(rune('A' + i)), ended: make(chan struct{})}
		through, err := url.Parse(f.url)
		require.NoError(t, err)
		r.database = newLink(t, through.Host)
		through.Host = r.database.address()
		through.RawQuery = "sslmode=disable"
		listen := freeAddress(t)
		r.base = "http://" + listen
		r.config = filepath.Join(folder, r.name+".yaml")
		lines := slices.Clone(settings)
		if q != nil {
			r.search = newLink(t, q.Address())
			lines = append(lines, "index: {engine: qdrant, qdrant: {address: '"+r.search.address()+"', timeout: 2s, write_timeout: 5s}}")
		}
		require.NoError(t, os.WriteFile(r.config, []byte(strings.Join(append([]string{
			"listen: " + listen,
			"data: " + filepath.Join(folder, r.name),
			"log: {level: warn}",
			"secret: " + filepath.Join(folder, "secret.key"),
			"store: {driver: postgres, url: '" + through.String() + "'}",
		}, lines...), "\n")), 0o600))
		f.replicas = append(f.replicas, r)
	}
	f.command(t, "tenant", "create", "acme")
	for _, r := range f.replicas {
		r.supervise(t)
	}
	for _, r := range f.replicas {
		r.waitReady(t)
	}
	return f
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := porttest.Free(1)
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// command runs a command of the program and returns what it printed.
func (f *fleet) command(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append(args, "--config", f.replicas[0].config)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	require.NoError(t, err, problem.String())
	return strings.TrimSpace(string(out))
}

// supervise starts the server, and again each time that it ends, as a service
// manager does.
func (r *replica) supervise(t *testing.T) {
	t.Helper()
	quit := make(chan struct{})
	go func() {
		defer close(r.ended)
		for {
			r.run()
			select {
			case <-quit:
				return
			case <-time.After(restartPause):
			}
		}
	}()
	t.Cleanup(func() {
		close(quit)
		for ended := false; !ended; {
			r.kill()
			select {
			case <-r.ended:
				ended = true
			case <-time.After(restartPause):
			}
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", r.name, r.tail())
		}
	})
}

// run runs the server once.
func (r *replica) run() {
	r.mu.Lock()
	cmd := exec.Command(os.Args[0], "serve", "--config", r.config)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = r
	err := cmd.Start()
	exited := make(chan struct{})
	defer close(exited)
	if err == nil {
		r.process, r.exited = cmd.Process, exited
	}
	r.mu.Unlock()
	if err == nil {
		_ = cmd.Wait()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process = nil
}

// Write keeps what the server logs.
func (r *replica) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

// tail is the end of the log.
func (r *replica) tail() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	const enough = 4000
	text := r.log.String()
	return text[max(0, len(text)-enough):]
}

// kill ends the server as a crash would: at once. Its supervisor starts it
// again.
func (r *replica) kill() {
	r.mu.Lock()
	process, exited := r.process, r.exited
	r.mu.Unlock()
	if process != nil {
		_ = process.Signal(syscall.SIGKILL)
		<-exited
	}
}

// waitReady returns when the server says that it can search.
func (r *replica) waitReady(t *testing.T) {
	t.Helper()
	const patience = 2 * time.Minute
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var status int
		if status, last = r.do("", http.MethodGet, "/readyz", nil, nil); status == http.StatusOK {
			return
		}
	}
	require.FailNow(t, r.name+" does not get ready", "%v\n%s", last, r.tail())
}

// tenant makes a tenant, unless it is there, with a gallery named people, and
// returns its key.
func (f *fleet) tenant(t *testing.T, id string) (key string) {
	t.Helper()
	if id != "acme" {
		f.command(t, "tenant", "create", id)
	}
	key = f.command(t, "key", "create", id)
	_, err := f.replicas[0].do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "people"}, nil)
	require.NoError(t, err)
	return key
}

// people are calls for a tenant's gallery.
func people(path ...string) string {
	return "/v1/galleries/people/" + strings.Join(path, "/")
}

// enrolment is a request that enrols a person.
func enrolment(id string, photo []byte) map[string]any {
	return map[string]any{"id": id, "photo": photo, "metadata": map[string]string{"n": id}}
}

// found are the subjects that an answer names.
func (a searchAnswer) found() (ids []string) {
	for _, c := range a.Candidates {
		ids = append(ids, c.Subject)
	}
	return ids
}
