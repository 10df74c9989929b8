package identify_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/identify"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/sqlite"
)

// stuck is a follower of an index that never comes further.
type stuck struct{}

func (stuck) Wait(ctx context.Context, _ uint64) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s stuck) WaitFor(ctx context.Context, _ store.TenantID, _ store.GalleryID, position uint64) error {
	return s.Wait(ctx, position)
}

func (stuck) Notify() {}

func TestPositionOutOfReach(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	require.NoError(t, audit.Migrate(t.Context(), db))
	defer db.Close()
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	defer x.Close()
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy(), PositionWait: 10 * time.Millisecond}, scripted{table: table()}, x, stuck{}, db)
	require.NoError(t, err)
	_, err = s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	e := enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	look := func(ctx context.Context, position uint64) error {
		_, err := s.Search(ctx, by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann"})}, Position: position})
		return err
	}
	require.ErrorIs(t, look(t.Context(), e.Position), identify.ErrPositionNotReached)
	require.ErrorIs(t, look(t.Context(), e.Position+1), identify.ErrPositionAhead)
	require.ErrorIs(t, look(t.Context(), ^uint64(0)), identify.ErrPositionAhead)

	ended, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	require.ErrorIs(t, look(ended, 0), context.Canceled)
}
