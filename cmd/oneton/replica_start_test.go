package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/store/postgres/postgrestest"
)

// TestFirstProcessesAtOnce starts processes at once on an empty database: one
// makes the secret, and the others say what to do.
func TestFirstProcessesAtOnce(t *testing.T) {
	const rounds, servers = 3, 2
	pg := postgrestest.Start(t)
	for range rounds {
		url := pg.Database(t)
		said, errs := make([]string, servers), make([]error, servers)
		folders := make([]string, servers)
		var wg sync.WaitGroup
		for i := range servers {
			folders[i] = t.TempDir()
			wg.Go(func() {
				cmd := exec.CommandContext(t.Context(), os.Args[0], "tenant", "create", fmt.Sprint("t", i), "--data", folders[i])
				cmd.Env = append(os.Environ(), asProgram+"=1", "ONETON_STORE_DRIVER=postgres", "ONETON_STORE_URL="+url)
				out, err := cmd.CombinedOutput()
				said[i], errs[i] = string(out), err
			})
		}
		wg.Wait()
		made := 0
		for i := range servers {
			if errs[i] == nil {
				made++
				require.FileExists(t, filepath.Join(folders[i], "secret.key"))
			} else {
				require.Contains(t, said[i], "copy")
				require.NoFileExists(t, filepath.Join(folders[i], "secret.key"))
			}
		}
		require.Equal(t, 1, made, said)
	}
}
