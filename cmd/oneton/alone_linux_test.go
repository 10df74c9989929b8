package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"oneton/setup"
	"oneton/store/postgres/postgrestest"
)

// inside says that this process runs in a network of its own, in which there
// is nobody but itself.
const inside = "ONETON_TEST_INSIDE"

// isolated runs the test in a process whose network has loopback alone, and
// says whether this is that process. Where no such network can be had, it is
// this process.
func isolated(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		raiseLoopback(t)
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.v", "-test.count=1", "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$") //nolint:gosec // this program
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Logf("without a network namespace: %v", err)
		return true
	}
	err := cmd.Wait()
	require.NoError(t, err, out.String())
	if _, reason, skipped := strings.Cut(out.String(), "--- SKIP: "+t.Name()); skipped {
		t.Skip(reason)
	}
	require.Contains(t, out.String(), "--- PASS: "+t.Name())
	return false
}

// raiseLoopback switches loopback on, which a new network has switched off.
func raiseLoopback(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	require.NoError(t, err)
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	require.NoError(t, unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}

// strangerHome is a user's home and folder of temporary files in which a
// program must leave nothing.
type strangerHome struct{ home, temporary string }

func newStrangerHome(t *testing.T, cmd *exec.Cmd) strangerHome {
	t.Helper()
	h := strangerHome{home: t.TempDir(), temporary: t.TempDir()}
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	require.NoError(t, err)
	cache := filepath.Dir(filepath.Dir(paths.Library))
	cmd.Env = append(cmd.Env, "HOME="+h.home, "TMPDIR="+h.temporary, "ONETON_CACHE="+cache, "XDG_CACHE_HOME=", "PGPASSFILE=", "PGSERVICEFILE=")
	return h
}

func (h strangerHome) requireEmpty(t *testing.T) {
	t.Helper()
	for _, folder := range []string{h.home, h.temporary} {
		left, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func hostPort(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

func TestDemoKeepsToItself(t *testing.T) {
	if !isolated(t) {
		return
	}
	cmd := exec.Command(os.Args[0], "demo") //nolint:gosec // this program
	cmd.Env = append(os.Environ(), asProgram+"=1")
	home := newStrangerHome(t, cmd)
	tr := newTrace(t, cmd)
	out, err := cmd.Output()
	require.NoError(t, err)
	_, address, ok := strings.Cut(string(out), "serving on ")
	require.True(t, ok, "%s", out)
	address, _, _ = strings.Cut(address, "\n")
	require.Empty(t, tr.violations(t, rules{
		program:   os.Args[0],
		folders:   []string{filepath.Join(tr.folder, "demo"), home.temporary},
		addresses: []string{hostPort(t, address)},
	}))
	home.requireEmpty(t)
}

// A server that enrols, searches, deletes, and saves its index, and a second
// start of it, keep to the data folder and to what the settings name.
func TestServerKeepsToItself(t *testing.T) {
	engines := map[string]func(t *testing.T) (args, addresses []string){
		"sqlite": func(*testing.T) (args, addresses []string) { return nil, nil },
		"postgres": func(t *testing.T) (args, addresses []string) {
			database := postgrestest.Start(t).Database(t)
			return []string{"--set", "store.driver=postgres", "--set", "store.url=" + database}, []string{hostPort(t, database)}
		},
		// Nobody listens there, and enrolments are to be sent there in vain.
		"qdrant": func(t *testing.T) (args, addresses []string) {
			_, port, err := net.SplitHostPort(freeAddress(t))
			require.NoError(t, err)
			return withQdrant("localhost:" + port), []string{"127.0.0.1:" + port, "[::1]:" + port}
		},
	}
	for name, configure := range engines {
		t.Run(name, func(t *testing.T) {
			if !isolated(t) {
				return
			}
			args, addresses := configure(t)
			data, photo := filepath.Join(t.TempDir(), "data"), portrait(t)
			args = append(args, "--set", "index.save=1s")
			for range 2 {
				cmd := serving(data, args...)
				home := newStrangerHome(t, cmd)
				tr := newTrace(t, cmd)
				p := start(t, cmd, data)
				if p.key != "" {
					people := map[string]int{"sqlite": 200}[name]
					p.fill(t, photo, max(people, 40), name != "qdrant")
				}
				p.stop(t)
				require.Empty(t, tr.violations(t, rules{program: os.Args[0], folders: []string{data}, addresses: addresses}))
				home.requireEmpty(t)
			}
		})
	}
}

// fill makes a load as an import of that many people does.
func (p *program) fill(t *testing.T, photo []byte, people int, searches bool) {
	t.Helper()
	const clients = 4
	for _, gallery := range []string{"staff", "gone"} {
		_, err := p.do(p.key, http.MethodPost, "/v1/galleries", map[string]any{"name": gallery, "policy": map[string]any{"keep_photos": true}}, nil)
		require.NoError(t, err)
	}
	var load errgroup.Group
	for c := range clients {
		load.Go(func() error {
			for i := c; i < people; i += clients {
				subject := map[string]any{"id": fmt.Sprint(i), "photo": photo, "metadata": map[string]string{"n": fmt.Sprint(i)}}
				for _, gallery := range []string{"staff", "gone"} {
					if gallery == "gone" && i%10 > 0 {
						continue
					}
					if _, err := p.do(p.key, http.MethodPost, "/v1/galleries/"+gallery+"/subjects", subject, nil); err != nil {
						return err
					}
				}
				if !searches || i%3 > 0 {
					continue
				}
				if _, err := p.do(p.key, http.MethodPost, "/v1/galleries/staff/search", map[string]any{"photo": photo}, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, load.Wait())
	_, err := p.do(p.key, http.MethodGet, "/v1/galleries/staff/subjects?limit=1000", nil, nil)
	require.NoError(t, err)
	_, err = p.do(p.key, http.MethodDelete, "/v1/galleries/gone", nil, nil)
	require.NoError(t, err)
	_, err = p.do(p.key, http.MethodDelete, "/v1/galleries/staff/subjects/7", nil, nil)
	require.NoError(t, err)
}
