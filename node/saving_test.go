package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/config"
	"oneton/index/exact"
	"oneton/search"
	"oneton/store"
	"oneton/store/storetest"
)

// savedIn makes a saved index of so many galleries of one face.
func savedIn(t *testing.T, dir string, galleries int) {
	x, err := exact.New(exact.Config{Dir: dir})
	require.NoError(t, err)
	var changes []changelog.Change
	for i := range galleries {
		changes = append(changes, changelog.Change{
			Seq: uint64(i + 1), Kind: changelog.PutFace, Tenant: "t", Gallery: store.GalleryID(fmt.Sprint("g", i)), Pack: storetest.Pack,
			Subject: "ann", Face: store.FaceID(uuid.NewString()), Template: storetest.NewFace(fmt.Sprint(i)).Template,
		})
	}
	require.NoError(t, x.Apply(t.Context(), changes, uint64(galleries)))
	require.NoError(t, x.Save(t.Context()))
	require.NoError(t, x.Close())
}

// TestDamageIsLogged opens a saved index of which a byte has changed.
func TestDamageIsLogged(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	truth, err := OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	savedIn(t, filepath.Join(cfg.Data, "index"), 3)
	bundles, err := filepath.Glob(filepath.Join(cfg.Data, "index", "bundle-*"))
	require.NoError(t, err)
	require.Len(t, bundles, 1)
	flipLast(t, bundles[0])
	var out bytes.Buffer
	e, err := openExact(t.Context(), cfg, truth, zerolog.New(&out))
	require.NoError(t, err)
	require.NoError(t, e.Close())
	require.Contains(t, out.String(), filepath.Base(bundles[0]))
	require.Contains(t, out.String(), "built anew")
}

// TestWrongKernelStopsTheStart checks that a setting that no start can have
// leaves the saved index as it is.
func TestWrongKernelStopsTheStart(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	truth, err := OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	at := filepath.Join(cfg.Data, "index")
	savedIn(t, at, 3)
	t.Run("start", func(t *testing.T) {
		t.Setenv("ONETON_SIMD", "abacus")
		_, err = openExact(t.Context(), cfg, truth, zerolog.Nop())
		require.ErrorIs(t, err, search.ErrConfig)
		require.Contains(t, err.Error(), "ONETON_SIMD")
	})
	x, err := exact.New(exact.Config{Dir: at})
	require.NoError(t, err)
	require.EqualValues(t, 3, x.Position())
	require.NoError(t, x.Close())
}

// TestLeadJoinsWhatItBegan ends the lead of a process while it looks whether
// Qdrant answers.
func TestLeadJoinsWhatItBegan(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Index.Engine, cfg.Index.Qdrant.Address = t.TempDir(), "qdrant", "127.0.0.1:1"
	truth, err := OpenTruth(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, truth.Close()) }()
	opened, err := openEngine(t.Context(), cfg, truth, zerolog.Nop())
	require.NoError(t, err)
	e := opened.(*qdrantEngine)
	turn := &slowTurn{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.lead(ctx, turn), context.Canceled)
	require.EqualValues(t, 1, turn.told.Load(), "whoever watches the turn has ended")
	require.NoError(t, e.Close())
}

// slowTurn takes a while to tell how it will be told of its end.
type slowTurn struct{ told atomic.Int64 }

func (s *slowTurn) Done() <-chan struct{} {
	time.Sleep(20 * time.Millisecond)
	s.told.Add(1)
	return nil
}

func (*slowTurn) Release() {}

func flipLast(t *testing.T, path string) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[len(b)-1] ^= 1
	require.NoError(t, os.WriteFile(path, b, 0o600))
}
