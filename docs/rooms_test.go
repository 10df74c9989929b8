package docs_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// engines are modules that compute, keep or search, each with the folders of the
// rooms that may have it, themselves or through what they import.
var engines = map[string][]string{
	"github.com/yalue/onnxruntime_go": {"onnx", "embed", "document/ocr", "document/zone", "document/reader", "gesture", "challenge"},
	"modernc.org/sqlite":              {"store/sqlite"},
	"github.com/jackc/pgx":            {"store/postgres"},
	"github.com/qdrant/go-client":     {"index/qdrant"},
	"github.com/prometheus":           {"metrics"},
}

// together are the folders in which the program and its settings are put together.
var together = []string{"cmd", "node", "config", "doctor", "bench"}

// pure are the rooms that import the standard library and one another alone.
var pure = []string{"face", "photo", "calibration", "pool", "setting", "argument", "client"}

// packages are those of the folders with all that they import, by folder; test
// packages are left out, which open real engines.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}}{{range .Deps}} {{.}}{{end}}", "./...")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err)
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		names := strings.Fields(line)
		folder := strings.TrimPrefix(names[0], "oneton/")
		if !strings.Contains(folder+"/", "test/") {
			all[folder] = names[1:]
		}
	}
	require.Contains(t, all, "server")
	require.Contains(t, all, "identify")
	return all
}

// below says whether a path is one of the folders or lies in one.
func below(path string, folders ...string) bool {
	for _, folder := range folders {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}

// A service or an API is built and tested without what computes, keeps or
// searches: it knows the nouns.
func TestRoomsReachNoEngine(t *testing.T) {
	had := map[string]bool{}
	for folder, imports := range packages(t) {
		if below(folder, together...) {
			continue
		}
		for engine, rooms := range engines {
			for _, path := range imports {
				if below(path, engine) {
					had[engine] = true
					require.True(t, below(folder, rooms...), "%s reaches %s", folder, path)
				}
			}
		}
	}
	require.Len(t, had, len(engines), "an engine that no room has")
}

// Rooms of nouns and arithmetic stay that.
func TestPureRoomsImportTheStandardLibraryAlone(t *testing.T) {
	all := packages(t)
	for _, room := range pure {
		require.Contains(t, all, room)
		for _, path := range all[room] {
			module, _, _ := strings.Cut(path, "/")
			if strings.HasPrefix(path, "vendor/") || !strings.Contains(module, ".") && module != "oneton" {
				continue
			}
			require.True(t, below(strings.TrimPrefix(path, "oneton/"), pure...), "%s reaches %s", room, path)
		}
	}
}

// Whoever has keys opens tokens with no more of this module than they are made of.
func TestTokensAreOpenedWithoutAServer(t *testing.T) {
	imports := packages(t)["identitytoken/client"]
	require.NotEmpty(t, imports)
	for _, path := range imports {
		if room, ours := strings.CutPrefix(path, "oneton/"); ours {
			require.Contains(t, []string{"face", "calibration", "identitytoken/token"}, room)
		}
	}
}
