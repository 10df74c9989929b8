package native

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"oneton/server"
)

// row is a line of the API guide's table of errors: code, status.
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([0-9]{3}) \\|")

// codes are those of every problem, with their statuses.
func codes() map[string]int {
	all := map[string]int{}
	for _, k := range server.Kinds() {
		all[k.Code] = k.Status
	}
	for _, k := range problems {
		all[k.Code] = k.Status
	}
	return all
}

// The description has every code that a client may meet, and no other.
func TestDescriptionHasEveryCode(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	require.NoError(t, err)
	want := codes()
	delete(want, "client_gone") // which nobody is left to be told
	require.ElementsMatch(t, slices.Collect(maps.Keys(want)), doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum)
}

// The API guide has every code, with its status, and no other.
func TestGuideHasEveryCode(t *testing.T) {
	guide, err := os.ReadFile("../../docs/api.md")
	require.NoError(t, err)
	got := map[string]int{}
	for _, r := range row.FindAllSubmatch(guide, -1) {
		status, err := strconv.Atoi(string(r[2]))
		require.NoError(t, err)
		require.NotContains(t, got, string(r[1]), "listed twice")
		got[string(r[1])] = status
	}
	require.Equal(t, codes(), got)
}
