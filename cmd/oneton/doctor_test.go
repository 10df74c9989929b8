package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"oneton/doctor"
	"oneton/index/exact"
	"oneton/index/qdrant/qdranttest"
	"oneton/porttest"
	"oneton/setup"
	"oneton/store/postgres/postgrestest"
)

// fault is something wrong on a machine: a data folder that was begun, and with
// what arguments and environment commands are run.
type fault struct {
	data          string
	args, environ []string
	// live is set while a server runs, which changes its own files.
	live bool
}

func (f *fault) set(key, value string) { f.args = append(f.args, "--set", key+"="+value) }

// run runs a command, and returns its output apart and its exit code.
func (f *fault) run(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], append(append(args, "--data", f.data), f.args...)...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), f.environ...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// examine asks the doctor, which changes nothing in the data folder.
func (f *fault) examine(t *testing.T) (findings map[string]doctor.Finding, healthy bool) {
	t.Helper()
	before := footprint(t, f.data)
	out, errs, code := f.run(t, "doctor", "--json")
	var answer struct {
		Healthy bool
		Checks  []doctor.Finding
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer), "%s%s", out, errs)
	require.Equal(t, answer.Healthy, code == 0, "the exit code says it, too: %s", errs)
	if !f.live {
		require.Equal(t, before, footprint(t, f.data), "it changes nothing")
	}
	findings = map[string]doctor.Finding{}
	for _, c := range answer.Checks {
		findings[c.Check] = c
		require.NotContains(t, c.String(), "\n", "in one line")
		require.NotEqual(t, doctor.Unknown, c.Cause, c.String())
	}
	require.Len(t, findings, 11, "all checks are listed")
	return findings, answer.Healthy
}

// footprint is each file under the folder, with its content and time.
func footprint(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a folder that is not there has no files
		}
		info, err := d.Info()
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		all[path] = fmt.Sprintf("%v %v %x", info.ModTime(), info.Mode(), sha256.Sum256(content))
		return nil
	}))
	return all
}

// begun is a data folder with a tenant.
func begun(t *testing.T, args ...string) *fault {
	t.Helper()
	f := &fault{data: filepath.Join(t.TempDir(), "data"), args: args}
	port, err := porttest.Free(1)
	require.NoError(t, err)
	f.set("listen", fmt.Sprintf("127.0.0.1:%d", port))
	_, errs, code := f.run(t, "tenant", "create", "acme")
	require.Zero(t, code, errs)
	return f
}

// cache is a copy of set-up's folder, in which one file differs by a byte.
func cache(t *testing.T, spoilt string) string {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	require.NoError(t, err)
	root := t.TempDir()
	for _, folder := range []string{"lib", "models"} {
		from := filepath.Dir(paths.Library)
		if folder == "models" {
			from = paths.Models
		}
		require.NoError(t, os.Mkdir(filepath.Join(root, folder), 0o700))
		files, err := os.ReadDir(from)
		require.NoError(t, err)
		for _, file := range files {
			to := filepath.Join(root, folder, file.Name())
			if folder+"/"+file.Name() != spoilt {
				require.NoError(t, os.Symlink(filepath.Join(from, file.Name()), to))
				continue
			}
			content, err := os.ReadFile(filepath.Join(from, file.Name()))
			require.NoError(t, err)
			content[len(content)/2] ^= 1
			require.NoError(t, os.WriteFile(to, content, 0o600))
		}
	}
	return root
}

// Each cause is named where it is made, by the doctor and by a server that does
// not start for it, and nothing is changed.
func TestDoctorNamesTheCause(t *testing.T) {
	server := postgrestest.Start(t)
	inPostgres := func(t *testing.T, change func(*url.URL)) *fault {
		t.Helper()
		to := server.Database(t)
		f := begun(t, "--set", "store.driver=postgres", "--set", "store.url="+to)
		u, err := url.Parse(to)
		require.NoError(t, err)
		change(u)
		f.set("store.url", u.String())
		return f
	}
	query := func(u *url.URL, key, value string) {
		q := u.Query()
		q.Set(key, value)
		u.RawQuery = q.Encode()
	}
	const none = "/nonexistent/oneton"
	for name, c := range map[string]struct {
		check string
		cause doctor.Cause
		says  string
		// starts is set where a server starts in spite of it.
		starts bool
		state  doctor.State
		make   func(t *testing.T) *fault
	}{
		"library missing": {check: "library", cause: doctor.LibraryMissing, says: none, make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_ONNXRUNTIME="+none)
			return f
		}},
		"library not fetched": {check: "library", cause: doctor.LibraryMissing, says: "oneton setup", make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_CACHE="+t.TempDir())
			return f
		}},
		"library of another hash": {check: "library", cause: doctor.LibraryWrongHash, says: "libonnxruntime.so", make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_CACHE="+cache(t, "lib/libonnxruntime.so"))
			return f
		}},
		"library that is none": {check: "library", cause: doctor.LibraryUnusable, says: "notes.so", make: func(t *testing.T) *fault {
			f := begun(t)
			path := filepath.Join(t.TempDir(), "notes.so")
			require.NoError(t, os.WriteFile(path, []byte("notes"), 0o600))
			f.environ = append(f.environ, "ONETON_ONNXRUNTIME="+path)
			return f
		}},
		"models missing": {check: "models", cause: doctor.ModelsMissing, says: "ONETON_MODELS", make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_MODELS="+t.TempDir())
			return f
		}},
		"models of another hash": {check: "models", cause: doctor.ModelsWrongHash, says: "sface", make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_CACHE="+cache(t, "models/face_recognition_sface_2021dec_int8bq.onnx"))
			return f
		}},
		"a pack that nobody knows": {check: "models", cause: doctor.PackWrong, says: "standart", make: func(t *testing.T) *fault {
			f := begun(t)
			f.set("packs", "standart")
			return f
		}},
		"no AVX2": {check: "processor", cause: doctor.NoAVX2, says: "AVX2", starts: true, state: doctor.Warning, make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "GODEBUG=cpu.avx2=off,cpu.avx512=off,cpu.avx512f=off")
			return f
		}},
		"instructions that are none": {check: "processor", cause: doctor.SIMDUnknown, says: "sse9", make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_SIMD=sse9")
			return f
		}},
		"unknown key in a file": {check: "settings", cause: doctor.SettingsWrong, says: "oneton.yaml", make: func(t *testing.T) *fault {
			f := begun(t)
			path := filepath.Join(t.TempDir(), "oneton.yaml")
			require.NoError(t, os.WriteFile(path, []byte("embed: {wrokers: 2}\n"), 0o600))
			f.args = append(f.args, "--config", path)
			return f
		}},
		"a value that cannot work": {check: "settings", cause: doctor.SettingsWrong, says: "policy.fpir", make: func(t *testing.T) *fault {
			f := begun(t)
			f.environ = append(f.environ, "ONETON_POLICY_FPIR=2")
			return f
		}},
		"a file where a folder is wanted": {check: "folder", cause: doctor.FolderNotWritable, says: "no folder", make: func(t *testing.T) *fault {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			return &fault{data: filepath.Join(path, "data")}
		}},
		"clock behind": {check: "clock", cause: doctor.ClockOff, says: "2027-", starts: true, state: doctor.Failed, make: func(t *testing.T) *fault {
			f := begun(t)
			keepTime(t, f, time.Now().AddDate(1, 0, 0))
			return f
		}},
		"clock ahead": {check: "clock", cause: doctor.ClockOff, says: "last kept", starts: true, state: doctor.Warning, make: func(t *testing.T) *fault {
			f := begun(t)
			keepTime(t, f, time.Now().AddDate(0, -1, 0))
			return f
		}},
		"port taken": {check: "address", cause: doctor.PortTaken, says: "in use", make: func(t *testing.T) *fault {
			f := begun(t)
			ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = ln.Close() })
			f.set("listen", ln.Addr().String())
			return f
		}},
		"port taken by another web server": {check: "address", cause: doctor.PortTaken, says: "in use", make: func(t *testing.T) *fault {
			f := begun(t)
			web := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(web.Close)
			f.set("listen", web.Listener.Addr().String())
			return f
		}},
		"port taken by a server of another folder": {check: "address", cause: doctor.PortTaken, says: "another data folder", make: func(t *testing.T) *fault {
			f := begun(t)
			p := startProgram(t, t.TempDir())
			f.set("listen", strings.TrimPrefix(p.base, "http://"))
			return f
		}},
		"an address of no machine here": {check: "address", cause: doctor.AddressUnusable, says: "192.0.2.1", make: func(t *testing.T) *fault {
			f := begun(t)
			f.set("listen", "192.0.2.1:80")
			return f
		}},
		"folder held": {check: "address", cause: doctor.FolderHeld, says: "another process", make: func(t *testing.T) *fault {
			f := begun(t)
			startProgram(t, f.data)
			f.live = true
			return f
		}},
		"secret missing": {check: "secret", cause: doctor.SecretMissing, says: "secret.key", make: func(t *testing.T) *fault {
			f := begun(t)
			require.NoError(t, os.Remove(filepath.Join(f.data, "secret.key")))
			return f
		}},
		"another secret": {check: "secret", cause: doctor.SecretWrong, says: "secret.key", make: func(t *testing.T) *fault {
			f := begun(t)
			require.NoError(t, os.WriteFile(filepath.Join(f.data, "secret.key"), []byte(strings.Repeat("another.", 4)), 0o600))
			return f
		}},
		"half a secret": {check: "secret", cause: doctor.SecretUnusable, says: "32 random bytes", make: func(t *testing.T) *fault {
			f := begun(t)
			require.NoError(t, os.WriteFile(filepath.Join(f.data, "secret.key"), []byte("short"), 0o600))
			return f
		}},
		"another secret, in PostgreSQL": {check: "secret", cause: doctor.SecretWrong, says: "secret.key", make: func(t *testing.T) *fault {
			f := inPostgres(t, func(*url.URL) {})
			require.NoError(t, os.WriteFile(filepath.Join(f.data, "secret.key"), []byte(strings.Repeat("another.", 4)), 0o600))
			return f
		}},
		"a newer database": {check: "database", cause: doctor.DatabaseNewer, says: "newer schema", make: func(t *testing.T) *fault {
			f := begun(t)
			db, err := sql.Open("sqlite", filepath.Join(f.data, "oneton.db"))
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			return f
		}},
		"newer tables of a room, in PostgreSQL": {check: "database", cause: doctor.DatabaseNewer, says: "newer schema", make: func(t *testing.T) *fault {
			var to string
			f := inPostgres(t, func(u *url.URL) { to = u.String() })
			conn, err := pgx.Connect(t.Context(), to)
			require.NoError(t, err)
			_, err = conn.Exec(t.Context(), `INSERT INTO audit_version (version_id, is_applied) VALUES (9999, true)`)
			require.NoError(t, err)
			require.NoError(t, conn.Close(t.Context()))
			return f
		}},
		"PostgreSQL stopped": {check: "database", cause: doctor.DatabaseAway, says: "refused", make: func(t *testing.T) *fault {
			stopped := postgrestest.Start(t)
			f := begun(t, "--set", "store.driver=postgres", "--set", "store.url="+stopped.Database(t))
			stopped.Kill(t)
			t.Cleanup(func() { stopped.Restart(t) }) // it takes its database away
			return f
		}},
		"PostgreSQL's name unknown": {check: "database", cause: doctor.DatabaseAway, says: "database.invalid", make: func(t *testing.T) *fault {
			return inPostgres(t, func(u *url.URL) { u.Host = "database.invalid" })
		}},
		"wrong password": {check: "database", cause: doctor.DatabasePassword, says: "password", make: func(t *testing.T) *fault {
			return inPostgres(t, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "guess") })
		}},
		"wrong database": {check: "database", cause: doctor.DatabaseUnknown, says: "nowhere", make: func(t *testing.T) *fault {
			return inPostgres(t, func(u *url.URL) { u.Path = "/nowhere" })
		}},
		"no TLS on the server": {check: "database", cause: doctor.DatabaseTLS, says: "TLS", make: func(t *testing.T) *fault {
			return inPostgres(t, func(u *url.URL) { query(u, "sslmode", "require") })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.make(t)
			findings, healthy := f.examine(t)
			found := findings[c.check]
			require.Equal(t, c.cause, found.Cause, "%v", findings)
			require.Contains(t, found.Says, c.says)
			require.Equal(t, c.state == doctor.Warning, healthy)
			for check, other := range findings {
				if check != c.check {
					require.Contains(t, []doctor.State{doctor.OK, doctor.Skipped}, other.State, "nothing else is blamed: %s", other)
				}
			}
			if c.starts {
				return
			}
			out, errs, code := f.run(t, "serve")
			require.NotZero(t, code)
			require.Empty(t, out)
			line := "oneton: error: " + doctor.Finding{Cause: c.cause}.String()
			require.Contains(t, errs, line, "the server says the same")
			require.Contains(t, errs, found.Do)
			_, said, _ := strings.Cut(errs, "oneton: error:")
			require.NotContains(t, strings.TrimSpace(said), "\n", "in one line")
		})
	}
}

// keepTime leaves a time in the data folder, as a server does.
func keepTime(t *testing.T, f *fault, at time.Time) {
	t.Helper()
	text, err := at.UTC().MarshalText()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(f.data, "clock"), text, 0o600))
}

// A machine on which nothing is wrong is healthy: before the first start, beside a
// running server, after a stop, and after a crash.
func TestDoctorOfHealthyServers(t *testing.T) {
	healthy := func(f *fault, also ...string) map[string]doctor.Finding {
		t.Helper()
		findings, ok := f.examine(t)
		require.True(t, ok, "%v", findings)
		for check, found := range findings {
			require.Contains(t, []doctor.State{doctor.OK, doctor.Skipped}, found.State, "%s", found)
			if slices.Contains(also, check) {
				require.Equal(t, doctor.OK, found.State, "%s is looked at: %s", check, found)
			}
		}
		return findings
	}
	all := []string{"settings", "processor", "library", "models", "folder", "disk", "database", "secret", "clock", "index", "address"}
	f := &fault{data: filepath.Join(t.TempDir(), "new")}
	port, err := porttest.Free(1)
	require.NoError(t, err)
	f.set("listen", fmt.Sprintf("127.0.0.1:%d", port))
	healthy(f, "settings", "processor", "library", "models", "folder", "disk", "database", "clock", "address")
	require.NoDirExists(t, f.data)

	p := startProgram(t, f.data)
	f.args, f.live = []string{"--listen", strings.TrimPrefix(p.base, "http://")}, true
	require.Contains(t, healthy(f, all...)["address"].Says, "is ready")
	p.kill(t)
	f.live = false
	healthy(f, all...)
	p = startProgram(t, f.data)
	p.stop(t)
	healthy(f, all...)
}

// A database that is older than its index is told, as after a restored backup.
func TestDoctorOfIndexAhead(t *testing.T) {
	f := begun(t)
	x, err := exact.New(exact.Config{Dir: filepath.Join(f.data, "index")})
	require.NoError(t, err)
	require.NoError(t, x.Apply(t.Context(), nil, 7))
	require.NoError(t, x.Save(t.Context()))
	require.NoError(t, x.Close())
	findings, healthy := f.examine(t)
	require.False(t, healthy)
	require.Equal(t, doctor.IndexAhead, findings["index"].Cause)
	require.Contains(t, findings["index"].Says, "position 7 of 0")
}

// Qdrant that is away, or asks for another key, is named; a server starts without
// it.
func TestDoctorOfQdrant(t *testing.T) {
	port, err := porttest.Free(1)
	require.NoError(t, err)
	f := begun(t, withQdrant(fmt.Sprintf("127.0.0.1:%d", port))...)
	findings, healthy := f.examine(t)
	require.False(t, healthy)
	require.Equal(t, doctor.QdrantAway, findings["index"].Cause, "%v", findings)

	server := qdranttest.Start(t, "QDRANT__SERVICE__API_KEY=right")
	f = begun(t, withQdrant(server.Address(), "--set", "index.qdrant.api_key=wrong")...)
	findings, healthy = f.examine(t)
	require.False(t, healthy)
	require.Equal(t, doctor.QdrantKey, findings["index"].Cause, "%v", findings)
	f.set("index.qdrant.api_key", "right")
	findings, healthy = f.examine(t)
	require.True(t, healthy, "%v", findings)
	f.set("index.qdrant.tls", "true")
	findings, _ = f.examine(t)
	require.Equal(t, doctor.QdrantTLS, findings["index"].Cause, "%v", findings)
	f.set("index.qdrant.tls", "false")
	server.Kill(t)
	findings, _ = f.examine(t)
	require.Equal(t, doctor.QdrantAway, findings["index"].Cause, "%v", findings)
}

// What is printed is a line for each thing that is wrong, and the exit code.
func TestDoctorInText(t *testing.T) {
	f := begun(t)
	f.environ = append(f.environ, "ONETON_MODELS="+t.TempDir())
	out, _, code := f.run(t, "doctor")
	require.NotZero(t, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2, out)
	require.Regexp(t, `^failed +models +models missing: .*unset ONETON_MODELS.*'oneton setup --with default'`, lines[0])
	require.Equal(t, "10 of 11 checks are well", lines[1])
	f.environ = nil
	out, _, code = f.run(t, "doctor")
	require.Zero(t, code)
	require.Equal(t, "11 of 11 checks are well\n", out)
	out, _, _ = f.run(t, "doctor", "--all")
	require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 12, out)
}
