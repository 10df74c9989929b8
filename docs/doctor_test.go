package docs_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/doctor"
)

// The guide has a row for each cause that the doctor can name, and for no other.
func TestTableOfCauses(t *testing.T) {
	causes, do := doctor.Known()
	var rows strings.Builder
	for _, c := range causes {
		fmt.Fprintf(&rows, "| `%s` | %s |\n", c, cmp.Or(do[c], "The finding says so"))
	}
	require.True(t, strings.HasSuffix(documents(t)["doctor.md"], "| cause | what to do |\n|---|---|\n"+rows.String()+
		"| `unknown` | What is found has no name yet: read what it says |\n"))
}
