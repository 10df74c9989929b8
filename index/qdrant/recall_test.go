package qdrant_test

import (
	"context"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"oneton/index"
	"oneton/index/qdrant"
	"oneton/index/qdrant/qdranttest"
)

func smallRecall() qdrant.RecallOptions {
	o := qdrant.DefaultRecallOptions()
	o.Probes, o.K = 50, 5
	return o
}

// walks counts the searches that were not of everything.
func walks(w *watch) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, request := range w.requests {
		if r, ok := request.(*api.QueryPoints); ok && !r.GetParams().GetExact() {
			n++
		}
	}
	return n
}

// TestGraphIsRefused checks that no search walks a graph before its recall was
// measured with the same settings, accepted, and the gallery is about as large.
func TestGraphIsRefused(t *testing.T) {
	ctx, rng, s := t.Context(), newRand(5), newScope()
	cfg := config(qdranttest.Address(t))
	x := open(t, cfg)
	graph := cfg
	graph.Search = qdrant.HNSW
	refused := func(cfg qdrant.Config) {
		t.Helper()
		_, err := qdrant.New(ctx, cfg)
		require.ErrorIs(t, err, qdrant.ErrNotAccepted)
	}
	refused(graph)
	faces := people(rng, s, 100, dimension)
	end := number(0, faces)
	require.NoError(t, x.Apply(ctx, faces, end))
	refused(graph)
	_, err := x.AcceptRecall(ctx, s)
	require.ErrorIs(t, err, qdrant.ErrNotAccepted, "nothing is measured")
	_, found, err := x.Recall(ctx, s)
	require.NoError(t, err)
	require.False(t, found)

	measured, err := x.MeasureRecall(ctx, s, smallRecall())
	require.NoError(t, err)
	require.Equal(t, 50, measured.Probes)
	require.Equal(t, 100, measured.Faces)
	require.Zero(t, measured.Missed, "so small a gallery is scanned")
	require.Greater(t, measured.MissRateBound(), 0.0)
	require.InDelta(t, 1, measured.Overlap, 1e-9)
	refused(graph)

	accepted, err := x.AcceptRecall(ctx, s)
	require.NoError(t, err)
	measured.Accepted = true
	require.Equal(t, measured, accepted)
	stored, found, err := x.Recall(ctx, s)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, accepted, stored)
	otherwise := graph
	otherwise.EF *= 2
	refused(otherwise)

	w := new(watch)
	y, err := qdrant.NewWith(ctx, graph, w.option())
	require.NoError(t, err)
	defer func() { require.NoError(t, y.Close()) }()
	search := func(s index.Scope) int {
		t.Helper()
		before := walks(w)
		_, err := y.Search(ctx, index.Query{Scope: s, Probe: faces[0].Template, K: 3, Threshold: -1})
		require.NoError(t, err)
		return walks(w) - before
	}
	require.Equal(t, 1, search(s), "accepted")
	strangers := newScope()
	others := people(rng, strangers, 3, dimension)
	end = number(end, others)
	require.NoError(t, x.Apply(ctx, others, end))
	require.Zero(t, search(strangers), "another gallery")
	more := people(rng, s, 19, dimension)
	end = number(end, more)
	require.NoError(t, x.Apply(ctx, more, end))
	require.Equal(t, 1, search(s), "a little larger")
	more = people(rng, s, 2, dimension)
	end = number(end, more)
	require.NoError(t, x.Apply(ctx, more, end))
	require.Zero(t, search(s), "more than a fifth larger")

	moved := s
	moved.Pack += "@2"
	converted := people(rng, moved, 100, dimension)
	end = number(end, converted)
	require.NoError(t, x.Apply(ctx, converted, end))
	require.Zero(t, search(moved), "another version of the pack")
	z, err := qdrant.New(ctx, graph)
	require.NoError(t, err, "what was accepted of the version before is a reason to start")
	require.NoError(t, z.Close())

	all := drop(s)
	all.Seq = end + 1
	require.NoError(t, x.Apply(ctx, append(faces[:0:0], all), end+1))
	_, found, err = x.Recall(ctx, s)
	require.NoError(t, err)
	require.False(t, found, "it goes with the gallery")
}

// blunt makes walks of graphs find only the worst rows, as a bad graph would.
func blunt() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := call(ctx, method, req, reply, conn, opts...)
		if r, ok := req.(*api.QueryPoints); ok && r.GetParams() != nil && !r.GetParams().GetExact() {
			answer := reply.(*api.QueryResponse)
			answer.Result = answer.Result[len(answer.Result)/2:]
		}
		return err
	})
}

func TestRecallCountsMisses(t *testing.T) {
	ctx, rng, s := t.Context(), newRand(6), newScope()
	x := open(t, config(qdranttest.Address(t)), blunt())
	faces := people(rng, s, 40, dimension)
	require.NoError(t, x.Apply(ctx, faces, number(0, faces)))
	o := smallRecall()
	o.Probes = 30
	r, err := x.MeasureRecall(ctx, s, o)
	require.NoError(t, err)
	require.Equal(t, 30, r.Probes)
	require.Equal(t, 30, r.Missed)
	require.InDelta(t, 1, r.MissRate(), 0)
	require.LessOrEqual(t, r.MissRateBound(), 1.0)
	require.Less(t, r.Overlap, 0.5)

	_, err = x.MeasureRecall(ctx, newScope(), o)
	require.Error(t, err, "an empty gallery")
	o.MatedCosine = 1.5
	_, err = x.MeasureRecall(ctx, s, o)
	require.Error(t, err)
}

// TestMissRateBound compares with scipy.stats.binomtest.
func TestMissRateBound(t *testing.T) {
	for _, test := range []struct {
		missed, probes int
		want           float64
	}{{0, 1000, 0.0038267584}, {10, 1000, 0.0183094688}, {500, 1000, 0.5309303996}, {1, 10, 0.4041500267}} {
		r := qdrant.Recall{Missed: test.missed, Probes: test.probes}
		require.InDelta(t, test.want, r.MissRateBound(), 1e-8)
	}
}
