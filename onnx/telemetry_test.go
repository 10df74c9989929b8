package onnx_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/onnx"
)

// TestRunsOf is run by TestLibraryWritesNothing in a process of its own.
func TestRunsOf(t *testing.T) {
	if os.Getenv("ONETON_TEST_RUN") == "" {
		return
	}
	for range 2 { // a library that was unloaded and loaded again, too
		rt, err := onnx.Open(onnx.Config{Library: embedtest.Library(t)})
		require.NoError(t, err)
		s, err := rt.NewSession(parse(t, double()))
		require.NoError(t, err)
		_, err = s.Run(t.Context(), onnx.Tensor{Shape: []int64{1, 1}, Data: []float32{4}})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, rt.Close())
	}
}

// The library's telemetry begins with a device id, a database and a log in the
// user's cache and the folder of temporary files.
func TestLibraryWritesNothing(t *testing.T) {
	for name, variable := range map[string]string{
		"left alone":    "OTHER=1",
		"switched on":   "ORT_DISABLE_TELEMETRY=0",
		"set to naught": "ORT_DISABLE_TELEMETRY=",
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			cmd := exec.Command(os.Args[0], "-test.run=^TestRunsOf$", "-test.v")
			cmd.Env = []string{
				"HOME=" + home, "TMPDIR=" + home, "ONETON_TEST_RUN=1",
				"ONETON_ONNXRUNTIME=" + embedtest.Library(t), variable,
			}
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "--- PASS: TestRunsOf")
			var written []string
			require.NoError(t, filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
				if path != home {
					written = append(written, path)
				}
				return err
			}))
			require.Empty(t, written)
		})
	}
}

func TestOpenRefusesLibraryThatReports(t *testing.T) {
	library, err := os.ReadFile(embedtest.Library(t))
	require.NoError(t, err)
	const variable, other = "ORT_DISABLE_TELEMETRY", "ORT_DISABLE_TELEMETRI"
	require.True(t, bytes.Contains(library, []byte(variable)), "the test's own means are gone: this version has no such variable")
	path := filepath.Join(t.TempDir(), "lib.so")
	require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(library, []byte(variable), []byte(other)), 0o600))
	_, err = onnx.Open(onnx.Config{Library: path})
	require.ErrorIs(t, err, onnx.ErrTelemetry)
	require.ErrorContains(t, err, path)
}
