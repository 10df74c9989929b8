package main

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// Keys are rotated and revoked by hand beside whatever serves.
func TestSigningKeys(t *testing.T) {
	run, refused := commandsOn(t, t.TempDir())
	refused("signing", "list")
	run("tenant", "create", "acme")
	require.Empty(t, run("signing", "list"))
	const when, id = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, `([0-9a-f]{32})`
	require.Regexp(t, `^`+id+` is published, and signs from `+when, run("signing", "rotate"))
	require.Regexp(t, `^`+id+`  signs  from `+when+`\s*$`, run("signing", "list"))
	run("signing", "rotate")
	require.Contains(t, refused("signing", "rotate"), "waits to sign already")
	found := regexp.MustCompile(`(?m)^`+id).FindAllString(run("signing", "list"), -1)
	require.Len(t, found, 2)
	require.Regexp(t, `(?m)^`+found[0]+`  signs          from `+when+`  until `+when+`\n`+found[1]+`  waits to sign  from `, run("signing", "list"))
	run("signing", "rotate", "--now")
	require.Regexp(t, found[0]+`  verifies what it signed`, run("signing", "list"))
	refused("signing", "revoke", found[0])
	run("signing", "revoke", found[0], "--yes")
	require.NotContains(t, run("signing", "list"), found[0])
	require.Contains(t, refused("signing", "revoke", found[0], "--yes"), found[0])
	require.Contains(t, run("audit"), "signing_key.revoked")
}
