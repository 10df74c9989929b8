// Package doctest does what a guide says, as a reader would who copies its blocks
// into a shell, one after the other, and holds the answers to those that the guide
// shows.
package doctest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Reader is who follows a guide.
type Reader struct {
	// Server is where the reader's server answers, and Key what it asks for.
	Server, Key string
	// Folder is where the reader works, with the files that the guide names.
	Folder string
	// Environ is the environment of what is run; its PATH has oneton.
	Environ []string
}

var block = regexp.MustCompile("(?s)\n```(sh|python|json|text)\n(.*?)\n```")

// kept is the file that holds a shell's variables from one block to the next.
const kept = ".variables"

// Follow runs each block of sh and of python of the guide, in its order, in the
// reader's folder; a block that fails fails the test. A block of json or text
// behind one is what it prints, where … stands for what was left out.
func (r Reader) Follow(t *testing.T, path string) {
	t.Helper()
	guide, err := os.ReadFile(path)
	require.NoError(t, err)
	python, printed := "", ""
	for _, b := range block.FindAllStringSubmatch(string(guide), -1) {
		text := strings.NewReplacer("http://127.0.0.1:8080", r.Server, "ot_…", r.Key).Replace(b[2])
		switch b[1] {
		case "sh":
			printed = r.run(t, "bash", "-c", "set -e; [ ! -e "+kept+" ] || source ./"+kept+"\n"+text+"\ndeclare -p key api auth 2>/dev/null > "+kept+" || true\nexport -p >> "+kept)
		case "python":
			if python == "" {
				python = interpreter(t)
			}
			require.NoError(t, os.WriteFile(filepath.Join(r.Folder, "block.py"), []byte(text), 0o600))
			printed = r.run(t, "bash", "-c", "set -e; source ./"+kept+"\n"+python+" block.py")
		case "json":
			var want, got any
			require.NoError(t, json.Unmarshal([]byte(b[2]), &want), "%s shows %s", path, b[2])
			require.NoError(t, json.Unmarshal([]byte(printed), &got), "%s", printed)
			require.True(t, like(want, got), "%s shows %s\nand it is %s", path, b[2], printed)
		case "text":
			require.Regexp(t, pattern(b[2]), strings.TrimSpace(printed), "%s shows %s", path, b[2])
		}
	}
}

// Try runs each block of sh that calls a server, and leaves the others out; a call that is
// refused fails the test. The first block of json behind one shows what one of its
// answers has: fields and their kinds, and any values.
func (r Reader) Try(t *testing.T, path string) {
	t.Helper()
	guide, err := os.ReadFile(path)
	require.NoError(t, err)
	printed, calls := "", 0
	for _, b := range block.FindAllStringSubmatch(string(guide), -1) {
		text := strings.NewReplacer("http://127.0.0.1:8080", r.Server, "ot_…", r.Key).Replace(b[2])
		switch {
		case b[1] == "sh" && strings.Contains(text, "api="), b[1] == "sh" && strings.Contains(text, "$api"):
			calls += strings.Count(text, "curl ")
			printed = r.run(t, "bash", "-c", `set -e; curl() { command curl -sS --fail-with-body "$@" && echo; }; [ ! -e `+kept+" ] || source ./"+kept+"\n"+text+"\ndeclare -p key api > "+kept)
		case b[1] == "json" && printed != "":
			var want any
			require.NoError(t, json.Unmarshal([]byte(b[2]), &want), "%s shows %s", path, b[2])
			found := false
			for answers := json.NewDecoder(strings.NewReader(printed)); !found; {
				var got any
				require.NoError(t, answers.Decode(&got), "%s shows %s\nand no answer is like it: %s", path, b[2], printed)
				found = shaped(want, got)
			}
			printed = ""
		}
	}
	require.NotZero(t, calls, "%s calls nothing", path)
}

// shaped tells whether an answer has the guide's fields, each of its kind.
func shaped(want, got any) bool {
	switch v := want.(type) {
	case map[string]any:
		fields, ok := got.(map[string]any)
		for name := range v {
			there, has := fields[name]
			ok = ok && (name == left || has && shaped(v[name], there))
		}
		return ok
	case []any:
		list, ok := got.([]any)
		for _, some := range v {
			ok = ok && (len(list) == 0 || shaped(some, list[0]))
		}
		return ok
	case string:
		_, ok := got.(string)
		return ok || v == left
	}
	return reflect.TypeOf(want) == reflect.TypeOf(got)
}

func (r Reader) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...) //nolint:gosec // what the guide says
	cmd.Dir, cmd.Env = r.Folder, r.Environ
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s%s", args[len(args)-1], out, errs.String())
	return string(out)
}

// pattern is of a text in which … stands for anything in a line.
func pattern(text string) string {
	parts := strings.Split(strings.TrimSpace(text), "…")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return "^" + strings.Join(parts, ".*") + "$"
}

const left = "…"

// like tells whether an answer has the guide's values, where these are no fractions
// and not left out; a field … stands for others, and an id for any other.
func like(want, got any) bool {
	switch v := want.(type) {
	case map[string]any:
		fields, ok := got.(map[string]any)
		_, others := v[left]
		if !ok || !others && len(fields) != len(v) {
			return false
		}
		for name := range v {
			if name != left && !like(v[name], fields[name]) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(v) {
			return false
		}
		for i := range v {
			if !like(v[i], list[i]) {
				return false
			}
		}
		return true
	case string:
		text, ok := got.(string)
		begins, _, short := strings.Cut(v, left)
		return ok && (text == v || short && strings.HasPrefix(text, begins) || uuid.MatchString(v) && uuid.MatchString(text))
	case float64:
		n, ok := got.(float64)
		return ok && (n == v || v != math.Trunc(v))
	}
	return want == got
}

// requirements are the packages that blocks of python import, by version and hash.
//
//go:embed requirements.txt
var requirements []byte

// interpreter is a Python with the requirements, or skips the test by what is
// missing.
func interpreter(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "python")
	wanted := filepath.Join(t.TempDir(), "requirements.txt")
	require.NoError(t, os.WriteFile(wanted, requirements, 0o600))
	for _, args := range [][]string{
		{"python3", "-m", "venv", folder},
		{filepath.Join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", wanted},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil { //nolint:gosec // named above
			t.Skipf("blocks of python need a venv and pip: %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	return filepath.Join(folder, "bin", "python")
}
