package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A webhook from its making to its end, by commands alone.
func TestWebhookCommands(t *testing.T) {
	var status atomic.Int32
	status.Store(http.StatusOK)
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m struct{ Challenge string }
		_ = json.Unmarshal(body, &m)
		w.WriteHeader(int(status.Load()))
		_ = json.NewEncoder(w).Encode(m)
	}))
	defer to.Close()
	folder := t.TempDir()
	p := startProgram(t, filepath.Join(folder, "d"), "--set", "webhooks.plain=true", "--set", "webhooks.allow=127.0.0.1")
	t.Setenv(serverVariable, p.base)
	t.Setenv(keyVariable, p.key)
	run := func(want int, args ...string) string {
		t.Helper()
		stdout, stderr, err := commandIn(t, folder, append([]string{"webhook"}, args...)...)
		require.Equal(t, want, code(t, err), "%v: %s%s", args, stdout, stderr)
		return stdout
	}
	var hook struct{ ID, Secret string }
	require.NoError(t, json.Unmarshal([]byte(run(exitDone, "create", to.URL, "--description", "first", "--verify", "--json")), &hook))
	require.Regexp(t, `^whsec_`, hook.Secret)
	require.Contains(t, run(exitDone, "list"), to.URL)
	shown := run(exitDone, "show", hook.ID)
	require.Contains(t, shown, "first")
	require.NotContains(t, shown, hook.Secret, "told once")
	require.Contains(t, run(exitDone, "test", hook.ID), "delivered")
	status.Store(http.StatusTeapot)
	require.Contains(t, run(exitNo, "test", hook.ID), "status 418")
	rows := strings.Split(strings.TrimSpace(run(exitDone, "deliveries", hook.ID, "--json")), "\n")
	require.Len(t, rows, 2, "a line of JSON for each row")
	var newest struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(rows[0]), &newest))
	require.Contains(t, run(exitDone, "delivery", hook.ID, newest.ID), "attempt 1")
	status.Store(http.StatusOK)
	run(exitDone, "redeliver", hook.ID, newest.ID)
	run(exitDone, "redeliver", hook.ID, "--failed")
	run(exitUsage, "redeliver", hook.ID)
	run(exitUsage, "redeliver", hook.ID, newest.ID, "--failed")
	run(exitUsage, "change", hook.ID)
	require.Contains(t, run(exitDone, "change", hook.ID, "--no-enabled"), "false owner")
	run(exitRefused, "test", hook.ID)
	require.Contains(t, run(exitDone, "rotate", hook.ID), "whsec_")
	run(exitRefused, "create", "http://10.0.0.1/")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "password"), []byte("secret of theirs\n"), 0o600))
	shown = run(exitDone, "create", to.URL, "--format", "uqudo", "--type", "face_session.completed", "--user", "u", "--password-file", "password")
	require.Contains(t, shown, "basic u")
	require.NotContains(t, shown, "secret of theirs")
	run(exitDone, "delete", hook.ID, "--yes")
	run(exitRefused, "show", hook.ID)
}
