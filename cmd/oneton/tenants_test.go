package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/node"
	"oneton/store"
)

// commandIn runs oneton in a folder of the test's, without a configuration.
func commandIn(t *testing.T, folder string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs strings.Builder
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // this program
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// A command that is to work on what is there makes nothing where it is not.
func TestNoFolderIsMadeInSilence(t *testing.T) {
	for _, args := range [][]string{
		{"key", "create", "acme"},
		{"key", "list", "acme"},
		{"key", "revoke", "acme", "x"},
		{"tenant", "list"},
		{"tenant", "delete", "acme", "--yes"},
		{"keys", "rotate"},
		{"keys", "list"},
		{"keys", "export", "acme"},
		{"erased"},
		{"audit"},
		{"account", "ada@example.org", "+41791234567"},
		{"retention", "preview"},
		{"retention", "accept"},
		{"index", "status"},
		{"index", "verify"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			folder := t.TempDir()
			_, stderr, err := commandIn(t, folder, args...)
			require.Error(t, err)
			require.Contains(t, stderr, "there is no database")
			require.Contains(t, stderr, "--data")
			left, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestTenantsAndKeysSayWhatTheyDid(t *testing.T) {
	folder := t.TempDir()
	stdout, stderr, err := commandIn(t, folder, "tenant", "create", "acme", "--name", "Acme Ltd", "--data", "d")
	require.NoError(t, err, stderr)
	require.Contains(t, stdout, "tenant acme is made")
	require.Contains(t, stdout, "oneton key create acme")
	require.Contains(t, stderr, "new data folder: "+filepath.Join(folder, "d"))

	stdout, stderr, err = commandIn(t, folder, "key", "create", "acme", "--scope", "search", "--data", "d")
	require.NoError(t, err, stderr)
	require.Regexp(t, `^ot_[0-9a-z]{16}_[0-9a-z]{52}\n$`, stdout, "the key and nothing else, for scripts")
	require.Empty(t, stderr)
	id := strings.Split(stdout, "_")[1]
	stdout, stderr, err = commandIn(t, folder, "key", "revoke", "acme", id, "--data", "d")
	require.NoError(t, err, stderr)
	require.Contains(t, stdout, "key "+id+" of tenant acme is revoked")
	stdout, stderr, err = commandIn(t, folder, "erased", "--data", "d")
	require.NoError(t, err, stderr)
	require.Contains(t, stdout, "nothing that was deleted is left")
	stdout, stderr, err = commandIn(t, folder, "secret", "adopt", "--yes", "--data", "d")
	require.NoError(t, err, stderr)
	require.Contains(t, stdout, filepath.Join("d", "secret.key"))

	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"taken tenant":     {[]string{"tenant", "create", "acme"}, []string{`"acme"`, "already exists"}},
		"climbing tenant":  {[]string{"tenant", "create", "../x"}, []string{`"../x"`, "must be 1 to 128 letters"}},
		"tenant of lines":  {[]string{"tenant", "create", "a\nb"}, []string{`"a\nb"`, "must be 1 to 128 letters"}},
		"tenant of bytes":  {[]string{"tenant", "create", "a\xff"}, []string{"must be 1 to 128 letters"}},
		"long tenant":      {[]string{"tenant", "create", strings.Repeat("x", 5000)}, []string{"must be 1 to 128 letters"}},
		"empty tenant":     {[]string{"tenant", "create", ""}, []string{"must be 1 to 128 letters"}},
		"name of lines":    {[]string{"tenant", "create", "b", "--name", "x\ny"}, []string{"in one line"}},
		"long name":        {[]string{"tenant", "create", "b", "--name", strings.Repeat("x", 257)}, []string{"at most 256 bytes"}},
		"key's name":       {[]string{"key", "create", "acme", "--name", "x\x1b[2J"}, []string{"printable"}},
		"unknown scope":    {[]string{"key", "create", "acme", "--scope", "serach"}, []string{`"serach"`, "scopes are galleries, enrol, read, search"}},
		"tenant of a key":  {[]string{"key", "create", "nobody"}, []string{`tenant "nobody"`, "not found"}},
		"tenant of keys":   {[]string{"key", "list", "nobody"}, []string{`tenant "nobody"`, "not found"}},
		"unknown key":      {[]string{"key", "revoke", "acme", "nobody"}, []string{`key "nobody" of tenant "acme"`, "not found"}},
		"tenant to delete": {[]string{"tenant", "delete", "nobody", "--yes"}, []string{`tenant "nobody"`, "not found"}},
		"another's key":    {[]string{"key", "revoke", "nobody", id}, []string{`of tenant "nobody"`, "not found"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, err := commandIn(t, folder, append(c.args, "--data", "d")...)
			require.Error(t, err)
			for _, says := range c.says {
				require.Contains(t, stderr, says)
			}
			require.Less(t, len(stderr), 4000)
		})
	}
	stdout, _, err = commandIn(t, folder, "tenant", "list", "--data", "d")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(stdout, "\n"), "%s", stdout)
}

// What a key made stays where that is said, also when the key is revoked again, until it is
// said that it is not to.
func TestKeyRevokeSaysWhatOfTheMade(t *testing.T) {
	folder := t.TempDir()
	run, _ := commandsOn(t, folder)
	run("tenant", "create", "acme")
	maker := strings.Split(run("key", "create", "acme"), "_")[1]
	cfg := config.Default()
	cfg.Data = filepath.Join(folder, "d")
	truth, err := node.OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	_, made, err := truth.Access.Issue(t.Context(), store.Actor{Tenant: "acme", Key: store.KeyID(maker)}, "", []string{"search"}, time.Time{})
	require.NoError(t, err)
	require.NoError(t, truth.Close())
	for _, says := range []struct {
		args  []string
		valid bool
	}{{[]string{"--made=keep"}, true}, {nil, true}, {[]string{"--made=revoke"}, false}} {
		run(append([]string{"key", "revoke", "acme", maker}, says.args...)...)
		told := 0
		for line := range strings.Lines(run("key", "list", "acme", "--json")) {
			var k keyRow
			require.NoError(t, json.Unmarshal([]byte(line), &k))
			if k.ID == made.ID {
				told++
				require.Equal(t, says.valid, k.RevokedAt == nil, says.args)
			}
		}
		require.Equal(t, 1, told)
	}
}

// commandsOn run commands on the data folder d of a folder: run those that succeed, which
// gives what they print, and refused those that fail, which gives what they say of it.
func commandsOn(t *testing.T, folder string) (run, refused func(args ...string) string) {
	run = func(args ...string) string {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, append(args, "--data", "d")...)
		require.NoError(t, err, stderr)
		return stdout
	}
	refused = func(args ...string) string {
		t.Helper()
		_, stderr, err := commandIn(t, folder, append(args, "--data", "d")...)
		require.Error(t, err)
		return stderr
	}
	return run, refused
}
