package qdrant

import (
	"context"
	"slices"
	"strings"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/index"
)

// Status is what the collections hold.
type Status struct {
	// Position is that of the log up to which all have come.
	Position    uint64
	Collections []Collection
}

// Collection is the collection of one pack.
type Collection struct {
	Name, Pack string
	Dimension  int
	Position   uint64
	// State is Qdrant's word: green, yellow while it optimises, grey before it
	// will, red after an error.
	State    string
	Segments int
	// Graphed is how many templates the graph holds; none without a graph.
	Graphed   int
	Galleries []Gallery
}

// Gallery is a gallery in one pack's collection.
type Gallery struct {
	Scope index.Scope
	// Faces are as recorded, and Counted as there are.
	Faces, Counted int
	Recall         *Recall
}

// Status looks at everything, and counts each gallery's faces, which takes as
// long as a search of all of them.
func (x *Index) Status(ctx context.Context) (Status, error) {
	home, spaces, err := x.known(ctx)
	if err != nil {
		return Status{}, err
	}
	var st Status
	if st.Position, err = x.durable(ctx, home, spaces); err != nil {
		return Status{}, err
	}
	for _, s := range spaces {
		c, err := x.collection(ctx, s)
		if err != nil {
			return Status{}, err
		}
		st.Collections = append(st.Collections, c)
	}
	slices.SortFunc(st.Collections, func(a, b Collection) int { return strings.Compare(a.Name, b.Name) })
	return st, nil
}

func (x *Index) collection(ctx context.Context, s *space) (Collection, error) {
	info, err := x.client.GetCollectionInfo(ctx, s.name)
	if err != nil {
		return Collection{}, x.failed(ctx, "look at collection "+s.name, err)
	}
	points, err := x.get(ctx, s, s.markers)
	if err != nil {
		return Collection{}, err
	}
	c := Collection{
		Name: s.name, Pack: s.pack, Dimension: s.dimension,
		State:    strings.ToLower(info.GetStatus().String()),
		Segments: int(info.GetSegmentsCount()),
		Graphed:  int(info.GetIndexedVectorsCount()),
	}
	c.Position, _ = s.marked(points)
	recalls := make(map[galleryKey]*Recall)
	err = x.scroll(ctx, s, kindRecall, func(p *api.RetrievedPoint) {
		recalls[recorded(p)] = recallOf(p)
	})
	if err != nil {
		return Collection{}, err
	}
	err = x.scroll(ctx, s, kindGallery, func(p *api.RetrievedPoint) {
		k := recorded(p)
		c.Galleries = append(c.Galleries, Gallery{
			Scope:  index.Scope{Tenant: k.tenant, Gallery: k.gallery, Pack: s.pack},
			Faces:  tallyOf(p).faces,
			Recall: recalls[k],
		})
	})
	if err != nil {
		return Collection{}, err
	}
	for i := range c.Galleries {
		g := &c.Galleries[i]
		if g.Counted, err = x.count(ctx, s, galleryKey{g.Scope.Tenant, g.Scope.Gallery}); err != nil {
			return Collection{}, err
		}
	}
	return c, nil
}

// count counts the gallery's faces.
func (x *Index) count(ctx context.Context, s *space, k galleryKey) (int, error) {
	n, err := x.client.Count(ctx, &api.CountPoints{
		CollectionName: s.name, Filter: within(k), Exact: api.PtrOf(true),
	})
	if err != nil {
		return 0, x.failed(ctx, "count faces", err)
	}
	return int(n), nil
}

// scroll calls do with every point of the kind, which are no faces.
func (x *Index) scroll(ctx context.Context, s *space, kind string, do func(*api.RetrievedPoint)) error {
	for from := (*api.PointId)(nil); ; {
		points, next, err := x.client.ScrollAndOffset(ctx, &api.ScrollPoints{
			CollectionName: s.name,
			Filter:         &api.Filter{Must: []*api.Condition{api.NewMatchKeyword(keyKind, kind)}},
			Offset:         from,
			Limit:          api.PtrOf(uint32(maxPoints)),
			WithPayload:    api.NewWithPayload(true),
		})
		if err != nil {
			return x.failed(ctx, "list "+kind+" records", err)
		}
		for _, p := range points {
			do(p)
		}
		if next == nil {
			return nil
		}
		from = next
	}
}
