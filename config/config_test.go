package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oneton.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestLoadDefault(t *testing.T) {
	c, err := config.Load("", nil, nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(), c)
}

func TestLoadLaterSourcesWin(t *testing.T) {
	path := write(t, "listen: 127.0.0.1:1\nembed:\n  workers: 3\n  queue: 5\nserver:\n  timeout: 7s\n")
	c, err := config.Load(path,
		[]string{"ONETON_EMBED_WORKERS=4", "ONETON_PACKS=default,accurate", "ONETON_POLICY_KEEP_PHOTOS=true", "HOME=/", "ONETON_TEST_QDRANT=x", "ONETON_SIMD=avx2"},
		map[string]any{"listen": "127.0.0.1:2", "server.origins": "https://a.example,http://b.example:8080"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2", c.Listen)
	require.Equal(t, 4, c.Pool.Workers)
	require.Equal(t, 5, c.Pool.Queue)
	require.Equal(t, 7*time.Second, c.Server.RequestTimeout)
	require.Equal(t, []string{"default", "accurate"}, c.Packs)
	require.Equal(t, []string{"https://a.example", "http://b.example:8080"}, c.Server.Origins)
	require.True(t, c.Identify.DefaultPolicy.KeepPhotos)
	require.Equal(t, config.Default().Runtime.Threads, c.Runtime.Threads)
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		environ []string
		names   string
	}{
		"unknown key in the file":   {file: "embed:\n  wrokers: 3\n", names: "wrokers"},
		"unknown variable":          {environ: []string{"ONETON_EMBED_WROKERS=3"}, names: "ONETON_EMBED_WROKERS"},
		"wrong type":                {file: "embed:\n  workers: many\n", names: "workers"},
		"value out of range":        {environ: []string{"ONETON_POLICY_FPIR=2"}, names: "policy.fpir"},
		"NaN":                       {environ: []string{"ONETON_POLICY_FPIR=NaN"}, names: "policy.fpir"},
		"bad duration":              {file: "server:\n  timeout: soon\n", names: "timeout"},
		"bad address":               {environ: []string{"ONETON_LISTEN=nowhere"}, names: "listen"},
		"body smaller than a photo": {file: "server:\n  max_body: 2048\n", names: "server.max_body"},
		"memory of less than two":   {environ: []string{"ONETON_SERVER_BODY_MEMORY=67108863"}, names: "server.body_memory"},
		"no connection":             {environ: []string{"ONETON_SERVER_CONNECTIONS_PER_ADDRESS=0"}, names: "server.connections_per_address"},
		"any origin":                {environ: []string{"ONETON_SERVER_ORIGINS=*"}, names: "server.origins"},
		"origin with a path":        {environ: []string{"ONETON_SERVER_ORIGINS=https://a.example,https://b.example/"}, names: "server.origins"},
		"origin with its own port":  {environ: []string{"ONETON_SERVER_ORIGINS=https://a.example:443"}, names: "server.origins"},
		"wild origin":               {file: "server:\n  origins: [\"https://*.example.org\"]\n", names: "server.origins"},
		"origin of capitals":        {file: "server:\n  origins: [\"https://A.example\"]\n", names: "server.origins"},
		"origin without a scheme":   {file: "server:\n  origins: [a.example]\n", names: "server.origins"},
		"no pack":                   {file: "packs: []\n", names: "packs"},
		"broken YAML":               {file: "listen: [\n", names: "oneton.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			path := ""
			if c.file != "" {
				path = write(t, c.file)
			}
			_, err := config.Load(path, c.environ, nil)
			require.ErrorContains(t, err, c.names)
		})
	}
}

func TestLoadRefusesQdrant(t *testing.T) {
	for field, value := range map[string]string{
		"address": "qdrant", "prefix": "a_b", "connections": "0", "timeout": "0s", "write_timeout": "-1s",
		"retries": "-1", "shards": "0", "replicas": "65", "search": "graph", "degree": "3", "construct": "0",
		"ef": "0", "oversampling": "0.5", "ca": "/ca.pem",
	} {
		t.Run(field, func(t *testing.T) {
			_, err := config.Load("", []string{"ONETON_INDEX_QDRANT_" + strings.ToUpper(field) + "=" + value}, nil)
			require.ErrorContains(t, err, "index.qdrant."+field)
			require.ErrorContains(t, err, value)
		})
	}
	_, err := config.Load("", []string{"ONETON_INDEX_QDRANT_API_KEY=hidden", "ONETON_INDEX_QDRANT_API_KEY_FILE=/key"}, nil)
	require.ErrorContains(t, err, "index.qdrant.api_key")
	require.NotContains(t, err.Error(), "hidden")
	_, err = config.Load("", []string{"ONETON_INDEX_ENGINE=faiss"}, nil)
	require.ErrorContains(t, err, "index.engine is faiss")
}

func TestLoadMissingFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), nil, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
