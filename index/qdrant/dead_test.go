package qdrant_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/index"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
)

// TestDead checks that a Qdrant that has ended, or that keeps silent, is an
// error in bounded time, and that the index goes on when it is back.
func TestDead(t *testing.T) {
	server := qdranttest.Start(t)
	ctx, rng, s := t.Context(), newRand(7), newScope()
	cfg := config(server.Address())
	cfg.Timeout, cfg.WriteTimeout = 300*time.Millisecond, 600*time.Millisecond
	const longest = 3 * time.Second
	x := open(t, cfg)
	faces := people(rng, s, 10, dimension)
	end := number(0, faces)
	require.NoError(t, x.Apply(ctx, faces, end))
	q := index.Query{Scope: s, Probe: faces[0].Template, K: 3, Threshold: -1}

	for name, fault := range map[string]struct{ begin, end func(testing.TB) }{
		"dead":   {server.Kill, server.Restart},
		"silent": {server.Pause, server.Resume},
	} {
		t.Run(name, func(t *testing.T) {
			more := people(rng, s, 1, dimension)
			next := number(x.Position(), more)
			calls := map[string]func() error{
				"search":  func() error { _, err := x.Search(ctx, q); return err },
				"faces":   func() error { _, err := x.Faces(ctx, s); return err },
				"apply":   func() error { return x.Apply(ctx, more, next) },
				"wait":    func() error { return x.Wait(ctx, next) },
				"status":  func() error { _, err := x.Status(ctx); return err },
				"reset":   func() error { return x.Reset(ctx) },
				"measure": func() error { _, err := x.MeasureRecall(ctx, s, smallRecall()); return err },
				"a search of another pack": func() error {
					_, err := x.Search(ctx, index.Query{Scope: index.Scope{Pack: "new"}, Probe: q.Probe, K: 1})
					return err
				},
			}
			fault.begin(t)
			for name, call := range calls {
				start := time.Now()
				require.ErrorIs(t, call(), index.ErrUnavailable, name)
				require.Less(t, time.Since(start), longest, name)
			}
			cancelled, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			start := time.Now()
			_, err := x.Search(cancelled, q)
			cancel()
			require.True(t, errors.Is(err, index.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded), "%v", err)
			require.Less(t, time.Since(start), longest)

			start = time.Now()
			y, err := qdrant.New(ctx, cfg)
			require.NoError(t, err, "a process starts without Qdrant")
			require.Less(t, time.Since(start), longest)
			defer func() { require.NoError(t, y.Close()) }()
			require.Zero(t, y.Position())
			_, err = y.Search(ctx, q)
			require.ErrorIs(t, err, index.ErrUnavailable)

			fault.end(t)
			require.Eventually(t, func() bool { return x.Apply(ctx, more, next) == nil }, time.Minute, 50*time.Millisecond)
			require.Eventually(t, func() bool {
				n, err := y.Faces(ctx, s)
				return err == nil && n == int(next)
			}, time.Minute, 50*time.Millisecond)
			require.Equal(t, next, y.Position())
			r, err := x.Search(ctx, q)
			require.NoError(t, err)
			require.Equal(t, faces[0].Face, r.Hits[0].Face)
		})
	}
}
