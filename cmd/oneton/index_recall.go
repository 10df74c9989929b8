package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"oneton/config"
	"oneton/index/qdrant"
	"oneton/node"
	"oneton/store"
)

type indexRecall struct {
	settings
	output
	Tenant  string  `arg:"" help:"The tenant's id."`
	Gallery string  `arg:"" help:"The gallery's name."`
	Accept  bool    `help:"Accept the last measurement instead of making one: servers with index.qdrant.search hnsw search this gallery by the graph."`
	Probes  int     `help:"How many faces are drawn and searched."`
	K       int     `help:"How many subjects a search returns."`
	Cosine  float64 `help:"What two photos of one person have."`
	Seed    uint64  `help:"Draws the probes." default:"1"`
}

func (c *indexRecall) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(_ config.Config, x *node.Index) error {
		q := x.Qdrant()
		if q == nil {
			return c.say(graphRecall{}, "engine exact compares the probe with every template: it misses nobody")
		}
		g, err := x.Truth.Store.Gallery(ctx, store.TenantID(c.Tenant), c.Gallery)
		if err != nil {
			return err
		}
		scope, err := x.Scope(ctx, g)
		if err != nil {
			return err
		}
		var r qdrant.Recall
		if c.Accept {
			r, err = q.AcceptRecall(ctx, scope)
		} else {
			options := qdrant.DefaultRecallOptions()
			options.Probes, options.K = cmp.Or(c.Probes, options.Probes), cmp.Or(c.K, options.K)
			options.MatedCosine, options.Seed = cmp.Or(c.Cosine, options.MatedCosine), c.Seed
			r, err = q.MeasureRecall(ctx, scope, options)
		}
		if err != nil {
			return err
		}
		return c.print(graphRecallOf(&r), func(w io.Writer) error { return c.tell(w, r) })
	})
}

func (c *indexRecall) tell(w io.Writer, r qdrant.Recall) error {
	fmt.Fprintf(w, "of %d people, searched by probes at cosine %.2f among %d faces, the graph missed %d: %.2f %%, and with 97.5 %% confidence at most %.2f %%\n",
		r.Probes, r.MatedCosine, r.Faces, r.Missed, 100*r.MissRate(), 100*r.MissRateBound())
	fmt.Fprintf(w, "of the %d nearest it found %.1f %% (m %d, ef_construct %d, ef %d, oversampling %g)\n",
		r.K, 100*r.Overlap, r.Degree, r.Construct, r.EF, r.Oversampling)
	next := "to accept that: the same command with --accept"
	if c.Accept {
		next = "accepted: servers with index.qdrant.search hnsw search this gallery by the graph until it has grown by a fifth"
	}
	_, err := fmt.Fprintln(w, next)
	return err
}
