package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/store/postgres/postgrestest"
)

// olderData is what an older program has left: a whole data folder and, for
// PostgreSQL, its database as pg_dump writes it. Tenant default has a gallery
// people, which keeps photos, of the patterns ann, with a second face, bob, who
// was called something else before, and cid; dan was deleted; and a gallery
// empty. Tenant other has a gallery people of eve. Both engines' folders come
// from the same calls.
type olderData struct {
	folder string
	args   []string
	// Keys of both tenants, one that may only search, and one that is revoked.
	Key, Other, Narrow, Revoked string
}

func unpackOlder(t *testing.T, engine string) olderData {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "data-"+engine+".tar.gz"))
	require.NoError(t, err)
	defer file.Close()
	packed, err := gzip.NewReader(file)
	require.NoError(t, err)
	o := olderData{folder: t.TempDir(), args: []string{"--set", "packs=" + patternPack(t)}}
	root, err := os.OpenRoot(o.folder)
	require.NoError(t, err)
	defer root.Close()
	for files := tar.NewReader(packed); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		content, err := io.ReadAll(files)
		require.NoError(t, err)
		require.NoError(t, root.MkdirAll(filepath.Dir(h.Name), 0o700))
		require.NoError(t, root.WriteFile(h.Name, content, h.FileInfo().Mode()))
	}
	made, err := root.ReadFile("made.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(made, &o))
	if engine == "postgres" {
		dump, err := root.ReadFile("dump.sql")
		require.NoError(t, err)
		url := postgrestest.Start(t).Database(t)
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		_, err = conn.PgConn().Exec(t.Context(), string(dump)).ReadAll()
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		o.args = append(o.args, "--set", "store.driver=postgres", "--set", "store.url="+url)
	}
	return o
}

// TestOlderDataFolder opens what an older program has left, as it is: every key,
// face and photo is there, and the saved index is taken up where it was left.
func TestOlderDataFolder(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			o := unpackOlder(t, engine)
			verify := append([]string{"index", "verify", "--sample", "0", "--data", o.folder}, o.args...)
			out, err := command(t, verify...)
			require.NoError(t, err, out)
			at := ""
			for line := range strings.Lines(out) {
				if words := strings.Fields(line); strings.HasPrefix(line, "saved at") {
					require.Equal(t, words[3], words[5], "the saved index is whole")
					at = words[3]
				}
			}
			require.NotEmpty(t, at)
			require.Contains(t, out, "position "+at+": 5 faces in the database, 5 compared, 0 differences")

			p := startProgram(t, o.folder, o.args...)
			require.Empty(t, p.key, "it is no first start")
			for name, key := range map[string]string{"ann": o.Key, "ann in June": o.Key, "bob": o.Key, "cid": o.Key, "eve": o.Other} {
				var a searchAnswer
				_, err := p.do(key, http.MethodPost, people("search"), map[string]any{"photo": pattern(name)}, &a)
				require.NoError(t, err)
				require.Equal(t, []string{strings.Fields(name)[0]}, a.found())
				require.InDelta(t, 1, a.Candidates[0].Cosine, 1e-6)
			}
			var bob struct {
				Metadata map[string]string `json:"metadata"`
				Faces    []struct {
					ID string `json:"id"`
				} `json:"faces"`
			}
			_, err = p.do(o.Key, http.MethodGet, people("subjects", "bob"), nil, &bob)
			require.NoError(t, err)
			require.Equal(t, map[string]string{"n": "Robert"}, bob.Metadata)
			require.Len(t, bob.Faces, 1)
			require.Equal(t, pattern("bob"), p.photo(t, o.Key, people("subjects", "bob", "faces", bob.Faces[0].ID, "photo")))

			status, err := p.do(o.Narrow, http.MethodGet, people("subjects", "eve"), nil, nil)
			require.Equal(t, http.StatusForbidden, status, err)
			var eve searchAnswer
			_, err = p.do(o.Narrow, http.MethodPost, people("search"), map[string]any{"photo": pattern("eve")}, &eve)
			require.NoError(t, err)
			require.Equal(t, []string{"eve"}, eve.found())
			status, err = p.do(o.Revoked, http.MethodGet, "/v1/galleries", nil, nil)
			require.Equal(t, http.StatusUnauthorized, status, err)
			status, err = p.do(o.Key, http.MethodGet, people("subjects", "dan"), nil, nil)
			require.Equal(t, http.StatusNotFound, status, err)

			_, err = p.do(o.Other, http.MethodPost, people("subjects"), enrolment("fay", pattern("fay")), nil)
			require.NoError(t, err)
			p.stop(t)
			require.NotContains(t, p.log.String(), "anew")
			out, err = command(t, verify...)
			require.NoError(t, err, out)
			require.Contains(t, out, "6 compared, 0 differences")
		})
	}
}

// photo is what the path answers.
func (p *program) photo(t *testing.T, key, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	photo, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return photo
}
