package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store/postgres/postgrestest"
)

// engineArgs are the settings of fresh databases of the engines, one for each call.
func engineArgs(t *testing.T) map[string]func() []string {
	t.Helper()
	packs := []string{"--set", "packs=" + patternPack(t)}
	return map[string]func() []string{
		"sqlite": func() []string { return packs },
		"postgres": func() []string {
			return slices.Concat(packs, []string{"--set", "store.driver=postgres", "--set", "store.url=" + postgrestest.Start(t).Database(t)})
		},
	}
}

// crowd enrols and deletes people at a server until it is told to stop, and knows what
// it was told.
type crowd struct {
	p *program

	mu sync.Mutex
	// there are people whose enrolment was acknowledged, and gone those whose deletion
	// was.
	there, gone []string
}

// come enrols people until ctx ends, and deletes every fifth again.
func (c *crowd) come(ctx context.Context, t *testing.T, worker int) {
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprintf("p%d.%d", worker, i)
		_, err := c.p.do(c.p.key, http.MethodPost, people("subjects"), enrolment(id, pattern(id)), nil)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		c.note(&c.there, id)
		if i%5 == 4 {
			gone := fmt.Sprintf("p%d.%d", worker, i-2)
			c.mu.Lock()
			c.there = slices.DeleteFunc(c.there, func(id string) bool { return id == gone })
			c.mu.Unlock()
			if _, err := c.p.do(c.p.key, http.MethodDelete, people("subjects", gone), nil, nil); err == nil {
				c.note(&c.gone, gone)
			}
		}
	}
}

func (c *crowd) note(list *[]string, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*list = append(*list, id)
}

// told is what was acknowledged by now.
func (c *crowd) told() (there, gone []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.there), slices.Clone(c.gone)
}

// find looks for who must be there and who must not.
func find(t *testing.T, p *program, key string, there, gone []string) {
	t.Helper()
	for _, id := range there {
		var a searchAnswer
		_, err := p.do(key, http.MethodPost, people("search"), map[string]any{"photo": pattern(id)}, &a)
		require.NoError(t, err)
		require.Equal(t, []string{id}, a.found())
	}
	for _, id := range gone {
		status, err := p.do(key, http.MethodGet, people("subjects", id), nil, nil)
		require.Equal(t, http.StatusNotFound, status, err)
	}
}

// TestBackupUnderLoad backs up a server that enrols and deletes meanwhile, again and
// again, and restores each backup: everybody who was acknowledged before it began is
// there, nobody is who was deleted before, and the index is the database's.
func TestBackupUnderLoad(t *testing.T) {
	for engine, fresh := range engineArgs(t) {
		t.Run(engine, func(t *testing.T) {
			folder, args := t.TempDir(), fresh()
			data := filepath.Join(folder, "data")
			c := &crowd{p: startProgram(t, data, args...)}
			_, err := c.p.do(c.p.key, http.MethodPost, "/v1/galleries", map[string]any{"name": "people", "policy": map[string]any{"keep_photos": true}}, nil)
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			var work sync.WaitGroup
			for worker := range 3 {
				work.Go(func() { c.come(ctx, t, worker) })
			}
			type taken struct {
				file        string
				there, gone []string
			}
			var backups []taken
			for i := range 3 {
				require.Eventually(t, func() bool { there, _ := c.told(); return len(there) >= 20*(i+1) }, time.Minute, 10*time.Millisecond)
				b := taken{file: filepath.Join(folder, fmt.Sprint("backup", i))}
				b.there, b.gone = c.told()
				out, err := command(t, slices.Concat([]string{"backup", b.file, "--data", data}, args)...)
				require.NoError(t, err, out)
				backups = append(backups, b)
			}
			stop()
			work.Wait()
			for i, b := range backups {
				// Who was deleted after the backup had begun may be in it.
				_, gone := c.told()
				b.there = slices.DeleteFunc(b.there, func(id string) bool { return slices.Contains(gone, id) })
				target, args := filepath.Join(folder, fmt.Sprint("restored", i)), fresh()
				out, err := command(t, slices.Concat([]string{"restore", b.file, "--data", target}, args)...)
				require.NoError(t, err, out)
				require.Contains(t, out, "copy the one of that installation")
				secret, err := os.ReadFile(filepath.Join(data, "secret.key"))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(target, "secret.key"), secret, 0o600))
				out, err = command(t, slices.Concat([]string{"index", "verify", "--sample", "0", "--data", target}, args)...)
				require.NoError(t, err, out)
				require.Contains(t, out, " 0 differences")
				p := startProgram(t, target, args...)
				find(t, p, c.p.key, b.there, b.gone)
				p.stop(t)
			}
			c.p.stop(t)
		})
	}
}

// TestKilledBackupAndRestore ends both at moments of chance: no file with the backup's
// name is there that is not whole, and no folder that a server would open.
func TestKilledBackupAndRestore(t *testing.T) {
	folder := t.TempDir()
	run, _ := commandsOn(t, folder)
	run("tenant", "create", "acme")
	key := strings.TrimSpace(run("key", "create", "acme"))
	p := startProgram(t, filepath.Join(folder, "d"), "--set", "packs="+patternPack(t))
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "people", "policy": map[string]any{"keep_photos": true}}, nil)
	require.NoError(t, err)
	for i := range 50 {
		_, err = p.do(key, http.MethodPost, people("subjects"), enrolment(fmt.Sprint(i), pattern(fmt.Sprint(i))), nil)
		require.NoError(t, err)
	}
	p.stop(t)
	begun := time.Now()
	run("backup", "whole")
	took := time.Since(begun)
	const kills = 8
	for i := range kills {
		file := filepath.Join(folder, fmt.Sprint("b", i))
		killed(t, took*time.Duration(i+1)/kills, folder, "backup", file, "--data", "d")
		if exists(file) {
			stdout, stderr, err := commandIn(t, folder, "restore", "--check", file)
			require.NoError(t, err, stderr)
			require.Contains(t, stdout, "whole: ")
		}
	}
	begun = time.Now()
	out, stderr, err := commandIn(t, folder, "restore", "whole", "--data", "r")
	require.NoError(t, err, stderr)
	require.Contains(t, out, "restored ")
	took = time.Since(begun)
	for i := range kills {
		target := fmt.Sprint("r", i)
		killed(t, took*time.Duration(i+1)/kills, folder, "restore", "whole", "--data", target)
		if !exists(filepath.Join(folder, target, "oneton.db")) {
			_, stderr, err := commandIn(t, folder, "key", "list", "acme", "--data", target)
			require.Error(t, err)
			require.Contains(t, stderr, "no database")
			_, stderr, err = commandIn(t, folder, "restore", "whole", "--data", target)
			require.NoError(t, err, "the same place takes another try: %s", stderr)
		}
		entries, err := os.ReadDir(filepath.Join(folder, target))
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "oneton.db" }))
	}
}

// killed runs the program and kills it after a while.
func killed(t *testing.T, after time.Duration, folder string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // this program
	cmd.Env, cmd.Dir = append(os.Environ(), asProgram+"=1"), folder
	require.NoError(t, cmd.Start())
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// A backup with the secret is encrypted, opens with its passphrase or its key alone,
// and starts a server without anything else.
func TestSealedBackup(t *testing.T) {
	folder := t.TempDir()
	run, refused := commandsOn(t, folder)
	run("tenant", "create", "acme")
	key := strings.TrimSpace(run("key", "create", "acme"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "pass"), []byte("correct horse\nbattery"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "wrong"), []byte("battery"), 0o600))
	require.Contains(t, refused("backup", "b", "--with-secret"), "--passphrase-file")
	require.NoFileExists(t, filepath.Join(folder, "b"))
	run("backup", "b", "--with-secret", "--passphrase-file", "pass")
	file, err := os.ReadFile(filepath.Join(folder, "b"))
	require.NoError(t, err)
	secret, err := os.ReadFile(filepath.Join(folder, "d", "secret.key"))
	require.NoError(t, err)
	require.NotContains(t, string(file), string(secret))
	info, err := os.Stat(filepath.Join(folder, "b"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	for name, args := range map[string][]string{"it needs its passphrase": nil, "is not its own": {"--passphrase-file", "wrong"}} {
		_, stderr, err := commandIn(t, folder, append([]string{"restore", "b", "--data", "r"}, args...)...)
		require.Error(t, err)
		require.Contains(t, stderr, name)
		require.NoDirExists(t, filepath.Join(folder, "r"))
	}
	_, stderr, err := commandIn(t, folder, "restore", "b", "--data", "r", "--passphrase-file", "pass")
	require.NoError(t, err, stderr)
	restored, err := os.ReadFile(filepath.Join(folder, "r", "secret.key"))
	require.NoError(t, err)
	require.Equal(t, secret, restored)
	p := startProgram(t, filepath.Join(folder, "r"), "--set", "packs="+patternPack(t))
	_, err = p.do(key, http.MethodGet, "/v1/galleries", nil, nil)
	require.NoError(t, err, "its keys are valid")
	p.stop(t)
	require.Contains(t, refused("backup", "b"), "nothing is overwritten")
}

// TestBackupOfAnOlderDatabase backs up what an older program has left, which stays as
// it is, and restores it: the next start brings it to this version, and every key, face
// and photo is there.
func TestBackupOfAnOlderDatabase(t *testing.T) {
	for engine, fresh := range engineArgs(t) {
		t.Run(engine, func(t *testing.T) {
			o := unpackOlder(t, engine)
			folder := t.TempDir()
			file, target := filepath.Join(folder, "b"), filepath.Join(folder, "r")
			older, err := os.ReadFile(filepath.Join(o.folder, "secret.key"))
			require.NoError(t, err)
			for range 2 { // the first has changed nothing that the second would be refused for
				out, err := command(t, slices.Concat([]string{"backup", file, "--data", o.folder}, o.args)...)
				require.NoError(t, err, out)
				require.NoError(t, os.Rename(file, file+".kept"))
			}
			args := append(fresh(), "--set", "packs="+o.args[1][len("packs="):])
			out, err := command(t, slices.Concat([]string{"restore", file + ".kept", "--data", target}, args)...)
			require.NoError(t, err, out)
			require.NoError(t, os.WriteFile(filepath.Join(target, "secret.key"), older, 0o600))
			out, err = command(t, slices.Concat([]string{"index", "verify", "--sample", "0", "--data", target}, args)...)
			require.NoError(t, err, out)
			require.Contains(t, out, "5 faces in the database, 5 compared, 0 differences")
			p := startProgram(t, target, args...)
			find(t, p, o.Key, []string{"ann", "bob", "cid"}, []string{"dan"})
			p.stop(t)
		})
	}
}
