package qdrant_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
	"oneton/index/verify"
)

// tool changes a collection behind the index's back.
type tool struct {
	client     *api.Client
	collection string
}

func newTool(t *testing.T, cfg qdrant.Config) *tool {
	t.Helper()
	host, port, err := net.SplitHostPort(cfg.Address)
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	c, err := api.NewClient(&api.Config{Host: host, Port: n, SkipCompatibilityCheck: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return &tool{c, cfg.Prefix + "_pack-a"}
}

func (k *tool) remove(t *testing.T, face string) {
	t.Helper()
	_, err := k.client.Delete(t.Context(), &api.DeletePoints{
		CollectionName: k.collection, Wait: api.PtrOf(true), Points: api.NewPointsSelector(api.NewID(face)),
	})
	require.NoError(t, err)
}

func (k *tool) set(t *testing.T, face, key string, value any) {
	t.Helper()
	_, err := k.client.SetPayload(t.Context(), &api.SetPayloadPoints{
		CollectionName: k.collection, Wait: api.PtrOf(true), PointsSelector: api.NewPointsSelector(api.NewID(face)),
		Payload: api.NewValueMap(map[string]any{key: value}),
	})
	require.NoError(t, err)
}

func (k *tool) turn(t *testing.T, face string, to []float32) {
	t.Helper()
	_, err := k.client.UpdateVectors(t.Context(), &api.UpdatePointVectors{
		CollectionName: k.collection, Wait: api.PtrOf(true),
		Points: []*api.PointVectors{{Id: api.NewID(face), Vectors: api.NewVectorsMap(map[string]*api.Vector{"template": api.NewVectorDense(to)})}},
	})
	require.NoError(t, err)
}

// fixed is a log that does not grow.
type fixed []changelog.Change

func (l fixed) Changes(_ context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	end := min(uint64(len(l)), after+uint64(limit))
	return l[min(after, end):end], end, nil
}

func (l fixed) Position(context.Context) (uint64, error) { return uint64(len(l)), nil }

// TestVerify changes collections behind the index's back, and expects to be
// told exactly that.
func TestVerify(t *testing.T) {
	t.Parallel()
	rng, s, other := newRand(15), newScope(), newScope()
	log := fixed(append(people(rng, s, 30, dimension), people(rng, other, 30, dimension)...))
	id := log[7].Face
	turned := append([]float32(nil), log[7].Template...)
	turned[0] = -turned[0]
	address := qdranttest.Address(t)
	for name, test := range map[string]struct {
		damage func(t *testing.T, k *tool)
		want   []verify.Difference
	}{
		"nothing": {func(*testing.T, *tool) {}, nil},
		"a face is missing": {
			func(t *testing.T, k *tool) { k.remove(t, string(id)) },
			[]verify.Difference{
				{Scope: s, What: "number of faces", Want: 30, Have: 29},
				{Scope: s, Face: string(id), What: "missing"},
			},
		},
		"a subject": {
			func(t *testing.T, k *tool) { k.set(t, string(id), "subject", "eve") },
			[]verify.Difference{{Scope: s, Face: string(id), What: "different"}},
		},
		"metadata": {
			func(t *testing.T, k *tool) { k.set(t, string(id), "labels", []any{"team=green"}) },
			[]verify.Difference{{Scope: s, Face: string(id), What: "different"}},
		},
		"a template": {
			func(t *testing.T, k *tool) { k.turn(t, string(id), turned) },
			[]verify.Difference{{Scope: s, Face: string(id), What: "different"}},
		},
		"another tenant's": {
			func(t *testing.T, k *tool) {
				k.set(t, string(id), "tenant", other.Tenant)
				k.set(t, string(id), "gallery", other.Gallery)
			},
			[]verify.Difference{
				{Scope: s, What: "number of faces", Want: 30, Have: 29},
				{Scope: s, Face: string(id), What: "missing"},
				{Scope: other, What: "number of faces", Want: 30, Have: 31},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(address)
			x := open(t, cfg)
			require.NoError(t, x.Apply(t.Context(), log, number(0, log)))
			test.damage(t, newTool(t, cfg))
			v, err := x.Verify(t.Context(), log, verify.Options{})
			require.NoError(t, err)
			require.ElementsMatch(t, test.want, v.Differences)
			require.Equal(t, 60, v.Faces)
			require.Equal(t, 60, v.Compared)
			v, err = x.Verify(t.Context(), log, verify.Options{Sample: 10, Seed: 3})
			require.NoError(t, err)
			require.Equal(t, 20, v.Compared)

			require.NoError(t, x.Reset(t.Context()))
			f, _ := follow(t, log, x)
			require.NoError(t, f.Wait(t.Context(), uint64(len(log))))
			v, err = x.Verify(t.Context(), log, verify.Options{})
			require.NoError(t, err)
			require.Empty(t, v.Differences, "after a rebuild")
		})
	}
}

// TestVerifyWhileChanging checks that what changes meanwhile is no difference.
func TestVerifyWhileChanging(t *testing.T) {
	t.Parallel()
	log := newLogOf(newRand(16))
	x := open(t, config(qdranttest.Address(t)))
	log.grow(50)
	follow(t, log, x)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				log.grow(1)
			}
		}
	}()
	for range 10 {
		v, err := x.Verify(t.Context(), log, verify.Options{})
		require.NoError(t, err)
		require.Empty(t, v.Differences)
	}
	close(stop)
	<-ended
	requireFollowed(t, log, x)
}
