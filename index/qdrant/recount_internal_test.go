package qdrant

import (
	"context"
	"fmt"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"oneton/face"
	"oneton/index"
)

// told is a Qdrant that answers what a test tells it: one gallery, of which
// each look at its record finds the next of records, and every search the rows.
type told struct {
	scope   index.Scope
	prefix  string
	records []*tally
	rows    []*api.ScoredPoint
}

func (q *told) option() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(_ context.Context, method string, req, reply any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
		switch reply := reply.(type) {
		case *api.ListCollectionsResponse:
			for _, name := range q.names() {
				reply.Collections = append(reply.Collections, &api.CollectionDescription{Name: name})
			}
		case *api.GetCollectionInfoResponse:
			reply.Result = &api.CollectionInfo{Config: &api.CollectionConfig{
				Params: &api.CollectionParams{ShardNumber: 1, VectorsConfig: api.NewVectorsConfigMap(map[string]*api.VectorParams{vectorName: {Size: 2}})},
			}}
			if req.(*api.GetCollectionInfoRequest).GetCollectionName() != q.prefix {
				reply.Result.Config.Metadata = map[string]*api.Value{keyPack: api.NewValueString(q.scope.Pack)}
			}
		case *api.GetResponse:
			reply.Result = q.get(req.(*api.GetPoints))
		case *api.QueryResponse:
			reply.Result = q.rows
		default:
			return fmt.Errorf("a call that this test does not know: %s", method)
		}
		return nil
	})
}

func (q *told) names() []string { return []string{q.prefix, q.prefix + "_" + q.scope.Pack} }

func (q *told) get(req *api.GetPoints) (found []*api.RetrievedPoint) {
	k := galleryKey{q.scope.Tenant, q.scope.Gallery}
	s := newSpace(req.GetCollectionName(), 1)
	for _, id := range req.GetIds() {
		var p *api.PointStruct
		switch id.GetUuid() {
		case s.markers[0]:
			p = s.marks(7, q.names())[0]
		case recordID(k):
			p = q.records[0].record(k)
			q.records = q.records[1:]
		default:
			continue
		}
		found = append(found, &api.RetrievedPoint{Id: p.GetId(), Payload: p.GetPayload()})
	}
	return found
}

// TestCountOfWhatWasSearched: the number of faces, and the threshold, are never
// of less than the search may have looked at, whatever another process has put
// since they were counted or is putting.
func TestCountOfWhatWasSearched(t *testing.T) {
	row := func(subject string, cosine float32) *api.ScoredPoint {
		return &api.ScoredPoint{
			Id: api.NewID(madeUp("face", subject)), Score: cosine,
			Payload: map[string]*api.Value{keySubject: api.NewValueString(subject)},
			Vectors: &api.VectorsOutput{VectorsOptions: &api.VectorsOutput_Vectors{Vectors: &api.NamedVectorsOutput{
				Vectors: map[string]*api.VectorOutput{vectorName: {Vector: &api.VectorOutput_Dense{Dense: &api.DenseVector{Data: []float32{cosine, 0}}}}},
			}}},
		}
	}
	for name, c := range map[string]struct {
		before, after *tally
		faces         int
		hits          []string
	}{
		"nothing":     {&tally{faces: 3}, &tally{faces: 3}, 3, []string{"ann", "bob"}},
		"have come":   {&tally{faces: 3}, &tally{faces: 6}, 6, []string{"ann"}},
		"are coming":  {&tally{faces: 3}, &tally{faces: 3, pending: map[string]bool{"x": false, "y": false, "z": false}}, 6, []string{"ann"}},
		"came before": {&tally{faces: 3, pending: map[string]bool{"x": false}}, &tally{faces: 4}, 4, []string{"ann", "bob"}},
		"have gone":   {&tally{faces: 6}, &tally{faces: 3}, 6, []string{"ann"}},
		"are going":   {&tally{faces: 6}, &tally{faces: 6, pending: map[string]bool{"x": true}}, 6, []string{"ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Default()
			cfg.Prefix = "test"
			q := &told{
				scope: index.Scope{Tenant: "t", Gallery: "g", Pack: "pack-a"}, prefix: cfg.Prefix,
				records: []*tally{c.before, c.after}, rows: []*api.ScoredPoint{row("ann", 0.9), row("bob", 0.5)},
			}
			x, err := newIndex(t.Context(), cfg, q.option())
			require.NoError(t, err)
			defer func() { require.NoError(t, x.Close()) }()
			asked := 0
			r, err := x.Search(t.Context(), index.Query{
				Scope: q.scope, Probe: face.Template{1, 0}, K: 5,
				ThresholdFor: func(faces int) float64 { asked = faces; return float64(faces) / 10 },
			})
			require.NoError(t, err)
			require.Equal(t, uint64(7), r.Position)
			require.Equal(t, c.faces, r.Faces)
			require.Equal(t, c.faces, asked)
			var hits []string
			for _, h := range r.Hits {
				hits = append(hits, string(h.Subject))
			}
			require.Equal(t, c.hits, hits)
		})
	}
}
