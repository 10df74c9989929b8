package docker_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// nginx finds the program, which Debian keeps where users do not look.
func nginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("nginx: not installed; apt-get install nginx-light")
	return ""
}

func TestProxyTakesItsConfiguration(t *testing.T) {
	program := nginx(t)
	text, err := os.ReadFile("nginx.conf")
	require.NoError(t, err)
	folder := t.TempDir()
	here := strings.NewReplacer("/tmp/", folder+"/", "oneton-a:", "127.0.0.1:", "oneton-b:", "127.0.0.1:").Replace(string(text))
	path := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(path, []byte(here), 0o600))
	out, err := exec.CommandContext(t.Context(), program, "-t", "-p", folder, "-c", path, "-e", "stderr").CombinedOutput()
	require.NoError(t, err, string(out))
}

// The proxy knows every oneton of the composition, and writes where it may.
func TestProxyFitsTheCluster(t *testing.T) {
	text, err := os.ReadFile("nginx.conf")
	require.NoError(t, err)
	var got, want []string
	for _, server := range regexp.MustCompile(`(?m)^\s*server (\S+:8080)`).FindAllSubmatch(text, -1) {
		got = append(got, string(server[1]))
	}
	p, err := load("compose.cluster.yaml", secrets...)
	require.NoError(t, err)
	for name, s := range p.Services {
		if program(s.Image) == "oneton" {
			want = append(want, name+":8080")
		}
		if program(s.Image) == "nginx" {
			require.Equal(t, filepath.Join(p.WorkingDir, "nginx.conf"), mounted(s, "/etc/nginx/nginx.conf"))
		}
	}
	require.ElementsMatch(t, want, got)
	for _, path := range regexp.MustCompile(`(?m)^\s*(?:pid|\w+_temp_path) (\S+);`).FindAllSubmatch(text, -1) {
		require.True(t, strings.HasPrefix(string(path[1]), "/tmp/"), "%s", path[1])
	}
}

func mounted(s types.ServiceConfig, at string) string {
	for _, v := range s.Volumes {
		if v.Target == at {
			return v.Source
		}
	}
	return ""
}
