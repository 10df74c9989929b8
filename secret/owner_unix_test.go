//go:build unix

package secret

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever adds a version, those who could read the file can: it stays behind its
// link, and its owner's.
func TestAddLeavesTheFileToItsOwner(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "kept", "oneton.key"), filepath.Join(folder, "secret.key")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, version(0), 0o600))
	require.NoError(t, os.Symlink(filepath.Join("kept", "oneton.key"), link))
	const other = 65532
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(path, other, other))
	}
	before, err := os.Stat(path)
	require.NoError(t, err)
	_, err = Add(link)
	require.NoError(t, err)
	target, err := os.Readlink(link)
	require.NoError(t, err)
	require.Equal(t, filepath.Join("kept", "oneton.key"), target)
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 2*Size, after.Size())
	was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
	require.Equal(t, was.Uid, is.Uid)
	require.Equal(t, was.Gid, is.Gid)
}
