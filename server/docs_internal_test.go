package server

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// row is a line of the API guide's table of errors: code, status.
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([0-9]{3}) \\|")

// The API guide has every code that a client may meet, with its status, and no
// other.
func TestGuideHasEveryCode(t *testing.T) {
	want := map[string]int{internal.code: internal.status}
	for _, k := range kinds {
		want[k.code] = k.status
	}
	for _, k := range transport {
		want[k.code] = k.status
	}
	guide, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	got := map[string]int{}
	for _, r := range row.FindAllSubmatch(guide, -1) {
		status, err := strconv.Atoi(string(r[2]))
		require.NoError(t, err)
		require.NotContains(t, got, string(r[1]), "listed twice")
		got[string(r[1])] = status
	}
	require.Equal(t, want, got)
}
