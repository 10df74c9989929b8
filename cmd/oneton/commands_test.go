package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// leaves are the commands that do something.
func leaves(t *testing.T) map[string]*kong.Node {
	t.Helper()
	model, err := modelOf()
	require.NoError(t, err)
	all := map[string]*kong.Node{}
	for _, leaf := range model.Leaves(true) {
		all[strings.TrimPrefix(leaf.FullPath(), "oneton ")] = leaf
	}
	return all
}

// Every command can tell its result as JSON, but those that have none or whose result
// is a file of another kind.
func TestEveryCommandPrintsJSON(t *testing.T) {
	without := map[string]string{
		"serve": "serves", "demo": "shows", "keys export": "is JSON", "subject photo": "is a photo", "completion": "is code", "man": "is a page",
	}
	for name, leaf := range leaves(t) {
		has := false
		for _, f := range leaf.Flags {
			has = has || f.Name == "json"
			require.NotEmpty(t, f.Help, "%s --%s", name, f.Name)
			require.Regexp(t, `[.!…]$`, f.Help, "%s --%s: help is in sentences", name, f.Name)
		}
		require.Regexp(t, `\.$`, leaf.Help, name)
		_, none := without[name]
		require.Equal(t, !none, has, "%s", name)
	}
}

// docs/commands.md says what --help says; ONETON_TEST_WRITE=1 writes it.
func TestCommandsAreDocumented(t *testing.T) {
	const path = "../../docs/commands.md"
	model, err := modelOf()
	require.NoError(t, err)
	var want bytes.Buffer
	writeReference(&want, model)
	if os.Getenv("ONETON_TEST_WRITE") != "" {
		require.NoError(t, os.WriteFile(path, want.Bytes(), 0o644)) //nolint:gosec // a document
		return
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got))
	for name := range leaves(t) {
		require.Contains(t, string(got), "oneton "+name)
	}
}

// shell runs a script in a shell, with oneton on the path, and returns its words.
func shell(t *testing.T, name, script string, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s here", name)
	}
	bin := t.TempDir()
	require.NoError(t, os.Symlink(os.Args[0], filepath.Join(bin, "oneton")))
	cmd := exec.Command(path, append(args, "-c", script)...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+t.TempDir(), "TERM=dumb")
	cmd.Dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(cmd.Dir, "alice.jpg"), nil, 0o600))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.Fields(string(out))
}

// What a shell is told to do completes commands, their subcommands, flags and files.
func TestShellsComplete(t *testing.T) {
	cases := map[string][]string{
		"oneton sea":                 {"search"},
		"oneton gallery cr":          {"create"},
		"oneton search --thr":        {"--threshold"},
		"oneton enrol staff ada ali": {"alice.jpg"},
		"oneton completion ":         {"bash", "zsh", "fish"},
	}
	t.Run("bash", func(t *testing.T) {
		for line, want := range cases {
			// What bash does when the tab key is pressed behind the line: it asks the
			// program that 'complete -C' names.
			got := shell(t, "bash", `code=$(oneton completion bash) && eval "$code" && complete -p oneton >/dev/null || exit 1
program=$(printf %s "$code" | sed 's/.*-C \([^ ]*\) .*/\1/')
COMP_LINE='`+line+`' COMP_POINT=`+strconv.Itoa(len(line))+` $program`, "--norc")
			require.ElementsMatch(t, want, got, line)
		}
	})
	t.Run("zsh", func(t *testing.T) {
		for line, want := range cases {
			got := shell(t, "zsh", `autoload -U compinit && compinit -u
code=$(oneton completion zsh) && eval "$code" && [[ -n $_comps[oneton] ]] || exit 1
program=$(printf %s "$code" | sed -n 's/.*-C \([^ ]*\) .*/\1/p')
COMP_LINE='`+line+`' COMP_POINT=`+strconv.Itoa(len(line))+` $program`, "-f")
			require.ElementsMatch(t, want, got, line)
		}
	})
	t.Run("fish", func(t *testing.T) {
		for line, want := range cases {
			got := shell(t, "fish", `oneton completion fish | source
complete -C '`+line+`'`, "--no-config")
			require.ElementsMatch(t, want, got, line)
		}
	})
}

// The manual has a page for the program and one for each command, which man can read.
func TestManualPages(t *testing.T) {
	folder := t.TempDir()
	_, stderr, err := commandIn(t, folder, "man", "--to", "man1")
	require.NoError(t, err, stderr)
	pages, err := filepath.Glob(filepath.Join(folder, "man1", "*.1"))
	require.NoError(t, err)
	model, err := modelOf()
	require.NoError(t, err)
	require.Len(t, pages, 1+len(model.Children))
	text, err := os.ReadFile(filepath.Join(folder, "man1", "oneton-search.1"))
	require.NoError(t, err)
	require.Contains(t, string(text), ".TH")
	require.Contains(t, string(text), "threshold")
	require.NotContains(t, string(text), "Refused: everybody", "what is hidden is not told")
	stdout, stderr, err := commandIn(t, folder, "man")
	require.NoError(t, err, stderr)
	require.Positive(t, strings.Index(stdout, "EXIT CODES"), "of %d bytes", len(stdout))
	man, err := exec.LookPath("man")
	if err != nil {
		t.Skip("there is no man here")
	}
	cmd := exec.Command(man, "--warnings", "-l", filepath.Join(folder, "man1", "oneton.1"))
	cmd.Env = append(os.Environ(), "MANPAGER=cat", "MANWIDTH=100", "LC_ALL=C.UTF-8")
	read, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", read)
	require.Contains(t, string(read), "gallery")
}
