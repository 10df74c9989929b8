package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/setup"
)

// What is installed is listed with its licence and its files, and files or outputs that
// are not what they should be are named.
func TestModels(t *testing.T) {
	folder := t.TempDir()
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, append([]string{"models"}, args...)...)
		require.Equal(t, want, code(t, err), "%v: %s%s", args, stdout, stderr)
		return stdout, stderr
	}
	list, _ := run(exitDone, "list")
	require.Regexp(t, `(?m)^default +default@\d+ +\d+ dimensions +loaded, the default +\d+ files there +MIT \(YuNet\), Apache-2.0 \(SFace\)`, list)
	require.Contains(t, list, "accurate@")
	verified, _ := run(exitDone, "verify")
	require.Regexp(t, `outputs +ok +cosine [01]\.\d{6} to what was recorded`, verified)

	// A pack of one's own: the default one under another name.
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	require.NoError(t, err)
	source, err := os.ReadFile("../../embed/pack/manifests/default.yaml")
	require.NoError(t, err)
	own := filepath.Join(folder, "own")
	require.NoError(t, os.Mkdir(own, 0o700))
	manifest := filepath.Join(own, "mine.yaml")
	require.NoError(t, os.WriteFile(manifest, source, 0o600))
	_, stderr := run(exitFailed, "add", manifest)
	require.Contains(t, stderr, "give yours another")
	require.NoError(t, os.WriteFile(manifest, []byte(strings.Replace(string(source), "name: default\n", "name: mine\n", 1)), 0o600))
	_, stderr = run(exitFailed, "add", manifest)
	require.Contains(t, stderr, ".onnx beside the manifest is missing")
	files, err := filepath.Glob(filepath.Join(paths.Models, "*.onnx"))
	require.NoError(t, err)
	for _, f := range files {
		content, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(own, filepath.Base(f)), content, 0o600))
	}
	_, stderr = run(exitFailed, "verify", manifest)
	require.Contains(t, stderr, "not what they should be")
	said, _ := run(exitDone, "add", manifest)
	require.Contains(t, said, "packs=default,"+manifest)
	run(exitDone, "verify", manifest)
	require.Contains(t, func() string { s, _ := run(exitDone, "list", "--set", "packs=default,"+manifest); return s }(), "mine@")

	// What it computes is another: of the first person what was recorded of the second.
	record := filepath.Join(own, "mine.golden.json")
	content, err := os.ReadFile(record)
	require.NoError(t, err)
	var recorded map[string]any
	require.NoError(t, json.Unmarshal(content, &recorded))
	templates, ok := recorded["templates"].(map[string]any)
	require.True(t, ok)
	templates["biden"] = templates["obama"]
	content, err = json.Marshal(recorded)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(record, content, 0o600))
	said, _ = run(exitFailed, "verify", manifest)
	require.Contains(t, said, "does not compute what was recorded")

	// A file is another.
	model := filepath.Join(own, "face_recognition_sface_2021dec_int8bq.onnx")
	require.NoError(t, os.WriteFile(model, []byte("x"), 0o600))
	said, _ = run(exitFailed, "verify", manifest, "--json")
	var told struct {
		Fault string
		Files []struct{ Name, State string }
	}
	require.NoError(t, json.Unmarshal([]byte(said), &told))
	require.NotEmpty(t, told.Fault)
	for _, f := range told.Files {
		require.Equal(t, f.Name == filepath.Base(model), f.State == fileWrong, f.Name)
	}
	run(exitUsage, "add", model)
	run(exitUsage, "add", filepath.Join(own, "none.yaml"))
	run(exitFailed, "verify", "unknown")
}
