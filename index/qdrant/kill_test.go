package qdrant_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/index"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
	"oneton/index/verify"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// crowd enrols, changes and removes people of one tenant in a store.
type crowd struct {
	store *sqlite.Store
	scope index.Scope

	mu sync.Mutex
	// enrolled has the template of each subject whose enrolment was
	// acknowledged, and removed of those whose removal was.
	enrolled, removed map[string]face.Template
}

func newCrowd(t *testing.T, s *sqlite.Store) *crowd {
	t.Helper()
	c := &crowd{
		store:    s,
		scope:    index.Scope{Tenant: store.TenantID(uuid.NewString()), Gallery: store.GalleryID(uuid.NewString()), Pack: storetest.Pack},
		enrolled: make(map[string]face.Template), removed: make(map[string]face.Template),
	}
	require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: c.scope.Tenant}))
	require.NoError(t, s.CreateGallery(t.Context(), store.Gallery{
		ID: c.scope.Gallery, Tenant: c.scope.Tenant, Name: "people", Pack: c.scope.Pack,
	}))
	return c
}

// work makes one change.
func (c *crowd) work(ctx context.Context, rng *rand.Rand) error {
	id := string(c.scope.Tenant) + "-" + uuid.NewString()
	f := storetest.NewFace(uuid.NewString())
	f.Template = random(rng, storetest.Dimension)
	metadata := map[string]string{"team": "red"}
	if _, err := c.store.Enrol(ctx, store.Subject{Gallery: c.scope.Gallery, ID: store.SubjectID(id), Metadata: metadata}, []store.Face{f}, nil, true); err != nil {
		return err
	}
	switch rng.IntN(4) {
	case 0:
		if _, err := c.store.DeleteSubject(ctx, c.scope.Gallery, store.SubjectID(id)); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.removed[id] = f.Template
		return nil
	case 1:
		if _, _, err := c.store.UpdateMetadata(ctx, c.scope.Gallery, store.SubjectID(id), func(store.Subject) (map[string]string, error) {
			return map[string]string{"team": "blue"}, nil
		}); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enrolled[id] = f.Template
	return nil
}

// look searches for someone and returns what is wrong with the answer.
func (c *crowd) look(ctx context.Context, x *qdrant.Index) error {
	r, err := x.Search(ctx, index.Query{Scope: c.scope, Probe: random(newRand(1), storetest.Dimension), K: 5, Threshold: -1})
	if errors.Is(err, index.ErrUnavailable) || ctx.Err() != nil {
		return nil
	}
	for _, h := range r.Hits {
		if string(h.Subject[:len(c.scope.Tenant)]) != string(c.scope.Tenant) {
			return fmt.Errorf("a search of %s finds %s", c.scope.Tenant, h.Subject)
		}
	}
	return err
}

// requireFound checks that everything acknowledged is in the index.
func (c *crowd) requireFound(t *testing.T, x *qdrant.Index) {
	t.Helper()
	n, err := x.Faces(t.Context(), c.scope)
	require.NoError(t, err)
	require.Equal(t, len(c.enrolled), n)
	for want, people := range map[bool]map[string]face.Template{true: c.enrolled, false: c.removed} {
		for id, template := range people {
			r, err := x.Search(t.Context(), index.Query{Scope: c.scope, Probe: template, K: 1, Threshold: 0.9999})
			require.NoError(t, err)
			require.Equal(t, want, len(r.Hits) == 1 && r.Hits[0].Subject == store.SubjectID(id), "%s is found", id)
		}
	}
}

// TestKill kills Qdrant again and again while people are enrolled, removed and
// searched, and checks in the end that nothing acknowledged is lost.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	server, rng := qdranttest.Start(t), newRand(14)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	cfg := config(server.Address())
	cfg.Timeout = time.Second
	x := open(t, cfg)
	f, _ := follow(t, s, x)
	crowds := []*crowd{newCrowd(t, s), newCrowd(t, s)}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	failures := make(chan error, 100)
	for i, c := range crowds {
		wg.Go(func() {
			rng := newRand(uint64(100 + i))
			for ctx.Err() == nil {
				if err := c.work(t.Context(), rng); err != nil {
					failures <- err
					return
				}
				f.Notify()
				time.Sleep(time.Duration(rng.IntN(4)) * time.Millisecond)
			}
		})
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := c.look(ctx, x); err != nil {
					failures <- err
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	for range rounds {
		time.Sleep(time.Duration(50+rng.IntN(400)) * time.Millisecond)
		server.Kill(t)
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		server.Restart(t)
	}
	stop()
	wg.Wait()
	require.Empty(t, failures)

	end, err := s.Position(t.Context())
	require.NoError(t, err)
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, f.Wait(patience, end))
	cfg.Timeout = time.Minute
	patient := open(t, cfg)
	for _, c := range crowds {
		require.NotEmpty(t, c.enrolled)
		c.requireFound(t, patient)
	}
	v, err := x.Verify(t.Context(), s, verify.Options{})
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	require.Equal(t, len(crowds[0].enrolled)+len(crowds[1].enrolled), v.Faces)
	require.Equal(t, v.Faces, v.Compared)
	t.Logf("%d rounds, %d changes, %d faces", rounds, end, v.Faces)
}
