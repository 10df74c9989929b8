package qdrant_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/index"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
	"oneton/index/verify"
)

// follow brings the index along the log until the test, or stop, ends it.
func follow(t *testing.T, log changelog.Log, x *qdrant.Index) (f *changelog.Follower, stop func() error) {
	t.Helper()
	f = changelog.NewFollower(log, x, changelog.FollowerConfig{
		Poll: 20 * time.Millisecond, Batch: 16, MaxRetry: 100 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	var err error
	done := false
	stop = func() error {
		if !done {
			cancel()
			err, done = <-ended, true
		}
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return f, stop
}

// requireFollowed waits until the index has come to the log's end, and
// compares it with index/exact.
func requireFollowed(t *testing.T, log *logOf, x *qdrant.Index) {
	t.Helper()
	oracle := newExact(t)
	changes, end := log.after(0)
	require.NoError(t, oracle.Apply(t.Context(), changes, end))
	var v verify.Verification
	require.Eventually(t, func() bool {
		var err error
		v, err = x.Verify(t.Context(), log, verify.Options{}) // looks at what Qdrant has
		return err == nil && x.Position() == end
	}, time.Minute, 20*time.Millisecond)
	require.Empty(t, v.Differences)
	require.Equal(t, end, v.Position)
	requireSame(t, oracle, x, log.scopes, log.templates...)
}

// TestLostCollection deletes collections under an index that follows a log.
func TestLostCollection(t *testing.T) {
	t.Parallel()
	address := qdranttest.Address(t)
	for name, packs := range map[string][]string{
		"a pack's":   {"pack-a"},
		"two packs'": {"pack-a", "pack-b"},
		"position's": {""},
		"all":        {"pack-a", "pack-b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := newLogOf(newRand(8))
			x := open(t, config(address))
			log.grow(100)
			follow(t, log, x)
			requireFollowed(t, log, x)
			for _, pack := range packs {
				require.NoError(t, x.DropCollection(t.Context(), pack))
			}
			requireFollowed(t, log, x)
			log.grow(20)
			requireFollowed(t, log, x)
		})
	}
}

// TestLostWhileAway deletes a collection while no process runs.
func TestLostWhileAway(t *testing.T) {
	t.Parallel()
	address := qdranttest.Address(t)
	for name, pack := range map[string]string{"a pack's": "pack-b", "position's": ""} {
		t.Run(name, func(t *testing.T) {
			log, cfg := newLogOf(newRand(9)), config(address)
			x := open(t, cfg)
			log.grow(100)
			_, stop := follow(t, log, x)
			requireFollowed(t, log, x)
			_ = stop()
			require.NoError(t, x.DropCollection(t.Context(), pack))
			y := open(t, cfg)
			require.Zero(t, y.Position())
			soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			require.Error(t, y.Wait(soon, log.end()), "a collection is gone")
			require.Zero(t, y.Position())
			follow(t, log, y)
			requireFollowed(t, log, y)
		})
	}
}

// TestLostBeforeApply loses a collection after changes were read for a position
// that the index has no more.
func TestLostBeforeApply(t *testing.T) {
	t.Parallel()
	ctx, address := t.Context(), qdranttest.Address(t)
	for name, notice := range map[string]func(t *testing.T, x *qdrant.Index, log *logOf){
		"nobody notices": func(*testing.T, *qdrant.Index, *logOf) {},
		"a check": func(t *testing.T, x *qdrant.Index, _ *logOf) {
			_, err := x.Check(ctx)
			require.ErrorIs(t, err, index.ErrUnavailable)
		},
		"searches": func(t *testing.T, x *qdrant.Index, log *logOf) {
			for range 3 {
				_, _ = x.Search(ctx, index.Query{Scope: log.scopes[0], Probe: log.templates[0], K: 1, Threshold: -1})
			}
		},
		"it is reset": func(t *testing.T, x *qdrant.Index, _ *logOf) { require.NoError(t, x.Reset(ctx)) },
	} {
		t.Run(name, func(t *testing.T) {
			log, x := newLogOf(newRand(30)), open(t, config(address))
			log.grow(60)
			changes, end := log.after(0)
			require.NoError(t, x.Apply(ctx, changes, end))
			log.grow(20)
			late, next := log.after(end)
			require.NoError(t, x.DropCollection(ctx, "pack-a"))
			notice(t, x, log)
			require.ErrorIs(t, x.Apply(ctx, late, next), index.ErrUnavailable)
			follow(t, log, x)
			requireFollowed(t, log, x)
		})
	}
}

// TestRestored puts back, under a running index and under a new one, a copy of
// Qdrant's files that is older than the log.
func TestRestored(t *testing.T) {
	for name, choose := range map[string]func(collection, prefix string) bool{
		"everything":        func(string, string) bool { return true },
		"a pack's faces":    func(collection, prefix string) bool { return collection == prefix+"_pack-a" },
		"only the position": func(collection, prefix string) bool { return collection == prefix },
		"all but a pack":    func(collection, prefix string) bool { return collection != prefix+"_pack-b" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := qdranttest.Start(t)
			log, cfg := newLogOf(newRand(10)), config(server.Address())
			x := open(t, cfg)
			log.grow(100)
			follow(t, log, x)
			requireFollowed(t, log, x)
			server.Kill(t)
			backup := t.TempDir()
			require.NoError(t, os.CopyFS(backup, os.DirFS(server.Dir())))
			server.Restart(t)
			before := log.end()
			log.grow(100)
			requireFollowed(t, log, x)

			server.Kill(t)
			collections, err := os.ReadDir(backup)
			require.NoError(t, err)
			for _, c := range collections {
				if choose(c.Name(), cfg.Prefix) {
					require.NoError(t, os.RemoveAll(filepath.Join(server.Dir(), c.Name())))
					require.NoError(t, os.CopyFS(filepath.Join(server.Dir(), c.Name()), os.DirFS(filepath.Join(backup, c.Name()))))
				}
			}
			server.Restart(t)
			y := open(t, cfg)
			require.Eventually(t, func() bool { return y.Load(t.Context()) == nil }, time.Minute, 20*time.Millisecond)
			require.GreaterOrEqual(t, y.Position(), before)
			requireFollowed(t, log, x)
			requireFollowed(t, log, y)
		})
	}
}

// TestAhead follows a log that is shorter than the index, as one from a backup
// is, and rebuilds.
func TestAhead(t *testing.T) {
	log, cfg := newLogOf(newRand(11)), config(qdranttest.Address(t))
	x := open(t, cfg)
	log.grow(100)
	_, stop := follow(t, log, x)
	requireFollowed(t, log, x)
	_ = stop()

	restored := newLogOf(newRand(11))
	restored.scopes, restored.faces, restored.templates = log.scopes, log.faces, log.templates
	restored.grow(60)
	y := open(t, cfg)
	require.Equal(t, uint64(100), y.Position())
	f, _ := follow(t, restored, y)
	require.ErrorIs(t, f.Wait(t.Context(), 101), changelog.ErrAhead)
	require.NoError(t, y.Reset(t.Context()))
	require.Zero(t, y.Position())
	follow(t, restored, y)
	requireFollowed(t, restored, y)
}
