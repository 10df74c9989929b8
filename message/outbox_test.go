package message_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/message"
)

// letters are the messages in a folder, by address.
func letters(t *testing.T, folder string) map[string]map[string]string {
	t.Helper()
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	all := map[string]map[string]string{}
	for _, f := range files {
		require.Equal(t, ".json", filepath.Ext(f.Name()))
		info, err := f.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		text, err := os.ReadFile(filepath.Join(folder, f.Name()))
		require.NoError(t, err)
		var l map[string]string
		require.NoError(t, json.Unmarshal(text, &l))
		require.NotEmpty(t, l["at"])
		delete(l, "at")
		all[l["to"]] = l
	}
	return all
}

func TestOutbox(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "outbox")
	cfg := config("127.0.0.1:1", message.None, "")
	cfg.Outbox = folder
	post, err := message.New(cfg, "")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"email": folder, "sms": folder}, post.Unsent())
	info, err := os.Stat(folder)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { _ = post.Email(t.Context(), "many@example.org", "999999", valid) })
	}
	group.Wait()
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, 20)

	require.NoError(t, post.Email(t.Context(), "ada@example.org", "012345", valid))
	require.NoError(t, post.SMS(t.Context(), "+41791234567", "543210", valid))
	all := letters(t, folder)
	require.Equal(t, map[string]string{
		"kind": "email", "to": "ada@example.org", "code": "012345", "subject": "Your code",
		"text": "012345 is your code. It is valid for 10 minutes. Nobody who asks you for it is to be trusted.",
	}, all["ada@example.org"])
	require.Equal(t, map[string]string{
		"kind": "sms", "to": "+41791234567", "code": "543210", "text": "543210 is your code. It is valid for 10 minutes.",
	}, all["+41791234567"])

	require.NoError(t, os.WriteFile(filepath.Join(t.TempDir(), "file"), nil, 0o600))
	cfg.Outbox = filepath.Join(files[0].Name(), "x")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), nil, 0o600))
	cfg.Outbox = filepath.Join(folder, "file")
	_, err = message.New(cfg, "")
	require.Error(t, err, "a file is no folder")
}

// What nothing is set to send goes where such messages are to go, or nowhere.
func TestUnsent(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "outbox")
	g := newGateway(t)
	for name, c := range map[string]struct {
		cfg               message.Config
		unsent            string
		unsentKinds       map[string]string
		email, sms        error
		written, gateways int
	}{
		"nothing":                {message.DefaultConfig(), "", map[string]string{"email": "", "sms": ""}, message.ErrNone, message.ErrNone, 0, 0},
		"a folder":               {message.DefaultConfig(), folder, map[string]string{"email": folder, "sms": folder}, nil, nil, 2, 0},
		"a gateway":              {sms(g.url), "", map[string]string{"email": ""}, message.ErrNone, nil, 0, 1},
		"a gateway and a folder": {sms(g.url), folder, map[string]string{"email": folder}, nil, nil, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.RemoveAll(folder))
			g.times = 0
			post, err := message.New(c.cfg, c.unsent)
			require.NoError(t, err)
			require.Equal(t, c.unsentKinds, post.Unsent())
			require.NoDirExists(t, folder, "it is made when it is needed")
			require.ErrorIs(t, post.Email(t.Context(), "ada@example.org", "012345", valid), c.email)
			require.ErrorIs(t, post.SMS(t.Context(), "+41791234567", "012345", valid), c.sms)
			files, _ := os.ReadDir(folder)
			require.Len(t, files, c.written)
			require.Equal(t, c.gateways, g.count())
		})
	}
}
