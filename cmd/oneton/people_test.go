package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/setup"
)

// code is the exit code of a command that commandIn ran.
func code(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err == nil {
		return exitDone
	}
	require.ErrorAs(t, err, &exit)
	return exit.ExitCode()
}

// demoPhotos is the folder of the photos that set-up fetches.
func demoPhotos(t *testing.T) string {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	require.NoError(t, err)
	return paths.Photos
}

// A newcomer comes from an empty folder to a name by commands alone, without a server.
func TestPeopleOnADataFolder(t *testing.T) {
	folder, photos := t.TempDir(), demoPhotos(t)
	stdout, stderr, err := commandIn(t, folder, "enrol", "staff", "obama", filepath.Join(photos, "obama.jpg"), "--data", "d")
	require.Equal(t, exitFailed, code(t, err), stdout)
	require.Contains(t, stderr, "there is no database")
	require.Contains(t, stderr, "--server")
	require.NoDirExists(t, filepath.Join(folder, "d"))

	run, _ := commandsOn(t, folder)
	require.Contains(t, run("gallery", "create", "staff"), "gallery staff is made, with pack default")
	require.Equal(t, "obama is enrolled in staff, with 1 face\n", run("enrol", "staff", "obama", filepath.Join(photos, "obama.jpg"), "-m", "name=Barack, 44"))
	require.Regexp(t, `^obama \(cosine 0\.\d\d, (fewer than )?1 in [0-9]+ (m|b)illion strangers look this alike\) name="Barack, 44"\n$`,
		run("search", "staff", filepath.Join(photos, "obama2.jpg")))
	require.Contains(t, run("audit"), "command", "the audit says that it was a command")
	require.Empty(t, run("key", "list", "default"), "the command's key is nowhere")
}

// The same commands ask a server, and what they end with can be told by scripts.
func TestPeopleOfAServer(t *testing.T) {
	folder, photos := t.TempDir(), demoPhotos(t)
	data := filepath.Join(folder, "d")
	p := startProgram(t, data)
	t.Setenv(serverVariable, p.base)
	t.Setenv(keyVariable, p.key)
	photo := func(name string) string { return filepath.Join(photos, name) }
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, args...)
		require.Equal(t, want, code(t, err), "%v: %s%s", args, stdout, stderr)
		return stdout, stderr
	}
	said := func(args ...string) string {
		t.Helper()
		stdout, stderr := run(exitDone, args...)
		require.Empty(t, stderr)
		return stdout
	}
	into := func(value any, want int, args ...string) {
		t.Helper()
		stdout, _ := run(want, append(args, "--json")...)
		require.NoError(t, json.Unmarshal([]byte(stdout), value), stdout)
	}

	said("gallery", "create", "staff", "--keep-photos", "--fpir", "0.001")
	said("enrol", "staff", "obama", photo("obama.jpg"), "-m", "name=Barack", "-m", "floor=3")
	said("enrol", "staff", "obama", photo("obama3.jpg"), "--add")
	require.Contains(t, said("subject", "show", "staff", "obama"), "photo kept")
	require.Contains(t, said("search", "staff", photo("obama2.jpg")), "obama (cosine 0.")
	require.Contains(t, said("verify", "staff", "obama", photo("obama2.jpg")), "the same person (cosine 0.")
	require.Contains(t, said("compare", photo("obama2.jpg"), photo("obama.jpg")), "the same person (cosine 0.")
	require.Contains(t, said("detect", photo("sample6.jpg")), "face 4")

	var found struct {
		Match      string
		Candidates []struct {
			Subject  string
			Metadata map[string]string
		}
	}
	into(&found, exitDone, "search", "staff", photo("obama2.jpg"), photo("obama3.jpg"), "--filter", "floor=2,3")
	require.Equal(t, "one", found.Match)
	require.Equal(t, "Barack", found.Candidates[0].Metadata["name"])
	into(&found, exitNo, "search", "staff", photo("obama2.jpg"), "--filter", "floor=2")
	require.Equal(t, "nobody", found.Match)

	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nobody":           {[]string{"search", "staff", photo("biden.jpg")}, exitNo, ""},
		"another":          {[]string{"verify", "staff", "obama", photo("biden.jpg")}, exitNo, ""},
		"no face":          {[]string{"detect", photo("chelsea.png")}, exitNo, ""},
		"nobody in a crew": {[]string{"search", "staff", photo("sample6.jpg"), "--all"}, exitNo, ""},
		"cat":              {[]string{"search", "staff", photo("chelsea.png")}, exitRefused, "no_face"},
		"taken":            {[]string{"enrol", "staff", "obama", photo("obama.jpg")}, exitRefused, "already_exists"},
		"no gallery":       {[]string{"search", "stuff", photo("obama.jpg")}, exitRefused, `there is no gallery "stuff"`},
		"no photo":         {[]string{"search", "staff", photo("none.jpg")}, exitUsage, "none.jpg"},
		"pipe":             {[]string{"search", "staff", "/dev/null"}, exitUsage, "is read from standard input"},
		"folder":           {[]string{"search", "staff", photos}, exitUsage, "is a folder"},
		"unknown":          {[]string{"serch"}, exitUsage, "did you mean"},
		"missing":          {[]string{"search", "staff"}, exitUsage, "'oneton search --help'"},
		"two people":       {[]string{"compare", photo("biden.jpg"), photo("obama.jpg")}, exitNo, ""},
		"half a question":  {[]string{"verify", "staff", "obama"}, exitUsage, "'oneton verify --help'"},
		"not enrolled":     {[]string{"verify", "staff", "biden", photo("biden.jpg")}, exitRefused, `there is no subject "biden"`},
		"one input twice":  {[]string{"compare", "-", "-"}, exitUsage, "one photo only"},
		"both":             {[]string{"gallery", "list", "--server", p.base, "--data", data}, exitUsage, "exclude each other"},
		"key shown":        {[]string{"gallery", "list", "--key", "ot_x"}, exitUsage, "revoke it"},
		"no confirmation":  {[]string{"gallery", "delete", "staff"}, exitUsage, "--yes"},
		"nothing to do":    {[]string{"gallery", "change", "staff"}, exitUsage, "nothing is named"},
		"no URL":           {[]string{"gallery", "list", "--server", "127.0.0.1:8080"}, exitUsage, "http://127.0.0.1:8080"},
		"nobody there":     {[]string{"gallery", "list", "--server", "http://127.0.0.1:1"}, exitUnreachable, "refused"},
		"open folder":      {[]string{"gallery", "list", "--data", data}, exitUnreachable, "--server " + p.base},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr := run(c.code, c.args...)
			if c.says == "" {
				require.NotEmpty(t, stdout, "an answer that is no is an answer")
				require.Empty(t, stderr)
				return
			}
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.says)
			require.Less(t, len(stderr), 1000)
		})
	}

	run(exitNo, "subject", "search", "staff", "obama")
	run(exitNo, "gallery", "duplicates", "staff")
	said("enrol", "staff", "president", photo("obama2.jpg"))
	require.Regexp(t, `^president \(cosine 0\.\d\d`, said("subject", "search", "staff", "obama"))
	stdout, stderr := run(exitDone, "gallery", "duplicates", "staff", "--json")
	var pair struct{ A, B struct{ Subject string } }
	require.NoError(t, json.Unmarshal([]byte(stdout), &pair), stdout)
	require.Equal(t, []string{"obama", "president"}, []string{pair.A.Subject, pair.B.Subject})
	require.Equal(t, "people: 2, pairs who are alike: 1\n", stderr)
	run(exitRefused, "subject", "search", "staff", "nobody")
	said("subject", "delete", "staff", "president", "--yes")

	var shown struct {
		Faces []struct{ ID string }
	}
	into(&shown, exitDone, "subject", "show", "staff", "obama")
	require.Len(t, shown.Faces, 2)
	said("subject", "photo", "staff", "obama", shown.Faces[0].ID, "--out", "kept.jpg")
	sent, err := os.ReadFile(photo("obama.jpg"))
	require.NoError(t, err)
	kept, err := os.ReadFile(filepath.Join(folder, "kept.jpg"))
	require.NoError(t, err)
	require.Equal(t, sent, kept)
	said("subject", "delete", "staff", "obama", "--face", shown.Faces[0].ID, "--yes")
	said("subject", "change", "staff", "obama", "-m", "name=B")
	require.Contains(t, said("subject", "list", "staff"), `name="B"`)
	require.Contains(t, said("gallery", "change", "staff", "--quality", "enforce", "--retention", "48h"), "48h0m0s")
	stdout, _ = run(exitNo, "search", "staff", photo("biden.jpg"), "--insert", "-m", "name=Joe")
	require.Contains(t, stdout, "enrolled as")
	said("subject", "delete", "staff", "obama", "--yes")
	require.Empty(t, said("job", "list", "--json"))
	run(exitRefused, "job", "show", "none")
	run(exitRefused, "job", "cancel", "none")
	said("gallery", "delete", "staff", "--yes")
	require.Empty(t, said("gallery", "list", "--json"))
}

// A key comes from the environment, a file or standard input, and never from the
// command line.
func TestKeysOfCommands(t *testing.T) {
	folder := t.TempDir()
	p := startProgram(t, filepath.Join(folder, "d"))
	file := filepath.Join(folder, "key")
	require.NoError(t, os.WriteFile(file, []byte(p.key+"\n"), 0o600))
	list := []string{"gallery", "list", "--server", p.base}
	for name, c := range map[string]struct {
		args  []string
		env   string
		stdin string
		code  int
		says  string
	}{
		"variable":         {nil, keyVariable + "=" + p.key, "", exitDone, ""},
		"file":             {[]string{"--key-file", file}, "", "", exitDone, ""},
		"variable of file": {nil, keyFileVariable + "=" + file, "", exitDone, ""},
		"standard input":   {[]string{"--key-file", "-"}, "", p.key + "\n", exitDone, ""},
		"flag over rest":   {[]string{"--key-file", file}, keyVariable + "=ot_wrong", "", exitDone, ""},
		"none":             {nil, "", "", exitUsage, keyVariable},
		"wrong":            {nil, keyVariable + "=ot_wrong", "", exitRefused, "401 unauthorized"},
		"empty file":       {[]string{"--key-file", "-"}, "", "\n", exitUsage, "nothing stands"},
		"no file":          {[]string{"--key-file", file + "x"}, "", "", exitUsage, file + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], append(list, c.args...)...)
			cmd.Env = append(os.Environ(), asProgram+"=1", c.env)
			cmd.Stdin = strings.NewReader(c.stdin)
			out, err := cmd.CombinedOutput()
			require.Equal(t, c.code, code(t, err), "%s", out)
			require.Contains(t, string(out), c.says)
			require.NotContains(t, string(out), p.key)
		})
	}
}

func TestExitCodesOfErrors(t *testing.T) {
	require.Equal(t, exitDone, exitCode(nil))
	require.Equal(t, exitFailed, exitCode(errors.New("anything")))
	require.Equal(t, exitNo, exitCode(answeredNo{}))
}
