package node

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/config"
	"oneton/secret"
	"oneton/store"
	"oneton/store/postgres/postgrestest"
)

// replicaConfig is the configuration of one of several servers, with a data folder of
// its own.
func replicaConfig(t *testing.T, url string) config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Store = t.TempDir(), config.Store{Driver: "postgres", URL: url}
	return cfg
}

// TestFirstStartsAtOnce starts servers at once on an empty database, again and
// again: one secret is made, the others are told what to do, and with a copy of
// it all of them start, and one makes the first tenant.
func TestFirstStartsAtOnce(t *testing.T) {
	const servers = 3
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	pg := postgrestest.Start(t)
	for range rounds {
		url := pg.Database(t)
		cfgs := make([]config.Config, servers)
		for i := range cfgs {
			cfgs[i] = replicaConfig(t, url)
		}
		start := func(do func(*Truth) error) (errs [servers]error) {
			var wg sync.WaitGroup
			for i, cfg := range cfgs {
				wg.Go(func() {
					var made *Truth
					if made, errs[i] = OpenTruth(t.Context(), cfg); errs[i] == nil {
						if errs[i] = do(made); errs[i] == nil {
							errs[i] = made.Close()
						}
					}
				})
			}
			wg.Wait()
			return errs
		}
		var agreed []byte
		for i, err := range start(func(*Truth) error { return nil }) {
			kept, rerr := os.ReadFile(secretPath(cfgs[i]))
			if err == nil {
				require.NoError(t, rerr)
				require.Nil(t, agreed, "one secret is made")
				agreed = kept
				continue
			}
			require.Contains(t, err.Error(), "copy")
			require.ErrorIs(t, rerr, fs.ErrNotExist, "a secret of no use is not left behind")
		}
		require.Len(t, agreed, secret.Size)

		for _, cfg := range cfgs {
			require.NoError(t, os.WriteFile(secretPath(cfg), agreed, 0o600))
		}
		var mu sync.Mutex
		var keys []string
		for _, err := range start(func(made *Truth) error {
			key, err := made.Bootstrap(t.Context())
			mu.Lock()
			defer mu.Unlock()
			if key != "" {
				keys = append(keys, key)
			}
			return err
		}) {
			require.NoError(t, err)
		}
		require.Len(t, keys, 1, "one of them makes the first tenant and its key")
	}
}

// TestOtherSecret checks that a process with another secret than the
// database's does not start, on either engine, until the database is told to
// take that one.
func TestOtherSecret(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	pg := postgrestest.Start(t)
	ctx := t.Context()
	for name, cfg := range map[string]config.Config{
		"sqlite":   func() config.Config { cfg := config.Default(); cfg.Data = t.TempDir(); return cfg }(),
		"postgres": replicaConfig(t, pg.Database(t)),
	} {
		t.Run(name, func(t *testing.T) {
			made, err := OpenTruth(ctx, cfg)
			require.NoError(t, err)
			require.False(t, made.adopted)
			require.NoError(t, made.Close())
			right, err := os.ReadFile(secretPath(cfg))
			require.NoError(t, err)

			other := []byte(strings.Repeat("x", secret.Size))
			require.NoError(t, os.WriteFile(secretPath(cfg), other, 0o600))
			_, err = OpenTruth(ctx, cfg)
			require.ErrorIs(t, err, secret.ErrOther)
			require.ErrorContains(t, err, secretPath(cfg))
			kept, err := os.ReadFile(secretPath(cfg))
			require.NoError(t, err)
			require.Equal(t, other, kept, "a secret that was not made here is left alone")

			require.NoError(t, os.Remove(secretPath(cfg)))
			_, err = OpenTruth(ctx, cfg)
			require.ErrorIs(t, err, secret.ErrMissing, "though it has no tenant yet")
			require.NoFileExists(t, secretPath(cfg))

			require.NoError(t, os.WriteFile(secretPath(cfg), other, 0o600))
			path, err := AdoptSecret(ctx, cfg)
			require.NoError(t, err)
			require.Equal(t, secretPath(cfg), path)
			made, err = OpenTruth(ctx, cfg)
			require.NoError(t, err)
			require.NoError(t, made.Close())
			require.NoError(t, os.WriteFile(secretPath(cfg), right, 0o600))
			_, err = OpenTruth(ctx, cfg)
			require.ErrorIs(t, err, secret.ErrOther)
		})
	}
}

// TestSecretOfAnOlderDatabase checks that a database which was used before it
// could know a secret takes the first one it is shown.
func TestSecretOfAnOlderDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	pg := postgrestest.Start(t)
	ctx := t.Context()
	lite := config.Default()
	lite.Data = t.TempDir()
	for name, cfg := range map[string]config.Config{"sqlite": lite, "postgres": replicaConfig(t, pg.Database(t))} {
		t.Run(name, func(t *testing.T) {
			db, err := openDatabase(ctx, cfg)
			require.NoError(t, err)
			require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "old"}))
			require.NoError(t, db.Close())
			_, err = OpenTruth(ctx, cfg)
			require.ErrorIs(t, err, secret.ErrMissing)

			require.NoError(t, os.WriteFile(secretPath(cfg), []byte(strings.Repeat("o", secret.Size)), 0o600))
			for _, adopted := range []bool{true, false} {
				made, err := OpenTruth(ctx, cfg)
				require.NoError(t, err)
				require.Equal(t, adopted, made.adopted)
				require.NoError(t, made.Close())
			}
		})
	}
}

// TestSecretOfTwoVersions brings a new version to two servers of one database,
// one after the other: until the database adopts it, things are made under the
// old one; then under the new one; and at every moment both servers take what
// either has made. A server that has not got it is refused from then on.
func TestSecretOfTwoVersions(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	pg := postgrestest.Start(t)
	ctx, url := t.Context(), pg.Database(t)
	a, b := replicaConfig(t, url), replicaConfig(t, url)
	open := func(cfg config.Config) *Truth {
		made, err := OpenTruth(ctx, cfg)
		require.NoError(t, err)
		t.Cleanup(func() { _ = made.Close() })
		return made
	}
	carry := func() {
		ring, err := os.ReadFile(secretPath(a))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(secretPath(b), ring, 0o600))
	}
	first := open(a)
	_, err := first.Bootstrap(ctx)
	require.NoError(t, err)
	carry()
	makes := func(by *Truth) string {
		text, _, err := by.Access.Create(ctx, FirstTenant, "", []string{access.All})
		require.NoError(t, err)
		return text
	}
	old := makes(first)
	takes := func(by *Truth, text string, want bool) {
		t.Helper()
		_, err := by.Access.Authenticate(ctx, text)
		if want {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, access.ErrUnauthorized)
		}
	}

	path, versions, err := AddSecret(a)
	require.NoError(t, err)
	require.Equal(t, secretPath(a), path)
	require.Equal(t, 2, versions)
	behind, ahead := open(b), open(a)
	for _, text := range []string{old, makes(behind), makes(ahead)} {
		takes(behind, text, true)
		takes(ahead, text, true)
	}
	carry()
	behind = open(b)
	_, err = AdoptSecret(ctx, a)
	require.NoError(t, err)
	ahead = open(a)
	made := makes(ahead)
	for _, text := range []string{old, makes(behind), made} {
		takes(behind, text, true)
		takes(ahead, text, true)
	}
	takes(first, made, false) // it is made under the new one

	ring, err := os.ReadFile(secretPath(b))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(secretPath(b), ring[:secret.Size], 0o600))
	_, err = OpenTruth(ctx, b)
	require.ErrorIs(t, err, secret.ErrOther, "it has not got the new one")
	require.NoError(t, os.WriteFile(secretPath(b), ring[secret.Size:], 0o600))
	_, err = OpenTruth(ctx, b)
	require.ErrorIs(t, err, secret.ErrOther, "the old one is not taken away by mistake")
	require.NoError(t, os.WriteFile(secretPath(b), slices.Concat(ring[secret.Size:], ring[:secret.Size]), 0o600))
	_, err = OpenTruth(ctx, b)
	require.ErrorIs(t, err, secret.ErrOther)

	require.NoError(t, os.WriteFile(secretPath(b), ring[secret.Size:], 0o600))
	_, err = AdoptSecret(ctx, b)
	require.NoError(t, err)
	last := open(b)
	takes(last, made, true)
	takes(last, old, false)
}
