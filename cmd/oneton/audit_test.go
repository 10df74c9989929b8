package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/audit"
)

// TestAuditCommand lists what other commands have done.
func TestAuditCommand(t *testing.T) {
	folder := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		out, errs, err := commandIn(t, folder, append(args, "--data", "data")...)
		require.NoError(t, err, errs)
		return out
	}
	run("tenant", "create", "acme")
	run("tenant", "create", "other")
	key := strings.TrimSpace(run("key", "create", "acme"))
	id := strings.Split(key, "_")[1]
	run("key", "revoke", "acme", id)

	var deeds []audit.Deed
	for line := range strings.Lines(run("audit", "--json")) {
		var d audit.Deed
		require.NoError(t, json.Unmarshal([]byte(line), &d))
		require.WithinDuration(t, time.Now(), d.At, time.Minute)
		d.At = time.Time{}
		deeds = append(deeds, d)
	}
	require.Equal(t, []audit.Deed{
		{Tenant: "acme", Verb: audit.KeyRevoked, What: id},
		{Tenant: "acme", Verb: audit.KeyCreated, What: id},
		{Tenant: "other", Verb: audit.TenantCreated},
		{Tenant: "acme", Verb: audit.TenantCreated},
	}, deeds)

	text := run("audit", "--tenant", "acme")
	require.Equal(t, 3, strings.Count(text, "\n"))
	require.Regexp(t, `^\S+Z +acme +command +key\.revoked +`+id+` +-\n`, text)
	require.NotContains(t, text, strings.Split(key, "_")[2], "the secret")
	require.Empty(t, run("audit", "--since", time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339)))

	run("tenant", "delete", "acme", "--yes")
	text = run("audit", "--tenant", "acme")
	require.Equal(t, 1, strings.Count(text, "\n"))
	require.Contains(t, text, "tenant.deleted")
}
