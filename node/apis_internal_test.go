package node

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/access"
)

// row is a line of the API guide's table of scopes.
var row = regexp.MustCompile("(?m)^\\| `([A-Za-z:_*]+)` \\| (.*) \\|$")

// The API guide says of every scope what it allows, and of no other.
func TestGuideHasEveryScope(t *testing.T) {
	guide, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(guide), "\n| scope | allows |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var told []access.Scope
	for _, r := range row.FindAllStringSubmatch(table, -1) {
		told = append(told, access.Scope{Name: r[1], Allows: r[2]})
	}
	all := scopes()
	for i := range all {
		all[i].Means = nil
	}
	require.Equal(t, append(all, access.Scope{Name: access.All, Allows: "everything"}), told)
}
