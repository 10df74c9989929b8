package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/imports"
	"oneton/node"
	"oneton/porttest"
	"oneton/store"
	"oneton/store/postgres/postgrestest"
)

// people is a folder with the demo's people, and what is none.
func importFolder(t *testing.T) string {
	t.Helper()
	folder, photos := t.TempDir(), demoPhotos(t)
	for to, from := range map[string]string{
		"obama/1.jpg": "obama.jpg", "obama/2.jpg": "obama2.jpg", "Joe Biden/biden.jpg": "biden.jpg", "cat/chelsea.png": "chelsea.png",
	} {
		content, err := os.ReadFile(filepath.Join(photos, from))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, to)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, to), content, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "obama", "notes.txt"), []byte("hello"), 0o600))
	return folder
}

// TestImport is what an administrator does: look, import, mend, import again.
func TestImport(t *testing.T) {
	source, folder := importFolder(t), t.TempDir()
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, append(args, "--data", "d")...)
		require.Equal(t, want, code(t, err), "%s%s", stdout, stderr)
		return stdout, stderr
	}
	_, stderr := run(exitRefused, "import", "staff", source)
	require.Contains(t, stderr, "--create-gallery makes it")
	run(exitDone, "gallery", "create", "staff")

	report := filepath.Join(folder, "refused.csv")
	stdout, stderr := run(exitRefused, "import", "staff", source, "--dry-run", "--report", report)
	require.Contains(t, stdout, "staff: 5 photos, 2 to be added, 3 refused (invalid_subject 1, no_face 1, not_a_photo 1)")
	require.Contains(t, stderr, report)
	info, err := os.Stat(report)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it names people")
	f, err := os.Open(report)
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	told := make(map[string]string)
	for _, row := range rows[1:] {
		told[row[0]] = row[3]
		require.NotEmpty(t, row[5], "what to do about %s", row[0])
	}
	require.Equal(t, map[string]string{"Joe Biden/biden.jpg": "invalid_subject", "cat/chelsea.png": "no_face", "obama/notes.txt": "not_a_photo"}, told)
	stdout, _ = run(exitDone, "subject", "list", "staff", "--json")
	require.Empty(t, stdout, "a dry run stores nothing")

	stdout, stderr = run(exitRefused, "import", "staff", source, "--make-ids")
	require.Contains(t, stdout, "staff: 5 photos, 3 added, 2 refused (no_face 1, not_a_photo 1)")
	require.Contains(t, stderr, "cat/chelsea.png: ")
	require.NoError(t, os.RemoveAll(filepath.Join(source, "cat")))
	require.NoError(t, os.Remove(filepath.Join(source, "obama", "notes.txt")))
	stdout, stderr = run(exitDone, "import", "staff", source, "--make-ids", "--json")
	var done imported
	require.NoError(t, json.Unmarshal([]byte(stdout), &done))
	require.Equal(t, int64(3), done.Present)
	require.Zero(t, done.Added+done.Refused+done.Skipped)
	require.Empty(t, stderr)

	stdout, _ = run(exitDone, "search", "staff", filepath.Join(demoPhotos(t), "obama3.jpg"))
	require.Contains(t, stdout, "obama")
	stdout, _ = run(exitDone, "subject", "show", "staff", imports.MakeID("Joe Biden"))
	require.Contains(t, stdout, "Joe Biden", "the name is in the metadata")
	for _, wrong := range [][]string{
		{"import", "staff", filepath.Join(source, "none")}, {"import", "staff", source, "--subject-from", "name"}, {"import", "staff", source, "--existing", "replace"},
	} {
		run(exitUsage, wrong...)
	}
}

// TestImportOfNothing: a source in which there is nothing is told by name, and an
// import of nothing at all is not taken for one that is done.
func TestImportOfNothing(t *testing.T) {
	folder, pack := t.TempDir(), patternPack(t)
	write := func(name string, content []byte) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	write("head.csv", []byte("subject,photo\n"))
	write("litter/.hidden/1.jpg", []byte("x"))
	write("none.zip", append([]byte("PK\x05\x06"), make([]byte, 18)...))
	write("people/ada/1.png", pattern("ada"))
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, append(args, "--data", "d", "--set", "packs="+pack)...)
		require.Equal(t, want, code(t, err), "%s%s", stdout, stderr)
		return stdout, stderr
	}
	for _, source := range []string{"head.csv", "litter", "none.zip"} {
		stdout, stderr := run(exitRefused, "import", "staff", source, "--create-gallery")
		require.Contains(t, stdout, "staff: 0 photos")
		require.Contains(t, stderr, source+": no photo was found, so nothing was done")
	}
	stdout, stderr := run(exitDone, "import", "staff", "litter", "people", "head.csv")
	require.Contains(t, stdout, "staff: 1 photo, 1 added")
	require.Contains(t, stderr, "litter: no photo was found there\nhead.csv: no photo was found there\n")
	require.NotContains(t, stderr, "people")
}

// TestImportBesideOthers: people who are there already are added to, skipped or refused,
// as asked, and those that an import made itself go on.
func TestImportBesideOthers(t *testing.T) {
	folder := t.TempDir()
	pack := patternPack(t)
	run := func(want int, args ...string) string {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, append(args, "--data", "d", "--set", "packs="+pack)...)
		require.Equal(t, want, code(t, err), "%s%s", stdout, stderr)
		return stdout
	}
	put := func(path, photo string) {
		path = filepath.Join(folder, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, pattern(photo), 0o600))
	}
	put("own.png", "ada-own")
	put("new/ada/1.png", "ada1")
	put("new/bob/1.png", "bob1")
	run(exitDone, "gallery", "create", "staff")
	run(exitDone, "enrol", "staff", "ada", "own.png")
	require.Contains(t, run(exitDone, "import", "staff", "new", "--existing", "skip"), "2 photos, 1 added, 1 skipped")
	put("new/bob/2.png", "bob2")
	require.Contains(t, run(exitDone, "import", "staff", "new", "--existing", "skip"), "3 photos, 1 added, 1 skipped, 1 there already")
	require.Contains(t, run(exitRefused, "import", "staff", "new", "--existing", "refuse"), "3 photos, 0 added, 2 there already, 1 refused (already_exists 1)")
	require.Contains(t, run(exitRefused, "import", "staff", "new", "--existing", "refuse", "--name", "other"), "0 added, 3 refused (already_exists 3)")
	require.Contains(t, run(exitDone, "import", "staff", "new"), "3 photos, 1 added, 2 there already")
	// The same photos by a table and by lines are the same photos.
	require.NoError(t, os.WriteFile(filepath.Join(folder, "new", "people.csv"), []byte("subject;photo\nada;ada/1.png\nbob;bob/2.png\n"), 0o600))
	lines := `{"subject":"bob","path":"new/bob/1.png"}` + "\n" + `{"subject":"cat","path":"new/bob/1.png"}` + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "people.ndjson"), []byte(lines), 0o600))
	require.Contains(t, run(exitDone, "import", "staff", "new/people.csv", "people.ndjson"), "4 photos, 1 added, 3 there already")
}

// manyPeople is a table of so many photos of people, some of which are refused, and of
// whom rows say different things.
func manyPeople(t *testing.T, photos int) string {
	t.Helper()
	folder := t.TempDir()
	var table strings.Builder
	table.WriteString("subject,photo,row\n")
	for i := range photos {
		name := fmt.Sprintf("%d.png", i)
		content := pattern(name)
		if i%17 == 0 {
			content = []byte("no photo")
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
		fmt.Fprintf(&table, "s%d,%s,%d\n", i/3%50, name, i)
	}
	path := filepath.Join(folder, "people.csv")
	require.NoError(t, os.WriteFile(path, []byte(table.String()), 0o600))
	return path
}

// galleryOf is what a gallery holds: of each subject its metadata, and of each face a sum
// of its template.
func galleryOf(t *testing.T, cfg config.Config, gallery string) map[string][]string {
	t.Helper()
	truth, err := node.OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	g, err := truth.Store.Gallery(t.Context(), node.FirstTenant, gallery)
	require.NoError(t, err)
	subjects, err := truth.Store.Subjects(t.Context(), g.ID, store.Page{Limit: 10_000})
	require.NoError(t, err)
	all := make(map[string][]string)
	for _, s := range subjects {
		faces, err := truth.Store.Faces(t.Context(), g.ID, s.ID)
		require.NoError(t, err)
		sums := make(map[string]bool)
		for _, f := range faces {
			sums[fmt.Sprintf("%x", sha256.Sum256(f.Template.Bytes()))] = true
		}
		require.Len(t, sums, len(faces), "a face is there once")
		all[string(s.ID)] = append([]string{fmt.Sprint(s.Metadata)}, slices.Sorted(maps.Keys(sums))...)
	}
	return all
}

// TestImportKilled kills imports on a data folder, and servers that imports ask, at
// random moments; at the end the gallery is the one of an import that nothing disturbed.
func TestImportKilled(t *testing.T) {
	const photos, kills = 200, 8
	source, pack := manyPeople(t, photos), patternPack(t)
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			set := []string{"packs=" + pack, "embed.workers=1"}
			if engine == "postgres" {
				set = append(set, "store.driver=postgres", "store.url="+postgrestest.Start(t, "fsync=off").Database(t))
			}
			data := t.TempDir()
			args := func(more ...string) []string {
				more = append(more, "--data", data)
				for _, s := range set {
					more = append(more, "--set", s)
				}
				return more
			}
			flags := make(map[string]any)
			for _, s := range set {
				k, v, _ := strings.Cut(s, "=")
				flags[k] = v
			}
			flags["data"] = data
			cfg, err := config.Load("", nil, flags)
			require.NoError(t, err)

			whole := func(gallery string) (string, error) {
				cmd := exec.Command(os.Args[0], args("import", gallery, source, "--create-gallery")...) //nolint:gosec // this program
				cmd.Env = append(os.Environ(), asProgram+"=1")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			begun := time.Now()
			out, err := whole("plain")
			require.Equal(t, exitRefused, code(t, err), out)
			took := time.Since(begun)
			want := galleryOf(t, cfg, "plain")
			require.Len(t, want, 50)

			for range kills {
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(took))
				cmd := exec.CommandContext(ctx, os.Args[0], args("import", "killed", source, "--create-gallery")...) //nolint:gosec // this program
				cmd.Env = append(os.Environ(), asProgram+"=1")
				_ = cmd.Run() // killed, or done
				cancel()
			}
			out, err = whole("killed")
			require.Equal(t, exitRefused, code(t, err), out)
			require.Contains(t, out, "200 photos")
			require.Contains(t, out, "12 refused (not_a_photo 12)")
			require.Equal(t, want, galleryOf(t, cfg, "killed"))

			key, err := command(t, args("key", "create", node.FirstTenant)...)
			require.NoError(t, err, key)
			fields := strings.Fields(key)
			port, err := porttest.Free(1)
			require.NoError(t, err)
			address := fmt.Sprintf("127.0.0.1:%d", port)
			serve := func() *program {
				cmd := exec.Command(os.Args[0], args("serve", "--listen", address)...) //nolint:gosec // this program
				cmd.Env = append(os.Environ(), asProgram+"=1")
				return start(t, cmd, data)
			}
			p := serve()
			cmd := exec.Command(os.Args[0], "import", "served", source, "--create-gallery", "--server", p.base) //nolint:gosec // this program
			cmd.Env = append(os.Environ(), asProgram+"=1", keyVariable+"="+fields[len(fields)-1])
			var said strings.Builder
			cmd.Stdout, cmd.Stderr = &said, &said
			require.NoError(t, cmd.Start())
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			for range 3 {
				time.Sleep(rand.N(took / 2))
				p.kill(t)
				p = serve()
			}
			require.Equal(t, exitRefused, code(t, <-ended), said.String())
			p.stop(t)
			require.Equal(t, want, galleryOf(t, cfg, "served"))
		})
	}
}
