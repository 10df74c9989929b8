package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identitytoken/client"
)

// The commands say what they did, and keys that are written are read elsewhere and
// are for their owner alone.
func TestKeysSayWhatTheyDid(t *testing.T) {
	folder := t.TempDir()
	run := func(args ...string) (string, string, error) {
		return commandIn(t, folder, append(args, "--data", "d")...)
	}
	_, stderr, err := run("tenant", "create", "acme")
	require.NoError(t, err, stderr)

	stdout, stderr, err := run("keys", "list")
	require.NoError(t, err, stderr)
	require.Regexp(t, `^[0-9a-f]{16}  new tokens\n$`, stdout)
	first := stdout[:16]
	stdout, stderr, err = run("keys", "rotate")
	require.NoError(t, err, stderr)
	require.Contains(t, stdout, "restart")
	stdout, stderr, err = run("keys", "list")
	require.NoError(t, err, stderr)
	require.Regexp(t, `^[0-9a-f]{16}  new tokens\n`+first+`  older tokens\n$`, stdout)

	path := filepath.Join(folder, "keys.json")
	_, stderr, err = run("keys", "export", "acme", "--out", path)
	require.NoError(t, err, stderr)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	f, err := os.Open(path)
	require.NoError(t, err)
	keys, err := client.Read(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, "acme", keys.Tenant)
	require.Len(t, keys.Versions, 2)
	require.Len(t, keys.Versions[0].Transform, 32)

	_, _, err = run("keys", "export", "acme", "--out", path)
	require.Error(t, err, "no file is replaced")
	_, stderr, err = run("keys", "export", "nobody")
	require.Error(t, err)
	require.Contains(t, stderr, `"nobody"`)
	stdout, stderr, err = run("keys", "export", "acme", "--open-only")
	require.NoError(t, err, stderr)
	only, err := client.Read(strings.NewReader(stdout))
	require.NoError(t, err)
	require.Empty(t, only.Versions[0].Transform)
}
