package facesession_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/store"
	"oneton/store/storetest"
)

// A tenant has so many sessions under way and no more, whichever clients open them and
// however many at once; one that is over, or was purged, makes room.
func TestMostOpen(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		const most = 3
		r, ctx := start(t, open, options{cfg: facesession.Config{MostOpen: most}}), t.Context()
		var group sync.WaitGroup
		var opened atomic.Int64
		for range 4 * most {
			group.Go(func() {
				_, err := r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
				if err == nil {
					opened.Add(1)
				} else if !errors.Is(err, facesession.ErrCrowded) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, most, opened.Load())
		require.Len(t, r.rows(t, `SELECT hash FROM face_sessions`), most)
		require.Len(t, r.rows(t, `SELECT session FROM face_session_pictures`), most)
		crowded := func(err error) {
			t.Helper()
			about, ok := errors.AsType[*facesession.CrowdedError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, most, about.Most)
			require.Positive(t, about.After)
			require.LessOrEqual(t, about.After, facesession.Life)
		}
		_, err := r.Open(ctx, bySame, facesession.New{Photo: []byte("no photo")})
		crowded(err) // and the photo was not looked at

		v := visit{rig: r}
		v.id, err = r.Open(ctx, byOther, facesession.New{Photo: of("ada", 1)})
		require.NoError(t, err, "another tenant's are its own")
		require.NoError(t, r.Purge(ctx, byOther, v.id))

		require.NoError(t, r.db.Update(ctx, "forget", func(tx store.Tx) error {
			_, err := tx.Exec(`DELETE FROM face_sessions`)
			return err
		}))
		v = r.visit(t, facesession.New{})
		for range most - 1 {
			r.visit(t, facesession.New{})
		}
		_, err = r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
		crowded(err)
		_, err = r.Cancel(ctx, v.id, v.binding, facesession.UserCancel)
		require.NoError(t, err)
		v = r.visit(t, facesession.New{})
		_, err = r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
		crowded(err)
		require.NoError(t, r.Purge(ctx, by, v.id))
		r.visit(t, facesession.New{})
	})
}

// Where no step can be checked, no session is opened that would come to nothing.
func TestNoSessionsWithoutChecks(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		require.NoError(t, r.Ready())
		r.checks.plan = nil
		require.ErrorIs(t, r.Ready(), facesession.ErrOff)
		_, err := r.Open(ctx, by, facesession.New{Photo: of("ada", 1), Nonce: "n"})
		require.ErrorIs(t, err, facesession.ErrOff)
		for _, table := range []string{"face_sessions", "face_session_pictures", "face_once"} {
			require.Empty(t, r.rows(t, `SELECT 'x' FROM `+table))
		}
	})
}
