package qdrant

import (
	"context"
	"fmt"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/index"
)

// The payload of a marker: the position up to which its collection has come,
// and the names of all collections, so that one that goes is missed.
const (
	keyKind        = "kind"
	keyPosition    = "position"
	keyCollections = "collections"
	kindMarker     = "marker"
)

// marks are the space's markers at the position.
func (s *space) marks(position uint64, collections []string) []*api.PointStruct {
	points := make([]*api.PointStruct, len(s.markers))
	for i, id := range s.markers {
		points[i] = &api.PointStruct{
			Id:      api.NewID(id),
			Vectors: noVectors(),
			Payload: map[string]*api.Value{
				keyKind:        api.NewValueString(kindMarker),
				keyPosition:    api.NewValueInt(int64(position)),
				keyCollections: texts(collections),
			},
		}
	}
	return points
}

// noVectors are those of a point that is no face.
func noVectors() *api.Vectors { return api.NewVectorsMap(map[string]*api.Vector{}) }

// marked is what the space's markers among the points say: the position of the
// one furthest behind, 0 when one is missing, and the collections.
func (s *space) marked(points map[string]*api.RetrievedPoint) (position uint64, collections []string) {
	for i, id := range s.markers {
		p, ok := points[id]
		if !ok {
			return 0, nil
		}
		at := uint64(p.GetPayload()[keyPosition].GetIntegerValue())
		if i == 0 || at < position {
			position = at
		}
		collections = append(collections, textsOf(p.GetPayload()[keyCollections])...)
	}
	return position, collections
}

// durable is the position that the collections have come to.
func (x *Index) durable(ctx context.Context, home *space, spaces map[string]*space) (uint64, error) {
	there := map[string]bool{home.name: true}
	all := []*space{home}
	for _, s := range spaces {
		there[s.name] = true
		all = append(all, s)
	}
	var position uint64
	for i, s := range all {
		points, err := x.get(ctx, s, s.markers)
		if err != nil {
			return 0, err
		}
		at, collections := s.marked(points)
		if i == 0 || at < position {
			position = at
		}
		for _, name := range collections {
			if !there[name] {
				return 0, nil
			}
		}
	}
	return position, nil
}

// compared is an error when Qdrant is at an earlier position than before, as
// after it was restored from a backup, or after a process that had been
// replaced came late. The index goes back with it.
func (x *Index) compared(before, at uint64) error {
	if at >= before {
		return nil
	}
	x.position.CompareAndSwap(before, at)
	x.wentBack(before)
	x.forget()
	return fmt.Errorf("%w: qdrant went back from %d to %d", index.ErrUnavailable, before, at)
}

// wentBack notes that the index was further before.
func (x *Index) wentBack(before uint64) {
	x.wasAt.Store(max(before, x.wasAt.Load()))
	x.back.Store(true)
}

// get retrieves points by id, with the payload that tells whose they are.
func (x *Index) get(ctx context.Context, s *space, ids []string) (map[string]*api.RetrievedPoint, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := x.client.Get(ctx, &api.GetPoints{
		CollectionName: s.name, Ids: pointIDs(ids...), WithPayload: api.NewWithPayloadExclude(keySubject, keyLabels),
	})
	if err != nil {
		return nil, x.failed(ctx, "get points", err)
	}
	points := make(map[string]*api.RetrievedPoint, len(found))
	for _, p := range found {
		points[p.GetId().GetUuid()] = p
	}
	return points, nil
}

// mark writes the markers of a collection.
func (x *Index) mark(ctx context.Context, s *space, position uint64, collections []string) error {
	return x.update(ctx, s, upserts(s.marks(position, collections)))
}
