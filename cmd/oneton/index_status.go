package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"oneton/config"
	"oneton/index/qdrant"
	"oneton/node"
	"oneton/store"
)

type indexStatus struct{ settings }

func (c *indexStatus) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(cfg config.Config, x *node.Index) error {
		end, err := x.Truth.Store.Position(ctx)
		if err != nil {
			return err
		}
		names, err := names(ctx, x.Truth.Store)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		if q := x.Qdrant(); q != nil {
			err = statusOfQdrant(ctx, out, q, cfg.Index.Qdrant, end, names)
		} else {
			err = statusOfSaved(ctx, out, x, cfg.Data, end, names)
		}
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

func statusOfSaved(ctx context.Context, out io.Writer, x *node.Index, data string, end uint64, names map[string]store.Gallery) error {
	fmt.Fprintf(out, "engine\texact, as saved in %s\nposition\t%d of %d\n\n", data, x.Position(), end)
	fmt.Fprintf(out, "TENANT\tGALLERY\tPACK\tFACES\n")
	for _, id := range slices.Sorted(maps.Keys(names)) {
		g := names[id]
		scope, err := x.Scope(ctx, g)
		if err != nil {
			return err
		}
		n, err := x.Faces(ctx, scope)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\t%d\n", named(scope, names), n)
	}
	return nil
}

func statusOfQdrant(ctx context.Context, out io.Writer, q *qdrant.Index, at qdrant.Config, end uint64, names map[string]store.Gallery) error {
	st, err := q.Status(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "engine\tqdrant at %s, collections %s*\nposition\t%d of %d\n\n", at.Address, at.Prefix, st.Position, end)
	fmt.Fprintf(out, "COLLECTION\tPACK\tDIMENSION\tPOSITION\tSTATE\tSEGMENTS\tIN GRAPH\n")
	for _, c := range st.Collections {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%s\t%d\t%d\n", c.Name, c.Pack, c.Dimension, c.Position, c.State, c.Segments, c.Graphed)
	}
	fmt.Fprintf(out, "\nTENANT\tGALLERY\tPACK\tFACES\tCOUNTED\tSEARCH BY GRAPH\n")
	for _, c := range st.Collections {
		for _, g := range c.Galleries {
			fmt.Fprintf(out, "%s\t%d\t%d\t%s\n", named(g.Scope, names), g.Faces, g.Counted, recallText(g.Recall))
		}
	}
	return nil
}

func recallText(r *qdrant.Recall) string {
	if r == nil {
		return "not measured"
	}
	state := "not accepted"
	if r.Accepted {
		state = "accepted"
	}
	return fmt.Sprintf("%s: missed %d of %d at %d faces", state, r.Missed, r.Probes, r.Faces)
}
