package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	p := startProgram(t, t.TempDir())
	health := func() ([]byte, error) {
		listen := strings.TrimPrefix(p.base, "http://127.0.0.1")
		cmd := exec.CommandContext(t.Context(), os.Args[0], "health", "--set", "listen="+listen, "--timeout", "20s")
		cmd.Env = append(os.Environ(), asProgram+"=1")
		return cmd.CombinedOutput()
	}
	out, err := health()
	require.NoError(t, err, string(out))
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()
	_, err = health()
	require.Error(t, err)
}
