package qdrant_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"oneton/index"
	"oneton/index/qdrant/qdranttest"
)

// watch notes the requests that are sent.
type watch struct {
	mu       sync.Mutex
	requests []any
}

func (w *watch) option() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		w.mu.Lock()
		w.requests = append(w.requests, req)
		w.mu.Unlock()
		return call(ctx, method, req, reply, conn, opts...)
	})
}

// requireWithin checks that a filter keeps to the scope, whatever else it has.
func requireWithin(t *testing.T, f *api.Filter, s index.Scope) {
	t.Helper()
	must := make(map[string]string)
	for _, c := range f.GetMust() {
		if m := c.GetField(); m.GetMatch().GetKeyword() != "" {
			must[m.GetKey()] = m.GetMatch().GetKeyword()
		}
	}
	require.Equal(t, map[string]string{"tenant": string(s.Tenant), "gallery": string(s.Gallery)}, must)
	require.Empty(t, f.GetShould())
	require.Nil(t, f.GetMinShould())
}

// TestEveryCallStaysInTheGallery looks at what goes over the wire: everything
// that searches, counts or deletes by filter, or writes a face, names the
// tenant and the gallery.
func TestEveryCallStaysInTheGallery(t *testing.T) {
	w, ctx := new(watch), t.Context()
	x := open(t, config(qdranttest.Address(t)), w.option())
	rng, s := newRand(1), newScope()
	s.Pack = `pack "of" an/owner`
	faces := people(rng, s, 30, dimension)
	end := number(0, faces)
	require.NoError(t, x.Apply(ctx, faces, end))
	gone := remove(s, string(faces[3].Face))
	gone.Seq = end + 1
	require.NoError(t, x.Apply(ctx, people(rng, s, 0, dimension), end))
	require.NoError(t, x.Apply(ctx, append(faces[:0:0], gone), end+1))
	for _, filter := range []map[string][]string{nil, {"team": {"red"}}, {`team" or "`: {"*"}}} {
		_, err := x.Search(ctx, index.Query{Scope: s, Probe: faces[0].Template, K: 3, Threshold: -1, Filter: filter})
		require.NoError(t, err)
	}
	_, err := x.MeasureRecall(ctx, s, smallRecall())
	require.NoError(t, err)
	_, err = x.Status(ctx)
	require.NoError(t, err)
	everything := drop(s)
	everything.Seq = end + 2
	require.NoError(t, x.Apply(ctx, append(faces[:0:0], everything), end+2))

	seen := make(map[string]int)
	for _, request := range w.requests {
		switch r := request.(type) {
		case *api.QueryPoints:
			seen["search"]++
			requireWithin(t, r.GetFilter(), s)
			require.Empty(t, r.GetPrefetch())
		case *api.CountPoints:
			seen["count"]++
			requireWithin(t, r.GetFilter(), s)
		case *api.ScrollPoints:
			// Records of galleries are no faces, and have another key.
			require.Len(t, r.GetFilter().GetMust(), 1)
			require.Equal(t, "kind", r.GetFilter().GetMust()[0].GetField().GetKey())
		case *api.UpdateBatchPoints:
			for _, op := range r.GetOperations() {
				if f := op.GetDeletePoints().GetPoints().GetFilter(); f != nil {
					seen["delete"]++
					requireWithin(t, f, s)
				}
				for _, p := range op.GetUpsert().GetPoints() {
					if len(p.GetVectors().GetVectors().GetVectors()) > 0 {
						seen["put"]++
						require.Equal(t, string(s.Tenant), p.GetPayload()["tenant"].GetStringValue())
						require.Equal(t, string(s.Gallery), p.GetPayload()["gallery"].GetStringValue())
					} else {
						require.NotContains(t, p.GetPayload(), "tenant")
					}
				}
			}
		case *api.QueryBatchPoints, *api.QueryPointGroups, *api.DeletePoints, *api.SearchPoints, *api.FacetCounts, *api.SetPayloadPoints:
			require.Fail(t, "a call that this test does not know", "%T", r)
		}
	}
	for what, least := range map[string]int{"search": 3, "count": 1, "delete": 2, "put": 30} {
		require.GreaterOrEqual(t, seen[what], least, what)
	}
}

// TestSharedQdrant checks that two installations in one Qdrant do not meet.
func TestSharedQdrant(t *testing.T) {
	address, ctx := qdranttest.Address(t), t.Context()
	one := config(address)
	other := one
	other.Prefix += "-two"
	a, b := open(t, one), open(t, other)
	s := newScope()
	faces := people(newRand(1), s, 5, dimension)
	end := number(0, faces)
	require.NoError(t, a.Apply(ctx, faces, end))
	require.Zero(t, b.Position())
	r, err := b.Search(ctx, index.Query{Scope: s, Probe: faces[0].Template, K: 3, Threshold: -1})
	require.NoError(t, err)
	require.Empty(t, r.Hits)
	require.NoError(t, b.Reset(ctx))
	n, err := a.Faces(ctx, s)
	require.NoError(t, err)
	require.Equal(t, 5, n, "what another installation deletes")
}

// TestPackNames checks that packs whose names a collection cannot have, or
// that differ in case, keep apart.
func TestPackNames(t *testing.T) {
	x, ctx := open(t, config(qdranttest.Address(t))), t.Context()
	s := newScope()
	var scopes []index.Scope
	position := uint64(0)
	for i, pack := range []string{"sface", "SFace", "s/face", "s\\face", "../sface", "çédula", "", "a\x00b"} {
		s.Pack = pack
		faces := people(newRand(uint64(i)), s, i+1, dimension+i)
		next := number(position, faces)
		err := x.Apply(ctx, faces, next)
		if pack == "" {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err, "%q", pack)
		position = next
		scopes = append(scopes, s)
	}
	again, err := x.Status(ctx)
	require.NoError(t, err)
	require.Len(t, again.Collections, len(scopes))
	names := make(map[string]bool)
	for _, c := range again.Collections {
		names[c.Name] = true
		i := slices.IndexFunc(scopes, func(s index.Scope) bool { return s.Pack == c.Pack })
		require.GreaterOrEqual(t, i, 0, "%q", c.Pack)
	}
	require.Len(t, names, len(scopes))
}
