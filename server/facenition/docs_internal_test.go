package facenition

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server"
)

func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/facenition.md")
	require.NoError(t, err)
	return string(text)
}

// The guide's table of versions is that of the endpoints.
func TestGuideHasTheVersions(t *testing.T) {
	cell := func(e endpoint, v version) string {
		if v < e.since {
			return "404"
		}
		return fmt.Sprint("version ", v)
	}
	var rows strings.Builder
	for _, e := range endpoints {
		fmt.Fprintf(&rows, "| `%s` |", e.name)
		for _, v := range []version{prefixes[""], prefixes["/v1"], prefixes["/v2"], v1, v2} {
			fmt.Fprintf(&rows, " %s |", cell(e, v))
		}
		rows.WriteString(" 400 |\n")
	}
	require.Contains(t, guide(t), "|---|---|---|---|---|---|---|\n"+rows.String()+"\n")
}

// The guide's table of errors has what every error comes to, and no more.
func TestGuideHasTheErrors(t *testing.T) {
	_, table, ok := strings.Cut(guide(t), "| status | code | when |\n|---|---|---|\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	var told []string
	for row := range strings.Lines(table + "\n") {
		cells := strings.Split(row, "|")
		for _, code := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
			told = append(told, strings.TrimSpace(cells[1])+" "+code[1])
		}
	}
	var want []string
	add := func(k server.Kind) { want = append(want, fmt.Sprint(statusOf(k.Problem()), " ", k.Code)) }
	for _, row := range problems {
		if !slices.Contains(elsewhere, row.Kind.Code) {
			add(row.Kind)
		}
	}
	for _, k := range server.Kinds() {
		if !slices.Contains(elsewhere, k.Code) {
			add(k)
		}
	}
	slices.Sort(want)
	slices.Sort(told)
	require.Equal(t, slices.Compact(want), slices.Compact(told))
}

// elsewhere are codes that no call of this API meets: they are of galleries, of the
// change log and of liveness, and of what is not HTTP.
var elsewhere = []string{
	"spoof_suspected", "liveness_unknown", "unknown_pack", "position_not_reached", "converting", "already_exists", "damaged",
	"client_gone", "headers_too_large", "method_not_allowed",
}
