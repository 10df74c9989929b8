package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/client"
	"oneton/config"
	"oneton/node"
	"oneton/porttest"
	"oneton/store"
	"oneton/store/postgres/postgrestest"
)

// linesOf is what manyPeople made, as lines of JSON.
func linesOf(t *testing.T, table string, photos int) []byte {
	t.Helper()
	var lines []byte
	for i := range photos {
		name := fmt.Sprintf("%d.png", i)
		content, err := os.ReadFile(filepath.Join(filepath.Dir(table), name))
		require.NoError(t, err)
		line, err := json.Marshal(map[string]any{
			"subject": fmt.Sprintf("s%d", i/3%50), "photo": content, "name": name, "metadata": map[string]string{"row": fmt.Sprint(i)},
		})
		require.NoError(t, err)
		lines = append(append(lines, line...), '\n')
	}
	return lines
}

// TestServerKilledWhileItImports kills a server at random moments of an import through
// its API: what was acknowledged goes on when it is started anew, and at the end the
// gallery is the one of an import that nothing disturbed, and each photo is told of once.
// A server that has its database for itself begins at once, whatever lease the dead one
// has left.
func TestServerKilledWhileItImports(t *testing.T) {
	const photos, kills, refused = 200, 6, 12
	source, pack := manyPeople(t, photos), patternPack(t)
	lines := linesOf(t, source, photos)
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			data := t.TempDir()
			flags := map[string]any{"packs": pack, "embed.workers": "1", "data": data}
			if engine == "postgres" {
				flags["store.driver"], flags["store.url"] = "postgres", postgrestest.Start(t, "fsync=off").Database(t)
			}
			cfg, err := config.Load("", nil, flags)
			require.NoError(t, err)
			args := func(more ...string) []string {
				for k, v := range flags {
					if k != "data" {
						more = append(more, "--set", k+"="+v.(string))
					}
				}
				return append(more, "--data", data)
			}
			begun := time.Now()
			out, err := command(t, args("import", "plain", source, "--create-gallery")...)
			require.Equal(t, exitRefused, code(t, err), out)
			took := time.Since(begun)
			want := galleryOf(t, cfg, "plain")

			key, err := command(t, args("key", "create", node.FirstTenant)...)
			require.NoError(t, err, key)
			fields := strings.Fields(key)
			port, err := porttest.Free(1)
			require.NoError(t, err)
			serve := func() *program {
				cmd := exec.Command(os.Args[0], args("serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))...) //nolint:gosec // this program
				cmd.Env = append(os.Environ(), asProgram+"=1")
				return start(t, cmd, data)
			}
			p, ctx := serve(), t.Context()
			c, err := client.New(client.Config{URL: p.base, Key: fields[len(fields)-1]})
			require.NoError(t, err)
			_, err = c.CreateGallery(ctx, client.NewGallery{Name: "killed"})
			require.NoError(t, err)
			i, err := c.CreateImport(ctx, "killed", client.NewImport{Format: "ndjson"})
			require.NoError(t, err)
			half := len(lines) / 2
			require.NoError(t, c.PutImportPart(ctx, i.ID, 1, client.Bytes(lines[:half])))
			p.kill(t)
			p = serve() // with a part that was acknowledged
			require.NoError(t, c.PutImportPart(ctx, i.ID, 2, client.Bytes(lines[half:])))
			_, err = c.StartImport(ctx, i.ID)
			require.NoError(t, err)
			for range kills {
				time.Sleep(rand.N(took / kills))
				p.kill(t)
				if engine == "sqlite" {
					prolong(t, cfg)
				}
				p = serve()
			}
			require.Eventually(t, func() bool {
				i, err = c.Import(ctx, i.ID)
				return err == nil && i.EndedAt != nil
			}, 3*time.Minute, 50*time.Millisecond)
			require.Equal(t, "succeeded", i.Status, i.Error)
			require.Equal(t, []int64{photos, photos, photos - refused, 0, refused}, []int64{i.Total, i.Done, i.Added, i.Present, i.Refused})
			var told []int64
			for item, err := range c.ImportItems(ctx, i.ID, "") {
				require.NoError(t, err)
				require.Contains(t, item.Path, fmt.Sprintf("%d.png", item.N))
				told = append(told, item.N)
			}
			require.Len(t, told, photos)
			p.stop(t)
			require.Equal(t, want, galleryOf(t, cfg, "killed"))
		})
	}
}

// prolong has whoever was killed hold its jobs for a year.
func prolong(t *testing.T, cfg config.Config) {
	t.Helper()
	truth, err := node.OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	require.NoError(t, truth.Store.Update(t.Context(), "prolong leases", func(tx store.Tx) error {
		_, err := tx.Exec(`UPDATE jobs SET lease_until = $1 WHERE status = 'running'`, time.Now().AddDate(1, 0, 0))
		return err
	}))
}
