package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestErasuresAfterARestore: whoever is deleted while the list is kept apart does not come
// back with an older backup, and where there is no list that is said.
func TestErasuresAfterARestore(t *testing.T) {
	for engine, fresh := range engineArgs(t) {
		t.Run(engine, func(t *testing.T) {
			folder, args := t.TempDir(), fresh()
			data, list, file := filepath.Join(folder, "data"), filepath.Join(folder, "erasures.ndjson"), filepath.Join(folder, "b")
			run := func(want int, words ...string) string {
				t.Helper()
				stdout, stderr, err := commandIn(t, folder, words...)
				require.Equal(t, want, code(t, err), "%v: %s%s", words, stdout, stderr)
				return stdout + stderr
			}
			on := func(data string, args []string, words ...string) []string {
				return slices.Concat(words, []string{"--data", data}, args)
			}
			p := startProgram(t, data, args...)
			call := func(method, path string, body any, want int) {
				t.Helper()
				status, err := p.do(p.key, method, path, body, nil)
				require.Equal(t, want, status, err)
			}
			call(http.MethodPost, "/v1/galleries", map[string]any{"name": "people", "policy": map[string]any{"keep_photos": true}}, http.StatusCreated)
			call(http.MethodPost, "/v1/galleries", map[string]any{"name": "other"}, http.StatusCreated)
			enrol := func(id string) {
				call(http.MethodPost, people("subjects"), map[string]any{"id": id, "photo": pattern(id)}, http.StatusCreated)
			}
			for _, id := range []string{"ann", "bob", "cid", "dan", "eve"} {
				enrol(id)
			}
			call(http.MethodDelete, people("subjects", "eve"), nil, http.StatusNoContent)
			enrol("eve") // who is there again before the backup
			require.Contains(t, run(exitDone, on(data, args, "erasures", "save", list)...), "1 erasure added")
			run(exitDone, on(data, args, "backup", file)...)
			call(http.MethodDelete, people("subjects", "ann"), nil, http.StatusNoContent)
			call(http.MethodDelete, people("subjects", "bob", "photos"), nil, http.StatusNoContent)
			call(http.MethodDelete, "/v1/galleries/other", nil, http.StatusNoContent)
			faces := struct{ Faces []struct{ ID string } }{}
			_, err := p.do(p.key, http.MethodGet, people("subjects", "cid"), nil, &faces)
			require.NoError(t, err)
			require.Len(t, faces.Faces, 1)
			call(http.MethodDelete, people("subjects", "cid", "faces", faces.Faces[0].ID), nil, http.StatusNoContent)

			// The list goes on where it ended, also behind a line that was cut off.
			f, err := os.OpenFile(list, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString(`{"id":"x`)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.Contains(t, run(exitDone, on(data, args, "erasures", "save", list)...), "4 erasures added")
			require.Contains(t, run(exitDone, on(data, args, "erasures", "save", list)...), "0 erasures added")
			p.stop(t)
			text, err := os.ReadFile(list)
			require.NoError(t, err)
			require.Equal(t, 5, strings.Count(string(text), "\n"))
			info, err := os.Stat(list)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

			secret, err := os.ReadFile(filepath.Join(data, "secret.key"))
			require.NoError(t, err)
			target, args := filepath.Join(folder, "restored"), fresh()
			require.NoError(t, os.MkdirAll(target, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(target, "secret.key"), secret, 0o600))
			require.Contains(t, run(exitDone, on(target, args, "restore", file, "--erasures", list)...), "4 erasures done again, 0 had nothing to end, 1 were in the backup")
			subjects := func(data string, args []string) map[string]int {
				got := map[string]int{}
				for line := range strings.Lines(run(exitDone, on(data, slices.Concat(args, []string{"--set", "packs=" + patternPack(t)}), "subject", "list", "people", "--json")...)) {
					var s struct {
						ID        string
						FaceCount int `json:"face_count"`
					}
					require.NoError(t, json.Unmarshal([]byte(line), &s), line)
					got[s.ID] = s.FaceCount
				}
				return got
			}
			require.Equal(t, map[string]int{"bob": 1, "cid": 0, "dan": 1, "eve": 1}, subjects(target, args))
			require.Contains(t, run(exitDone, on(target, args, "erasures", "replay", list, "--since", "2020-01-01T00:00:00Z")...), "0 erasures done again, 0 had nothing to end, 5 were in the backup")

			// Without the list it is said, and can be done later.
			target, args = filepath.Join(folder, "without"), fresh()
			require.NoError(t, os.MkdirAll(target, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(target, "secret.key"), secret, 0o600))
			said := run(exitDone, on(target, args, "restore", file)...)
			require.Contains(t, said, "is there again")
			_, since, ok := strings.Cut(said, "--since ")
			require.True(t, ok)
			since, _, _ = strings.Cut(since, "'")
			require.Len(t, subjects(target, args), 5)
			broken := filepath.Join(folder, "broken")
			require.NoError(t, os.WriteFile(broken, append(text, "{}\n"...), 0o600))
			require.Contains(t, run(exitUsage, on(target, args, "erasures", "replay", broken, "--since", since)...), "line 6")
			require.Len(t, subjects(target, args), 5, "nothing of a list that is none is done")
			run(exitDone, on(target, args, "erasures", "replay", list, "--since", since)...)
			require.Equal(t, map[string]int{"bob": 1, "cid": 0, "dan": 1, "eve": 1}, subjects(target, args))
		})
	}
}
