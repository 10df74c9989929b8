package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that is built without its repository knows what its linker was told.
func TestWhatTheLinkerIsTold(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(`package main

import "oneton/build"

func main() { i := build.Read(); println(i.Version, i.Revision, i.Modified) }
`), 0o600))
	ask := func(flags ...string) string {
		t.Helper()
		args := append([]string{"run", "-buildvcs=false"}, flags...)
		out, err := exec.CommandContext(t.Context(), "go", append(args, filepath.Join(folder, "main.go"))...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return strings.TrimSpace(string(out))
	}
	require.Equal(t, "v1.2.0 1a2b3c false", ask("-ldflags", "-X oneton/build.version=v1.2.0 -X oneton/build.revision=1a2b3c"))
	require.Equal(t, "unknown  false", strings.ReplaceAll(ask(), "(devel)", "unknown"))
}
