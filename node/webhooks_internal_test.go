package node

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/webhook"
)

// event is a line of the guide's table of events.
var event = regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| (.*) \\|$")

// The guide says of every type of event when it is sent, and of no other.
func TestGuideHasEveryEvent(t *testing.T) {
	guide, err := os.ReadFile("../docs/webhooks.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(guide), "| type | sent when |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var told []webhook.Type
	for _, r := range event.FindAllStringSubmatch(table, -1) {
		told = append(told, webhook.Type{Name: r[1], Means: r[2]})
	}
	all := append([]webhook.Type{webhook.Test}, events()...)
	for i := range all {
		all[i].Result = false // which another part of it tells
	}
	require.Equal(t, all, told)
}
