package changelog_test

import (
	"context"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// faceView is the ids of the live faces.
type faceView struct {
	mu       sync.RWMutex
	faces    map[store.FaceID]store.SubjectID // face → subject
	position uint64
}

func (v *faceView) Apply(_ context.Context, changes []changelog.Change, next uint64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range changes {
		switch c.Kind {
		case changelog.PutFace:
			v.faces[c.Face] = c.Subject
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
	_, ok := v.faces[face]
	return ok
}

// TestReadYourWrites checks on a real log that who waits for the position of
// an acknowledged write finds it in the view, and that a view built later from
// the beginning is the same.
func TestReadYourWrites(t *testing.T) {
	ctx := t.Context()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.CreateTenant(ctx, store.Tenant{ID: "t"}))
	require.NoError(t, s.CreateGallery(ctx, store.Gallery{ID: "g", Tenant: "t", Name: "g", Pack: storetest.Pack}))

	follow := func(cfg changelog.FollowerConfig) (*faceView, *changelog.Follower, func()) {
		v := &faceView{faces: make(map[store.FaceID]store.SubjectID)}
		f := changelog.NewFollower(s, v, cfg)
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = f.Run(ctx)
		}()
		return v, f, func() { cancel(); <-ended }
	}
	v, f, stop := follow(changelog.FollowerConfig{Poll: time.Hour, Batch: 3})
	defer stop()

	var wg sync.WaitGroup
	errs := make(chan string, 1000)
	for range 8 {
		wg.Go(func() {
			for i := range 15 {
				id := uuid.NewString()
				put, err := s.Enrol(ctx, store.Subject{Gallery: "g", ID: store.SubjectID(id)}, []store.Face{storetest.NewFace(id)}, nil, true)
				if err != nil || f.Wait(ctx, put) != nil || !v.has(store.FaceID(id)) {
					errs <- "an enrolment is not in the view"
				}
				if i%3 > 0 {
					continue
				}
				gone, err := s.DeleteSubject(ctx, "g", store.SubjectID(id))
				if err != nil || f.Wait(ctx, gone) != nil || v.has(store.FaceID(id)) {
					errs <- "a deletion is not in the view"
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, errs)

	later, f2, stop2 := follow(changelog.FollowerConfig{})
	defer stop2()
	require.NoError(t, f2.Wait(ctx, f.Position()))
	require.True(t, maps.Equal(v.faces, later.faces))
	require.Len(t, later.faces, 8*10)
}
