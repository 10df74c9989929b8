package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// installed is where Linux distributions put the server's programs.
const installed = "/usr/lib/postgresql/*/bin"

// programs is the folder of initdb and postgres, or why there is none.
func programs() (string, error) {
	var folders []string
	found, err := filepath.Glob(installed)
	if err != nil {
		return "", err
	}
	slices.Reverse(found) // the newest first
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, dir := range append(folders, found...) {
		if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		if _, err := exec.LookPath(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%s is not set, and initdb and postgres are neither in PATH nor in %s: install the package postgresql",
		Env, installed)
}

// create makes the data folder.
func (s *Server) create() (err error) {
	if s.owner, err = unprivileged(); err != nil {
		return err
	}
	if err := s.own(s.dir); err != nil {
		return err
	}
	if err := s.write("password", []byte(s.password)); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "--pgdata", s.Dir(), "--username", superuser, //nolint:gosec // a found program
		"--pwfile", filepath.Join(s.dir, "password"), "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = s.owner, s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w: %s", err, out)
	}
	return nil
}

// WriteFile puts a file that only the server may read into its data folder.
func (s *Server) WriteFile(t testing.TB, name string, data []byte) {
	t.Helper()
	require.NoError(t, s.write(filepath.Join(filepath.Base(s.Dir()), name), data))
}

func (s *Server) write(name string, data []byte) error {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return s.own(path)
}

// own gives a file to who runs the server.
func (s *Server) own(path string) error {
	if s.owner.Credential == nil {
		return nil
	}
	return os.Chown(path, int(s.owner.Credential.Uid), int(s.owner.Credential.Gid))
}

// unprivileged is how PostgreSQL's programs are run: as root they refuse.
func unprivileged() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{}
	endWithParent(attr)
	if os.Geteuid() != 0 {
		return attr, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // parsed to 32 bits
		return attr, errors.Join(uerr, gerr)
	}
	return nil, errors.New("run PostgreSQL as root: no user postgres or nobody")
}
