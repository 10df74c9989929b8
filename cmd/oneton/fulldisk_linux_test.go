package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/config"
)

const (
	// asTenantOfDisk is set in the process that may mount a small disk.
	asTenantOfDisk = "ONETON_TEST_MAY_MOUNT"
	smallDisk      = "size=100m"
)

// TestFullDisk checks that on a disk without a free block a server starts and
// searches, people and keys can be removed, and nothing can be added; and that
// all is well again once there is room.
func TestFullDisk(t *testing.T) {
	if os.Getenv(asTenantOfDisk) == "" {
		mountable(t)
		return
	}
	disk := t.TempDir()
	err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("small", disk, "tmpfs", 0, smallDisk)
	}
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("this machine lets nobody mount a small disk: ", err)
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) }()
	data, pack := filepath.Join(disk, "data"), "packs="+patternPack(t)
	command := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], append(args, "--data", data)...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	stop := func(p *program, signal syscall.Signal) {
		t.Helper()
		require.NoError(t, p.cmd.Process.Signal(signal))
		if err := p.cmd.Wait(); signal == syscall.SIGTERM {
			require.NoError(t, err)
		}
	}

	p := startProgram(t, data, "--set", pack)
	key := p.key
	made, err := command("key", "create", "default", "--name", "leaked")
	require.NoError(t, err, made)
	leaked := strings.TrimSpace(made)
	photos := make(map[string][]byte)
	for _, gallery := range []string{"people", "others"} {
		_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": gallery, "policy": map[string]any{"keep_photos": true}}, nil)
		require.NoError(t, err)
		for _, id := range []string{"a", "b", "c"} {
			photos[gallery+id] = pattern(gallery + id)
			_, err := p.do(key, http.MethodPost, "/v1/galleries/"+gallery+"/subjects", enrolment(id, photos[gallery+id]), nil)
			require.NoError(t, err)
		}
	}
	search := func(id string) []string {
		t.Helper()
		var a searchAnswer
		_, err := p.do(key, http.MethodPost, people("search"), map[string]any{"photo": photos["people"+id]}, &a)
		require.NoError(t, err)
		return a.found()
	}
	refused := func() {
		t.Helper()
		out, err := command("erased", "--timeout", "30s")
		require.NoError(t, err, out)
		fill(t, disk) // what the log and the commands gave back
		status, err := p.do(key, http.MethodPost, people("subjects"), enrolment("new", pattern("new")), nil)
		require.Equal(t, http.StatusInsufficientStorage, status)
		require.ErrorContains(t, err, "storage_full")
		_, err = p.do(key, http.MethodGet, people("subjects", "new"), nil, nil)
		require.ErrorContains(t, err, "not_found")
	}

	for _, ended := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		stop(p, ended)
		filler := fill(t, disk)
		out, err := command("key", "list", "default")
		require.NoError(t, err, out)
		require.Contains(t, out, "leaked")
		if ended == syscall.SIGTERM { // without a server
			out, err = command("key", "revoke", "default", strings.Split(leaked, "_")[1])
			require.NoError(t, err, out)
			out, err = command("audit", "--tenant", "default")
			require.NoError(t, err, out)
			require.Contains(t, strings.Split(out, "\n")[0], "key.revoked", "which there is room for in the reserve")
			out, err = command("key", "create", "default", "--name", "more")
			require.Error(t, err)
			require.Contains(t, out, "disk is full")
		}

		p = startProgram(t, data, "--set", pack)
		status, _ := p.do(leaked, http.MethodGet, "/v1/galleries", nil, nil)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, []string{"c"}, search("c"))
		refused()
		gone := map[syscall.Signal][]string{
			syscall.SIGTERM: {people("subjects", "a")}, syscall.SIGKILL: {people("subjects", "b"), "/v1/galleries/others"},
		}
		for _, path := range gone[ended] {
			_, err = p.do(key, http.MethodDelete, path, nil, nil)
			require.NoError(t, err)
			_, err = p.do(key, http.MethodGet, path, nil, nil)
			require.ErrorContains(t, err, "not_found")
		}
		require.Empty(t, search("a"))
		refused()
		require.Zero(t, findBytes(t, data, photos["peoplea"]), "it is gone from the disk")
		require.NotZero(t, findBytes(t, data, photos["peoplec"]))

		require.NoError(t, os.Remove(filler))
		_, err = p.do(key, http.MethodPost, people("subjects"), enrolment(fmt.Sprint("after.", int(ended)), pattern(ended.String())), nil)
		require.NoError(t, err, "there is room again")
		info, err := os.Stat(filepath.Join(data, "oneton.db-reserve"))
		require.NoError(t, err)
		require.Equal(t, int64(max(64<<20, 4*config.Default().Embed.Limits.Bytes)), info.Size(), "the reserve is taken back")
	}
	require.Empty(t, search("b"))
	require.Equal(t, []string{"c"}, search("c"))
	out, err := command("audit", "--tenant", "default")
	require.NoError(t, err, out)
	for _, act := range []string{`subject\.deleted +people/a`, `subject\.deleted +people/b`, `gallery\.deleted +others`} {
		require.Regexp(t, "default +"+strings.Split(key, "_")[1]+" +"+act+` +[0-9a-f-]{36}`, out, "by which key and request")
	}
}

// mountable runs the test in a process that may mount: one of a namespace of
// its own.
func mountable(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), asTenantOfDisk+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("this machine lets nobody mount a small disk: ", err)
	}
	require.NoError(t, err, string(out))
	if bytes.Contains(out, []byte("--- SKIP")) {
		t.Skip(string(out))
	}
}

// fill takes what is left of the disk and returns the file that has it.
func fill(t *testing.T, disk string) string {
	t.Helper()
	path := filepath.Join(disk, "filler")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
	return path
}

// findBytes is how many of the files under the folder hold any window of the
// value, but for its first bytes, which all photos may have.
func findBytes(t *testing.T, folder string, value []byte) (files int) {
	t.Helper()
	const head, window = 150, 32
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i := head; i+window <= len(value); i += window {
			if bytes.Contains(data, value[i:i+window]) {
				files++
				break
			}
		}
		return nil
	}))
	return files
}
