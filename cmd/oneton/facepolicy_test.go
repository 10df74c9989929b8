package main

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What clients' face sessions are like is set beside whatever serves.
func TestFacePolicies(t *testing.T) {
	run, refused := commandsOn(t, t.TempDir())
	run("tenant", "create", "acme")
	run("tenant", "create", "other")
	key := regexp.MustCompile(`ot_([^_]+)_`).FindStringSubmatch(run("key", "create", "acme", "--scope", "search"))[1]
	show := func(args ...string) string { return run(append([]string{"face-policy", "show"}, args...)...) }
	const defaults = "max-attempts         3\nminimum-match-level  3\none-to-n             off\nreturn-incomplete    false\nliveness             false\norigin               \nreturn               \n"
	require.Equal(t, defaults, show("acme", "--client", key))
	run("face-policy", "set", "acme", "--max-attempts", "2", "--liveness")
	run("face-policy", "set", "acme", "--client", key, "--one-to-n", "insert", "--minimum-match-level", "5", "--return-incomplete", "--no-liveness",
		"--origin", "https://a.example", "--origin", "http://localhost:8080", "--return", "https://a.example/done?x=1")
	require.Equal(t, "max-attempts         2\nminimum-match-level  5\none-to-n             insert\nreturn-incomplete    true\nliveness             false\n"+
		"origin               https://a.example http://localhost:8080\nreturn               https://a.example/done?x=1\n", show("acme", "--client", key))
	require.Contains(t, show("acme"), "liveness             true\n")
	require.Equal(t, defaults, show("other"))
	run("face-policy", "set", "acme", "--client", key, "--origin", "")
	require.Regexp(t, `(?m)^origin\s*$`, show("acme", "--client", key))

	require.Contains(t, refused("face-policy", "show", "nobody"), "nobody")
	require.Contains(t, refused("face-policy", "show", "other", "--client", key), key)
	require.Contains(t, refused("face-policy", "set", "acme", "--max-attempts", "4"), "must be 1 to 3")
	require.Contains(t, refused("face-policy", "set", "acme", "--origin", "https://a.example/"), "origin")
	require.Contains(t, show("acme"), "max-attempts         2\n", "nothing has changed")

	require.Contains(t, run("face-policy", "reset", "acme", "--client", key), "one-to-n             off\n")
	require.Equal(t, defaults, run("face-policy", "reset", "acme"))
	require.Contains(t, run("audit", "--tenant", "acme"), "face_policy.set")
}
