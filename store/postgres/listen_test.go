package postgres_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/storetest"
)

// listening is a Listen that runs until end is called, or ended has its error.
func listening(t *testing.T, s *postgres.Store) (notified <-chan struct{}, end func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	calls, errs := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		errs <- s.Listen(ctx, func() {
			select {
			case calls <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(cancel)
	return calls, cancel, errs
}

func requireNotified(t *testing.T, notified <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-notified:
	case <-time.After(patience):
		t.Fatal("not notified: " + why)
	}
}

func TestListen(t *testing.T) {
	to := shared.Database(t)
	a, b := open(t, postgres.Config{URL: to}), open(t, postgres.Config{URL: to})
	newGallery(t, a, "g")
	notified, end, ended := listening(t, b)
	requireNotified(t, notified, "it has begun to listen")
	id, err := enrolOne(t.Context(), a)
	require.NoError(t, err)
	requireNotified(t, notified, "another process has enrolled")
	_, err = a.DeleteSubject(t.Context(), "g", store.SubjectID(id))
	require.NoError(t, err)
	requireNotified(t, notified, "another process has deleted")

	require.NoError(t, a.CreateTenant(t.Context(), store.Tenant{ID: "t"}))
	db := raw(t, to)
	const silence = 3 * time.Second // longer than the connection is asked for life
	select {
	case <-notified:
		t.Fatal("notified of nothing")
	case <-time.After(silence):
	}
	var listeners int
	const ofListen = ` FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
		AND query IN ('LISTEN oneton_changes', '-- ping')`
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*)`+ofListen).Scan(&listeners))
	require.Equal(t, 1, listeners)
	exec(t, db, `SELECT pg_terminate_backend(pid)`+ofListen)
	requireNotified(t, notified, "it listens again, and may have missed something")
	_, err = enrolOne(t.Context(), a)
	require.NoError(t, err)
	requireNotified(t, notified, "another process has enrolled")

	end()
	require.ErrorIs(t, <-ended, context.Canceled)
	_, _, ended = listening(t, b)
	require.NoError(t, b.Close())
	require.ErrorIs(t, <-ended, store.ErrClosed)
}

func TestListenAcrossRestart(t *testing.T) {
	server := postgrestest.Start(t)
	s := open(t, postgres.Config{URL: server.Database(t)})
	newGallery(t, s, "g")
	notified, _, _ := listening(t, s)
	requireNotified(t, notified, "it has begun to listen")
	server.Kill(t)
	server.Restart(t)
	requireNotified(t, notified, "it listens again")
}

// faceView is the ids of the live faces.
type faceView struct {
	mu       sync.RWMutex
	faces    map[store.FaceID]bool
	position uint64
}

func (v *faceView) Apply(_ context.Context, changes []changelog.Change, next uint64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range changes {
		switch c.Kind {
		case changelog.PutFace:
			v.faces[c.Face] = true
		case changelog.DeleteFace:
			delete(v.faces, c.Face)
		case changelog.DropGallery:
			clear(v.faces)
		}
	}
	v.position = next
	return nil
}

func (v *faceView) Position() uint64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.position
}

func (v *faceView) has(face store.FaceID) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.faces[face]
}

// TestReplicas checks that what is enrolled at one replica comes into the view
// of another by notification alone: its follower never polls.
func TestReplicas(t *testing.T) {
	to := shared.Database(t)
	a, b := open(t, postgres.Config{URL: to}), open(t, postgres.Config{URL: to})
	newGallery(t, a, "g")
	view := &faceView{faces: make(map[store.FaceID]bool)}
	follower := changelog.NewFollower(b, view, changelog.FollowerConfig{Poll: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = follower.Run(ctx) })
	wg.Go(func() { _ = b.Listen(ctx, follower.Notify) })
	defer wg.Wait()
	defer cancel()

	var delays []time.Duration
	appears := func(id string, want bool) {
		t.Helper()
		start := time.Now()
		require.Eventually(t, func() bool { return view.has(store.FaceID(id)) == want }, patience, time.Millisecond)
		delays = append(delays, time.Since(start))
	}
	for range 30 {
		id, err := enrolOne(t.Context(), a)
		require.NoError(t, err)
		appears(id, true)
	}
	gone := slices.Collect(maps.Keys(view.faces))[0]
	_, err := a.DeleteSubject(t.Context(), "g", store.SubjectID(gone))
	require.NoError(t, err)
	appears(string(gone), false)
	slices.Sort(delays)
	t.Logf("after the acknowledgement: median %v, longest %v", delays[len(delays)/2], delays[len(delays)-1])

	position, err := a.Position(t.Context())
	require.NoError(t, err)
	require.NoError(t, follower.Wait(t.Context(), position))
	storetest.RequireReplay(t, b)
}
