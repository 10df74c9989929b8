package qdrant_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/index"
	"oneton/index/qdrant/qdranttest"
)

// TestOtherProcess checks what a process that only searches promises: whoever
// waits for a position finds everything up to it, in packs too that have come
// after its start.
func TestOtherProcess(t *testing.T) {
	ctx, cfg := t.Context(), config(qdranttest.Address(t))
	a, b := open(t, cfg), open(t, cfg)
	rng, s := newRand(12), newScope()
	empty := people(rng, newScope(), 0, dimension)
	require.NoError(t, a.Apply(ctx, empty, 3))
	require.NoError(t, b.Wait(ctx, 3), "a position without a face")
	r, err := b.Search(ctx, index.Query{Scope: s, Probe: random(rng, dimension), K: 1, Threshold: -1})
	require.NoError(t, err)
	require.Equal(t, index.Result{Position: 3, Work: index.Work{Proof: index.ProofAll}}, r)

	for i, pack := range []string{"pack-a", "pack-b", "pack-a"} {
		s.Pack = pack
		faces := people(rng, s, 5, dimension)
		end := number(a.Position(), faces)
		require.NoError(t, a.Apply(ctx, faces, end))
		require.NoError(t, b.Wait(ctx, end))
		r, err := b.Search(ctx, index.Query{Scope: s, Probe: faces[4].Template, K: 1, Threshold: 0.99})
		require.NoError(t, err)
		require.Equal(t, end, r.Position)
		require.Len(t, r.Hits, 1, "batch %d", i)
		require.Equal(t, faces[4].Face, r.Hits[0].Face)
	}

	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, b.Wait(soon, a.Position()+1), context.DeadlineExceeded)

	// b takes over.
	faces := people(rng, s, 5, dimension)
	end := number(b.Position(), faces)
	require.NoError(t, b.Apply(ctx, faces, end))
	require.NoError(t, a.Apply(ctx, faces, end), "what b has applied")
	require.Equal(t, end, a.Position())
	n, err := a.Faces(ctx, s)
	require.NoError(t, err)
	require.Equal(t, 15, n)
}

// TestReadYourWrites searches in another process while people come and go.
func TestReadYourWrites(t *testing.T) {
	const rounds = 60
	ctx, cfg := t.Context(), config(qdranttest.Address(t))
	a, b := open(t, cfg), open(t, cfg)
	s := newScope()
	all := people(newRand(13), s, rounds, dimension)
	var at atomic.Int64 // person i is put at 2i+1 and removed at 2i+2
	var wg sync.WaitGroup
	var stopped atomic.Bool
	failures := make(chan string, 1000)
	for range 3 {
		wg.Go(func() {
			for !stopped.Load() {
				i := at.Load()
				if i == 0 {
					time.Sleep(time.Millisecond)
					continue
				}
				who := all[(i-1)/2]
				if err := b.Wait(ctx, uint64(i)); err != nil {
					failures <- err.Error()
					return
				}
				r, err := b.Search(ctx, index.Query{Scope: s, Probe: who.Template, K: 1, Threshold: 0.999})
				if err != nil {
					failures <- err.Error()
					return
				}
				switch {
				case r.Position < uint64(i):
					failures <- "an answer from before"
				case i%2 == 0 && len(r.Hits) > 0:
					failures <- "a removed person is found"
				case i%2 == 1 && len(r.Hits) == 0 && at.Load() == i:
					failures <- "a person is missed"
				}
			}
		})
	}
	for i, c := range all {
		c.Seq = uint64(2*i + 1)
		require.NoError(t, a.Apply(ctx, append(all[:0:0], c), c.Seq))
		at.Store(int64(c.Seq))
		time.Sleep(5 * time.Millisecond)
		gone := remove(s, string(c.Face))
		gone.Seq = c.Seq + 1
		at.Store(0) // while the removal is under way, either answer is right
		require.NoError(t, a.Apply(ctx, append(all[:0:0], gone), gone.Seq))
		at.Store(int64(gone.Seq))
	}
	stopped.Store(true)
	wg.Wait()
	require.Empty(t, failures)
}

// TestOtherProcessCounts searches in another process while people come: the
// threshold is never that of fewer faces than were searched.
func TestOtherProcessCounts(t *testing.T) {
	const rounds, more = 30, 20
	ctx, cfg := t.Context(), config(qdranttest.Address(t))
	a, b := open(t, cfg), open(t, cfg)
	rng, s := newRand(14), newScope()
	probe := random(rng, dimension)
	var stopped atomic.Bool
	var wg sync.WaitGroup
	failures := make(chan string, 3)
	for range 3 {
		wg.Go(func() {
			for !stopped.Load() {
				asked := -1
				r, err := b.Search(ctx, index.Query{
					Scope: s, Probe: probe, K: 2 * rounds * more,
					ThresholdFor: func(faces int) float64 { asked = faces; return -1 },
				})
				switch {
				case err != nil:
					failures <- err.Error()
				case len(r.Hits) > r.Faces || asked != r.Faces:
					failures <- fmt.Sprintf("%d faces were searched, %d are answered and the threshold is of %d", len(r.Hits), r.Faces, asked)
				default:
					continue
				}
				return
			}
		})
	}
	for range rounds {
		faces := people(rng, s, more, dimension)
		require.NoError(t, a.Apply(ctx, faces, number(a.Position(), faces)))
	}
	stopped.Store(true)
	wg.Wait()
	require.Empty(t, failures)
}
