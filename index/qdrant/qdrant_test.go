package qdrant_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/indextest"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
	"oneton/store"
)

const dimension = 16

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config is of an index of its own on the Qdrant at address.
func config(address string) qdrant.Config {
	cfg := qdrant.Default()
	cfg.Address = address
	cfg.Prefix = "test-" + uuid.NewString()
	// Other tests of this machine may have its disk: what is tested here is
	// what is answered, and by TestDead how soon.
	cfg.Timeout, cfg.WriteTimeout = time.Minute, time.Minute
	return cfg
}

// open returns an index that is deleted at the test's end.
func open(t *testing.T, cfg qdrant.Config, options ...grpc.DialOption) *qdrant.Index {
	t.Helper()
	x, err := qdrant.NewWith(t.Context(), cfg, options...)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = x.Remove(context.WithoutCancel(t.Context()))
		require.NoError(t, x.Close())
	})
	return x
}

func TestConformance(t *testing.T) {
	t.Parallel()
	address := qdranttest.Address(t)
	indextest.Run(t, func(t *testing.T) indextest.Index { return open(t, config(address)) }, indextest.Options{})
}

// TestShards runs the suite on collections of several shards, smaller.
func TestShards(t *testing.T) {
	t.Parallel()
	address := qdranttest.Address(t)
	indextest.Run(t, func(t *testing.T) indextest.Index {
		cfg := config(address)
		cfg.Shards = 3
		return open(t, cfg)
	}, indextest.Options{Rows: 1000, Changes: 100})
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func random(rng *rand.Rand, dimension int) face.Template {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err) // a random vector has a length
	}
	return t
}

func newScope() index.Scope {
	return index.Scope{Tenant: store.TenantID(uuid.NewString()), Gallery: store.GalleryID(uuid.NewString()), Pack: "pack-a"}
}

func put(s index.Scope, subject, id string, t face.Template, metadata map[string]string) changelog.Change {
	return changelog.Change{
		Kind: changelog.PutFace, Tenant: s.Tenant, Gallery: s.Gallery, Pack: s.Pack,
		Subject: store.SubjectID(subject), Face: store.FaceID(id), Template: t, Metadata: metadata,
	}
}

func remove(s index.Scope, id string) changelog.Change {
	return changelog.Change{Kind: changelog.DeleteFace, Tenant: s.Tenant, Gallery: s.Gallery, Face: store.FaceID(id)}
}

func drop(s index.Scope) changelog.Change {
	return changelog.Change{Kind: changelog.DropGallery, Tenant: s.Tenant, Gallery: s.Gallery}
}

// people is n faces of n subjects in the scope.
func people(rng *rand.Rand, s index.Scope, n, dimension int) []changelog.Change {
	changes := make([]changelog.Change, n)
	for i := range changes {
		id := uuid.NewString()
		changes[i] = put(s, "subject-"+id, id, random(rng, dimension), map[string]string{"team": []string{"red", "blue"}[i%2]})
	}
	return changes
}

// number gives the changes the positions after the last one.
func number(after uint64, changes []changelog.Change) (next uint64) {
	for i := range changes {
		after++
		changes[i].Seq = after
	}
	return after
}

// requireSame checks that the index answers as index/exact does.
func requireSame(t *testing.T, want *exact.Index, got *qdrant.Index, scopes []index.Scope, probes ...face.Template) {
	t.Helper()
	for _, s := range scopes {
		faces, err := want.Faces(t.Context(), s)
		require.NoError(t, err)
		found, err := got.Faces(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, faces, found, "faces of %v", s)
		for _, probe := range probes {
			for _, filter := range []map[string][]string{nil, {"team": {"red"}}} {
				q := index.Query{Scope: s, Probe: probe, K: 10, Threshold: -1, Filter: filter}
				a, err := want.Search(t.Context(), q)
				require.NoError(t, err)
				b, err := got.Search(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, a.Position, b.Position)
				require.Equal(t, a.Faces, b.Faces)
				require.Len(t, b.Hits, len(a.Hits))
				for i, h := range a.Hits {
					require.Equal(t, h.Subject, b.Hits[i].Subject)
					require.Equal(t, h.Face, b.Hits[i].Face)
					require.LessOrEqual(t, math.Abs(h.Cosine-b.Hits[i].Cosine), 1e-6)
				}
			}
		}
	}
}

func newExact(t *testing.T) *exact.Index {
	t.Helper()
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x
}
