package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// TestVersion asks for it where the library is, and where it is not, which is
// said and no error.
func TestVersion(t *testing.T) {
	ask := func(t *testing.T, environment []string, flags ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"version"}, flags...)...)
		cmd.Env = append(append(os.Environ(), asProgram+"=1", "ONETON_SIMD="), environment...)
		out, err := cmd.Output()
		require.NoError(t, err)
		return out
	}
	var v version
	require.NoError(t, json.Unmarshal(ask(t, nil, "--json"), &v))
	require.NotEmpty(t, v.Version)
	require.Equal(t, runtime.Version(), v.Go)
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, v.Platform)
	require.FileExists(t, v.Library)
	require.Regexp(t, `^1\.\d+\.\d+$`, v.ONNXRuntime)
	require.Empty(t, v.LibraryError)
	require.Equal(t, search.Kernels()[0], v.Kernel)

	text := string(ask(t, []string{"ONETON_CACHE=" + filepath.Join(t.TempDir(), "none")}))
	require.Contains(t, text, "oneton setup")
	require.Contains(t, text, runtime.Version())

	kernels := search.Kernels()
	reference := kernels[len(kernels)-1]
	require.NoError(t, json.Unmarshal(ask(t, []string{"ONETON_SIMD=" + reference}, "--json"), &v))
	require.Equal(t, reference, v.Kernel)
}
