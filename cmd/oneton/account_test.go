package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAccount: from a pair to a client token by the outbox, and to its end by the
// commands, while nothing of it is in the log.
func TestAccount(t *testing.T) {
	const email, phone = "ada.lovelace@example.org", "+41791234567"
	folder := t.TempDir()
	data, outbox := filepath.Join(folder, "data"), filepath.Join(folder, "outbox")
	p := startProgram(t, data, "--outbox", outbox, "--set", "facenition.prefix=/facenition")
	call := func(path string, status int, fields ...string) (answer map[string]any) {
		form := url.Values{"email": {email}, "phone": {phone}}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		if strings.HasSuffix(path, "/token") {
			form.Del("email")
			form.Del("phone")
		}
		res, err := http.PostForm(p.base+"/facenition"+path, form)
		require.NoError(t, err)
		defer res.Body.Close()
		require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
		require.Equal(t, status, res.StatusCode, "%v", answer)
		return answer
	}
	call("/v2/generateToken", http.StatusForbidden)
	call("/v2/new-credentials", http.StatusOK)
	codes := map[string]string{}
	files, err := os.ReadDir(outbox)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(outbox, f.Name()))
		require.NoError(t, err)
		var letter struct{ Kind, To, Code string }
		require.NoError(t, json.Unmarshal(text, &letter))
		require.Equal(t, map[string]string{"email": email, "sms": phone}[letter.Kind], letter.To)
		codes[letter.Kind] = letter.Code
	}
	call("/v2/authenticate-credentials", http.StatusUnauthorized, "email_code", "000000x", "phone_code", codes["sms"])
	call("/v2/authenticate-credentials", http.StatusOK, "email_code", codes["email"], "phone_code", codes["sms"])
	token, _ := call("/v2/generateToken", http.StatusOK)["auth_token"].(string)
	require.Equal(t, true, call("/v2/token", http.StatusOK, "auth_token", token)["valid"])

	stdout, stderr, err := commandIn(t, folder, "account", " Ada.Lovelace@EXAMPLE.org", phone, "--data", data)
	require.Error(t, err, "capitals before the @ are another address's: %s", stdout)
	require.Contains(t, stderr, "there is no account")
	stdout, stderr, err = commandIn(t, folder, "account", "ada.lovelace@EXAMPLE.org", "+41 79 123 45 67", "--data", data)
	require.NoError(t, err, stderr)
	tenant := strings.TrimSpace(stdout)
	require.Regexp(t, `^account-[a-z2-7]{26}$`, tenant)
	stdout, stderr, err = commandIn(t, folder, "key", "list", tenant, "--data", data)
	require.NoError(t, err, stderr)
	require.Regexp(t, `valid, ends 20[0-9-]+T.*client token`, stdout)
	_, stderr, err = commandIn(t, folder, "key", "revoke", tenant, strings.Fields(stdout)[0], "--data", data)
	require.NoError(t, err, stderr)
	require.Equal(t, false, call("/v2/token", http.StatusOK, "auth_token", token)["valid"], "what is revoked is refused at once")

	_, stderr, err = commandIn(t, folder, "tenant", "delete", tenant, "--yes", "--data", data)
	require.NoError(t, err, stderr)
	_, stderr, err = commandIn(t, folder, "account", email, phone, "--data", data)
	require.Error(t, err)
	require.Contains(t, stderr, "there is no account")

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
	log := p.log.String()
	require.Contains(t, log, "they are written to files of the outbox")
	require.Contains(t, log, outbox)
	for _, hidden := range []string{email, "lovelace", phone, "791234567", codes["email"], codes["sms"], token, strings.Split(token, "_")[2]} {
		require.NotContains(t, log, hidden)
	}

	_, stderr, err = commandIn(t, folder, "serve", "--data", data, "--outbox", outbox, "--set", "mode=production")
	require.Error(t, err)
	require.Contains(t, stderr, "outbox is "+outbox+", but must be empty in mode production")
}
