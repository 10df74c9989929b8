package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program of another module calls with the client, and gets nothing else with it.
func TestOtherModulesImportTheClient(t *testing.T) {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.org/other\n\ngo 1.26.0\n\nrequire oneton v0.0.0\n\nreplace oneton => " + root + "\n",
		"main.go": "package main\n\nimport (\n\t\"fmt\"\n\n\t\"oneton/client\"\n)\n\nfunc main() {\n\t_, err := client.New(client.Config{})\n\tfmt.Println(err)\n}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=mod", ".")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off", "GONOSUMDB=*")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "unusable configuration")
	sums, err := os.ReadFile(filepath.Join(folder, "go.sum"))
	if !os.IsNotExist(err) {
		require.NoError(t, err)
		require.Empty(t, string(sums), "no other module is needed")
	}
}
