package qdrant

import (
	"context"
	"time"

	api "github.com/qdrant/go-client/qdrant"
)

const (
	// graphFrom is the kilobytes of templates from which on they get a graph.
	graphFrom = 1000
	// int8Quantile leaves out the largest coordinates when the range of an int8
	// is fitted to them.
	int8Quantile = 0.99
	buildPause   = 500 * time.Millisecond
	// idlePolls in a row without work mean that a graph is whole: for a moment
	// after a change of settings there is no work yet.
	idlePolls = 4
)

// buildGraph gives the collection the graph that cfg describes, over int8
// vectors in memory, and waits until it is whole.
func (x *Index) buildGraph(ctx context.Context, s *space) error {
	err := x.client.UpdateCollection(ctx, &api.UpdateCollection{
		CollectionName: s.name,
		HnswConfig: &api.HnswConfigDiff{
			M:           api.PtrOf(uint64(x.cfg.Degree)),
			PayloadM:    api.PtrOf(uint64(x.cfg.Degree)),
			EfConstruct: api.PtrOf(uint64(x.cfg.Construct)),
		},
		QuantizationConfig: api.NewQuantizationDiffScalar(&api.ScalarQuantization{
			Type: api.QuantizationType_Int8, Quantile: api.PtrOf(float32(int8Quantile)), AlwaysRam: api.PtrOf(true),
		}),
		OptimizersConfig: &api.OptimizersConfigDiff{IndexingThreshold: api.PtrOf(uint64(graphFrom))},
	})
	if err != nil {
		return x.failed(ctx, "configure graph", err)
	}
	for idle := 0; idle < idlePolls; {
		info, err := x.client.GetCollectionInfo(ctx, s.name)
		if err != nil {
			return x.failed(ctx, "look at collection "+s.name, err)
		}
		if idle++; info.GetStatus() != api.CollectionStatus_Green {
			idle = 0
		}
		select {
		case <-ctx.Done():
			return x.failed(ctx, "wait for graph", ctx.Err())
		case <-time.After(buildPause):
		}
	}
	return nil
}
