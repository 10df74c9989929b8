package qdrant_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/indextest"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
)

// engines are the index and the one to compare it with.
func engines(b *testing.B) map[string]indextest.Index {
	b.Helper()
	x, err := exact.New(exact.Config{})
	require.NoError(b, err)
	cfg := qdrant.Default()
	cfg.Address, cfg.Prefix = qdranttest.Address(b), "bench-"+uuid.NewString()
	cfg.Timeout = time.Minute
	y, err := qdrant.New(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(func() {
		require.NoError(b, x.Close())
		require.NoError(b, y.Remove(context.Background()))
		require.NoError(b, y.Close())
	})
	return map[string]indextest.Index{"exact": x, "qdrant": y}
}

func fill(b *testing.B, x indextest.Index, s index.Scope, rows, dimension int) []face.Template {
	b.Helper()
	const batch = 1000
	rng := newRand(1)
	var probes []face.Template
	for at := 0; at < rows; at += batch {
		faces := people(rng, s, min(batch, rows-at), dimension)
		require.NoError(b, x.Apply(b.Context(), faces, number(x.Position(), faces)))
		probes = append(probes, faces[0].Template)
	}
	return probes
}

func BenchmarkSearch(b *testing.B) {
	const dimension = 128
	for _, rows := range []int{10_000, 100_000} {
		for name, x := range engines(b) {
			s := newScope()
			probes := fill(b, x, s, rows, dimension)
			for _, threshold := range []float64{-1, 0.5} {
				q := index.Query{Scope: s, K: 5, Threshold: threshold}
				search := func(i int) {
					q := q
					q.Probe = probes[i%len(probes)]
					if _, err := x.Search(context.Background(), q); err != nil {
						b.Error(err)
					}
				}
				b.Run(fmt.Sprintf("rows=%d/threshold=%v/engine=%s", rows, threshold, name), func(b *testing.B) {
					for i := 0; b.Loop(); i++ {
						search(i)
					}
				})
				b.Run(fmt.Sprintf("rows=%d/threshold=%v/engine=%s/parallel", rows, threshold, name), func(b *testing.B) {
					b.RunParallel(func(pb *testing.PB) {
						for i := 0; pb.Next(); i++ {
							search(i)
						}
					})
				})
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	const dimension = 128
	for _, faces := range []int{1, 1000} {
		for name, x := range engines(b) {
			s, rng := newScope(), newRand(2)
			b.Run(fmt.Sprintf("faces=%d/engine=%s", faces, name), func(b *testing.B) {
				var changes []changelog.Change
				for b.Loop() {
					b.StopTimer()
					changes = people(rng, s, faces, dimension)
					next := number(x.Position(), changes)
					b.StartTimer()
					require.NoError(b, x.Apply(b.Context(), changes, next))
				}
			})
		}
	}
}
