package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReassignByCommands merges, splits and moves people of a server of each engine.
func TestReassignByCommands(t *testing.T) {
	for engine, fresh := range engineArgs(t) {
		t.Run(engine, func(t *testing.T) {
			folder := t.TempDir()
			p := startProgram(t, filepath.Join(folder, "data"), fresh()...)
			t.Setenv(serverVariable, p.base)
			t.Setenv(keyVariable, p.key)
			run := func(want int, args ...string) string {
				t.Helper()
				stdout, stderr, err := commandIn(t, folder, args...)
				require.Equal(t, want, code(t, err), "%v: %s%s", args, stdout, stderr)
				return stdout + stderr
			}
			run(exitDone, "gallery", "create", "people")
			run(exitDone, "gallery", "create", "former")
			for _, id := range []string{"ann", "anna", "bob"} {
				status, err := p.do(p.key, http.MethodPost, people("subjects"), map[string]any{"id": id, "photo": pattern(id)}, nil)
				require.Equal(t, http.StatusCreated, status, err)
			}
			var shown struct {
				ID        string
				FaceCount int `json:"face_count"`
				Metadata  map[string]string
				Faces     []struct{ ID string }
			}
			show := func(gallery, id string) {
				t.Helper()
				shown.Metadata = nil
				require.NoError(t, json.Unmarshal([]byte(run(exitDone, "subject", "show", gallery, id, "--json")), &shown))
			}
			require.Contains(t, run(exitUsage, "subject", "merge", "people", "anna", "ann"), "--yes")
			require.Equal(t, "anna is one with ann, who has 2 faces\n", run(exitDone, "subject", "merge", "people", "anna", "ann", "-m", "name=Ann", "--yes"))
			require.Contains(t, run(exitRefused, "subject", "merge", "people", "anna", "ann", "--yes"), `there is no subject "anna"`)
			show("people", "ann")
			require.Len(t, shown.Faces, 2)
			require.Equal(t, map[string]string{"name": "Ann"}, shown.Metadata)
			face := shown.Faces[1].ID
			require.Contains(t, run(exitUsage, "subject", "split", "people", "ann", "eve"), "--face")
			require.Contains(t, run(exitRefused, "subject", "split", "people", "ann", "eve", "--face", face), `there is no subject "eve"`)
			require.Equal(t, "1 face of ann went to eve, who has 1 face\n", run(exitDone, "subject", "split", "people", "ann", "eve", "--face", face, "--create", "-m", "name=Eve"))
			show("people", "ann")
			require.Len(t, shown.Faces, 1)
			require.Equal(t, "eve is e of former, with 1 face\n", run(exitDone, "subject", "move", "people", "eve", "former", "--as", "e"))
			show("former", "e")
			require.Equal(t, map[string]string{"name": "Eve"}, shown.Metadata)
			var moved struct{ ID string }
			require.NoError(t, json.Unmarshal([]byte(run(exitDone, "subject", "move", "people", "bob", "former", "--json")), &moved))
			require.Equal(t, "bob", moved.ID)
			run(exitRefused, "subject", "show", "people", "bob")
		})
	}
}
