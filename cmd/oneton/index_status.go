package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"oneton/config"
	"oneton/index/qdrant"
	"oneton/node"
)

type indexStatus struct {
	settings
	output
}

// indexState is how far an index has come and what it holds.
type indexState struct {
	Engine string `json:"engine"`
	// Where is the folder of the saved index, or Qdrant's address.
	Where    string `json:"where"`
	Position uint64 `json:"position"`
	// End is the database's position.
	End         uint64            `json:"end"`
	Collections []indexCollection `json:"collections,omitempty"`
	Galleries   []indexGallery    `json:"galleries"`
	// prefix is that of the collections.
	prefix string
}

// indexCollection is one of Qdrant's.
type indexCollection struct {
	Name      string `json:"name"`
	Pack      string `json:"pack"`
	Dimension int    `json:"dimension"`
	Position  uint64 `json:"position"`
	State     string `json:"state"`
	Segments  int    `json:"segments"`
	InGraph   int    `json:"in_graph"`
}

// indexGallery is a gallery in the index.
type indexGallery struct {
	scope
	Faces int `json:"faces"`
	// Counted and Recall are of Qdrant.
	Counted *int         `json:"counted,omitempty"`
	Recall  *graphRecall `json:"recall,omitempty"`
}

// graphRecall is what was measured of searches by graph.
type graphRecall struct {
	Probes        int       `json:"probes"`
	Missed        int       `json:"missed"`
	MissRate      float64   `json:"miss_rate"`
	MissRateBound float64   `json:"miss_rate_bound"`
	MatedCosine   float64   `json:"mated_cosine"`
	Faces         int       `json:"faces"`
	K             int       `json:"k"`
	Overlap       float64   `json:"overlap"`
	Degree        int       `json:"m"`
	Construct     int       `json:"ef_construct"`
	EF            int       `json:"ef"`
	Oversampling  float64   `json:"oversampling"`
	MeasuredAt    time.Time `json:"measured_at"`
	Accepted      bool      `json:"accepted"`
}

func graphRecallOf(r *qdrant.Recall) *graphRecall {
	if r == nil {
		return nil
	}
	return &graphRecall{
		r.Probes, r.Missed, r.MissRate(), r.MissRateBound(), r.MatedCosine, r.Faces, r.K, r.Overlap,
		r.Degree, r.Construct, r.EF, r.Oversampling, r.MeasuredAt, r.Accepted,
	}
}

// Run prints the state.
func (c *indexStatus) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(cfg config.Config, x *node.Index) error {
		state, err := stateOf(ctx, cfg, x)
		if err != nil {
			return err
		}
		return c.table(state, state.write)
	})
}

func stateOf(ctx context.Context, cfg config.Config, x *node.Index) (indexState, error) {
	end, err := x.Truth.Store.Position(ctx)
	if err != nil {
		return indexState{}, err
	}
	names, err := names(ctx, x.Truth.Store)
	if err != nil {
		return indexState{}, err
	}
	s := indexState{Engine: "exact", Where: cfg.Data, Position: x.Position(), End: end, Galleries: []indexGallery{}}
	q := x.Qdrant()
	if q == nil {
		for _, id := range slices.Sorted(maps.Keys(names)) {
			at, err := x.Scope(ctx, names[id])
			if err != nil {
				return indexState{}, err
			}
			n, err := x.Faces(ctx, at)
			if err != nil {
				return indexState{}, err
			}
			s.Galleries = append(s.Galleries, indexGallery{scope: scopeOf(at, names), Faces: n})
		}
		return s, nil
	}
	st, err := q.Status(ctx)
	if err != nil {
		return indexState{}, err
	}
	s.Engine, s.Where, s.prefix, s.Position = "qdrant", cfg.Index.Qdrant.Address, cfg.Index.Qdrant.Prefix, st.Position
	for _, c := range st.Collections {
		s.Collections = append(s.Collections, indexCollection{c.Name, c.Pack, c.Dimension, c.Position, c.State, c.Segments, c.Graphed})
		for _, g := range c.Galleries {
			s.Galleries = append(s.Galleries, indexGallery{scopeOf(g.Scope, names), g.Faces, &g.Counted, graphRecallOf(g.Recall)})
		}
	}
	return s, nil
}

func (s indexState) write(out io.Writer) {
	if s.Engine == "exact" {
		fmt.Fprintf(out, "engine\texact, as saved in %s\nposition\t%d of %d\n\n", s.Where, s.Position, s.End)
		fmt.Fprintf(out, "TENANT\tGALLERY\tPACK\tFACES\n")
		for _, g := range s.Galleries {
			fmt.Fprintf(out, "%s\t%d\n", g.scope, g.Faces)
		}
		return
	}
	fmt.Fprintf(out, "engine\tqdrant at %s, collections %s*\nposition\t%d of %d\n\n", s.Where, s.prefix, s.Position, s.End)
	fmt.Fprintf(out, "COLLECTION\tPACK\tDIMENSION\tPOSITION\tSTATE\tSEGMENTS\tIN GRAPH\n")
	for _, c := range s.Collections {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%s\t%d\t%d\n", c.Name, c.Pack, c.Dimension, c.Position, c.State, c.Segments, c.InGraph)
	}
	fmt.Fprintf(out, "\nTENANT\tGALLERY\tPACK\tFACES\tCOUNTED\tSEARCH BY GRAPH\n")
	for _, g := range s.Galleries {
		fmt.Fprintf(out, "%s\t%d\t%d\t%s\n", g.scope, g.Faces, *g.Counted, g.Recall)
	}
}

// String says in a few words what was measured.
func (r *graphRecall) String() string {
	if r == nil {
		return "not measured"
	}
	state := "not accepted"
	if r.Accepted {
		state = "accepted"
	}
	return fmt.Sprintf("%s: missed %d of %d at %d faces", state, r.Missed, r.Probes, r.Faces)
}
