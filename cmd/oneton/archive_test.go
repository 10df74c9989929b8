package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rankings are the answers of a server to searches for people and strangers, each as
// far down as it ranks: who, how near, and in which order, bit for bit.
func rankings(t *testing.T, p *program, key string, searches int) []string {
	t.Helper()
	all := make([]string, searches)
	for i := range all {
		var a struct {
			Result     string           `json:"result"`
			Threshold  float64          `json:"threshold"`
			Faces      int              `json:"faces"`
			Candidates []map[string]any `json:"candidates"`
		}
		_, err := p.do(key, http.MethodPost, people("search"), map[string]any{"photo": pattern(fmt.Sprint("p", i)), "threshold": -1, "k": 20}, &a)
		require.NoError(t, err)
		require.NotEmpty(t, a.Candidates)
		all[i] = fmt.Sprintf("%+v", a)
	}
	return all
}

// crowded is a server with people of whom some were deleted, with one and two faces,
// with metadata and photos.
func crowded(t *testing.T, data string, enrolled int, args ...string) *program {
	t.Helper()
	p := startProgram(t, data, args...)
	_, err := p.do(p.key, http.MethodPost, "/v1/galleries", map[string]any{"name": "people", "policy": map[string]any{"keep_photos": true, "fpir": 0.02}}, nil)
	require.NoError(t, err)
	for i := range enrolled {
		id := fmt.Sprint("p", i)
		_, err := p.do(p.key, http.MethodPost, people("subjects"), enrolment(id, pattern(id)), nil)
		require.NoError(t, err)
		if i%7 == 3 {
			_, err = p.do(p.key, http.MethodPost, people("subjects", id, "faces"), map[string]any{"photo": pattern(id + " again")}, nil)
			require.NoError(t, err)
		}
		if i%9 == 8 {
			_, err = p.do(p.key, http.MethodDelete, people("subjects", id), nil, nil)
			require.NoError(t, err)
		}
	}
	return p
}

// searchesOfATransfer are how many answers are compared of each; people are half as
// many.
const searchesOfATransfer = 120

// TestExportImport takes a gallery out of a server and into an empty one: it answers
// each search as the first does, and who was deleted is not in the archive.
func TestExportImport(t *testing.T) {
	for engine, fresh := range engineArgs(t) {
		t.Run(engine, func(t *testing.T) {
			folder, args := t.TempDir(), fresh()
			p := crowded(t, filepath.Join(folder, "a"), searchesOfATransfer/2, args...)
			want := rankings(t, p, p.key, searchesOfATransfer)
			env := func(p *program, args ...string) string {
				t.Helper()
				t.Setenv("ONETON_KEY", p.key)
				stdout, stderr, err := commandIn(t, folder, append(args, "--server", p.base)...)
				require.NoError(t, err, stderr)
				return stdout
			}
			require.Contains(t, env(p, "export", "people", "people.tar", "--photos"), "people.tar: ")
			file, err := os.ReadFile(filepath.Join(folder, "people.tar"))
			require.NoError(t, err)
			require.Contains(t, string(file), `"id":"p7"`)
			require.NotContains(t, string(file), `"id":"p8"`, "who was deleted is not in it")
			require.Contains(t, string(file), string(pattern("p7")))

			other := startProgram(t, filepath.Join(folder, "b"), fresh()...)
			require.Contains(t, env(other, "gallery", "import", "people.tar"), "0 people refused")
			require.Equal(t, want, rankings(t, other, other.key, searchesOfATransfer))
			require.Contains(t, env(other, "gallery", "import", "people.tar"), "0 people and 0 faces added")
			require.Equal(t, want, rankings(t, other, other.key, searchesOfATransfer), "twice is once")
			for _, path := range []string{people("subjects", "p3"), people("subjects", "p7")} {
				var was, is struct {
					Metadata  map[string]string `json:"metadata"`
					CreatedAt string            `json:"created_at"`
					Faces     []map[string]any  `json:"faces"`
				}
				_, err = p.do(p.key, http.MethodGet, path, nil, &was)
				require.NoError(t, err)
				_, err = other.do(other.key, http.MethodGet, path, nil, &is)
				require.NoError(t, err)
				require.Equal(t, was, is)
				id, _ := is.Faces[0]["id"].(string)
				require.Equal(t, p.photo(t, p.key, path+"/faces/"+id+"/photo"), other.photo(t, other.key, path+"/faces/"+id+"/photo"))
			}
			// The same server under another name: its ids are taken, and others stand for them.
			require.Contains(t, env(p, "gallery", "import", "people.tar", "--as", "again"), "0 people refused")
			require.Contains(t, env(p, "gallery", "import", "people.tar", "--as", "again"), "0 people and 0 faces added")
			p.stop(t)
			other.stop(t)
			out, err := command(t, slices.Concat([]string{"index", "verify", "--sample", "0", "--data", filepath.Join(folder, "a")}, args)...)
			require.NoError(t, err, out)
			require.Contains(t, out, " 0 differences")
			out, err = command(t, slices.Concat([]string{"audit", "--data", filepath.Join(folder, "a")}, args)...)
			require.NoError(t, err, out)
			require.Contains(t, out, "gallery.exported")
			require.Contains(t, out, "gallery.imported")
		})
	}
}

// TestLargePeopleComeIn: whoever is larger than a block of an archive, and than what a
// server takes at once, comes in whole; somebody else of that id is told once.
func TestLargePeopleComeIn(t *testing.T) {
	folder := t.TempDir()
	p := startProgram(t, filepath.Join(folder, "data"), "--set", "packs="+patternPack(t),
		"--set", fmt.Sprint("image.max_bytes=", 2<<20), "--set", fmt.Sprint("server.max_body=", 6<<20))
	for _, name := range []string{"people", "others"} {
		_, err := p.do(p.key, http.MethodPost, "/v1/galleries", map[string]any{"name": name, "policy": map[string]any{"keep_photos": true}}, nil)
		require.NoError(t, err)
	}
	const faces = 8
	for i := range faces {
		photo := append(pattern(fmt.Sprint("ann ", i)), make([]byte, 1<<20)...)
		path, body := people("subjects"), enrolment("ann", photo)
		if i > 0 {
			path, body = people("subjects", "ann", "faces"), map[string]any{"photo": photo}
		}
		_, err := p.do(p.key, http.MethodPost, path, body, nil)
		require.NoError(t, err)
	}
	_, err := p.do(p.key, http.MethodPost, "/v1/galleries/others/subjects", enrolment("ann", pattern("another ann")), nil)
	require.NoError(t, err)

	t.Setenv("ONETON_KEY", p.key)
	env := func(args ...string) (string, error) {
		stdout, _, err := commandIn(t, folder, append(args, "--server", p.base)...)
		return stdout, err
	}
	out, err := env("export", "people", "people.tar", "--photos")
	require.NoError(t, err)
	require.Contains(t, out, fmt.Sprint(faces, " faces, ", faces, " photos"))
	for _, came := range []string{"1 people and 8 faces added, 0 faces were there", "0 people and 0 faces added, 8 faces were there"} {
		out, err = env("gallery", "import", "people.tar", "--as", "again")
		require.NoError(t, err)
		require.Contains(t, out, came)
	}
	out, err = env("gallery", "import", "people.tar", "--as", "others")
	require.Error(t, err)
	require.Contains(t, out, "0 people and 0 faces added, 0 faces were there, 0 are other people's by now, 1 people refused")
	p.stop(t)
}

// TestCopyAnswersTheSame copies a database to the other engine, and back: every server
// answers each search as the first does.
func TestCopyAnswersTheSame(t *testing.T) {
	fresh := engineArgs(t)
	folder := t.TempDir()
	first := filepath.Join(folder, "first")
	p := crowded(t, first, searchesOfATransfer/2, fresh["sqlite"]()...)
	key := p.key
	want := rankings(t, p, key, searchesOfATransfer)
	p.stop(t)
	secret, err := os.ReadFile(filepath.Join(first, "secret.key"))
	require.NoError(t, err)

	there := fresh["postgres"]()
	url := strings.TrimPrefix(there[len(there)-1], "store.url=")
	second, third := filepath.Join(folder, "second"), filepath.Join(folder, "third")
	for _, step := range []struct {
		from, to, data string
		args           []string
	}{{first, url, second, there}, {url, third, third, fresh["sqlite"]()}} {
		out, err := command(t, "copy", "--from", step.from, "--to", step.to)
		require.NoError(t, err, out)
		require.Contains(t, out, "and compared them")
		out, err = command(t, "copy", "--from", step.from, "--to", step.to)
		require.Error(t, err, "nothing is overwritten: %s", out)
		require.NoError(t, os.MkdirAll(step.data, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(step.data, "secret.key"), secret, 0o600))
		p := startProgram(t, step.data, step.args...)
		require.Equal(t, want, rankings(t, p, key, searchesOfATransfer))
		_, err = p.do(key, http.MethodPost, people("subjects"), enrolment("new in "+filepath.Base(step.data), pattern(step.data)), nil)
		require.Error(t, err, "an id has no blanks")
		id := "new.in." + filepath.Base(step.data)
		_, err = p.do(key, http.MethodPost, people("subjects"), enrolment(id, pattern(id)), nil)
		require.NoError(t, err)
		find(t, p, key, []string{id}, nil)
		_, err = p.do(key, http.MethodDelete, people("subjects", id), nil, nil)
		require.NoError(t, err)
		p.stop(t)
		out, err = command(t, slices.Concat([]string{"index", "verify", "--sample", "0", "--data", step.data}, step.args)...)
		require.NoError(t, err, out)
		require.Contains(t, out, " 0 differences")
	}
}
