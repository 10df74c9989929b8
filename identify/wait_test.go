package identify_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/changelog"
	"oneton/identify"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/sqlite"
)

// TestSearchWaitsForItsOwnGallery stops the index once it has all of one
// gallery and nothing of another: the one is searched meanwhile.
func TestSearchWaitsForItsOwnGallery(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	require.NoError(t, audit.Migrate(t.Context(), db))
	defer db.Close()
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	defer x.Close()
	follower := changelog.NewFollower(db, x, changelog.FollowerConfig{}) // which does not run
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy()}, scripted{table: table()}, x, follower, db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
	for _, name := range []string{gallery, "other"} {
		_, err = s.CreateGallery(t.Context(), by, store.Gallery{Name: name})
		require.NoError(t, err)
	}
	enrolIn := func(name, subject string) identify.Enrolled {
		e, err := s.Enrol(t.Context(), by, identify.EnrolRequest{
			Gallery: name, Subject: store.SubjectID(subject), Create: true, Photos: [][]byte{photograph(t, shown{Person: subject})},
		})
		require.NoError(t, err)
		return e
	}
	enrolIn(gallery, "ann")
	changes, next, err := db.Changes(t.Context(), 0, 10)
	require.NoError(t, err)
	require.NoError(t, x.Apply(t.Context(), changes, next))
	enrolIn("other", "bob")

	look := func(ctx context.Context, name string) (identify.Answer, error) {
		return s.Search(ctx, by, identify.SearchRequest{Gallery: name, Photos: [][]byte{photograph(t, shown{Person: "ann"})}})
	}
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	a, err := look(soon, gallery)
	require.NoError(t, err)
	require.Equal(t, identify.One, a.Probes[0].Outcome)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = look(short, "other")
	require.ErrorIs(t, err, context.DeadlineExceeded, "its own changes a search waits for")
}
