package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/config"
	"oneton/index"
	"oneton/index/verify"
	"oneton/node"
	"oneton/store"
)

type indexCommand struct {
	Status  indexStatus  `cmd:"" help:"Show how far the index has come and what it holds."`
	Verify  indexVerify  `cmd:"" help:"Compare the index with the database; fails when they differ."`
	Rebuild indexRebuild `cmd:"" help:"Build the index anew from the database. Searches wait meanwhile."`
	Recall  indexRecall  `cmd:"" help:"Measure what a search by graph misses in a gallery, and accept it."`
}

var errDiffers = errors.New("the index differs from the database")

// durableInterval is how often Qdrant is asked how far it has come.
const durableInterval = time.Second

// withIndex opens what the settings name.
func (s settings) withIndex(ctx context.Context, do func(config.Config, *node.Index) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	return node.WithIndex(ctx, cfg, func(x *node.Index) error { return do(cfg, x) })
}

// names are the galleries' names by id.
func names(ctx context.Context, db node.Database) (map[string]store.Gallery, error) {
	byID := make(map[string]store.Gallery)
	for tenants := (store.Page{Limit: 1000}); ; {
		some, err := db.Tenants(ctx, tenants)
		if err != nil || len(some) == 0 {
			return byID, err
		}
		for _, tenant := range some {
			for galleries := (store.Page{Limit: 1000}); ; {
				page, err := db.Galleries(ctx, tenant.ID, galleries)
				if err != nil {
					return nil, err
				}
				if len(page) == 0 {
					break
				}
				for _, g := range page {
					byID[string(g.ID)] = g
				}
				galleries.After = page[len(page)-1].Name
			}
		}
		tenants.After = string(some[len(some)-1].ID)
	}
}

// scope is a gallery of an index as its owner knows it.
type scope struct {
	Tenant  string `json:"tenant"`
	Gallery string `json:"gallery"`
	Pack    string `json:"pack"`
}

func scopeOf(s index.Scope, names map[string]store.Gallery) scope {
	name := names[string(s.Gallery)].Name
	if name == "" {
		name = string(s.Gallery + " (not in the database)")
	}
	return scope{string(s.Tenant), name, s.Pack}
}

// String is the scope as columns.
func (s scope) String() string { return s.Tenant + "\t" + s.Gallery + "\t" + s.Pack }

type indexVerify struct {
	settings
	output
	Sample int           `help:"Faces of each gallery to compare; 0 compares all." default:"1000"`
	Seed   uint64        `help:"Draws the sample." default:"1"`
	Wait   time.Duration `help:"How long the index may take to come to the database's end." default:"30s"`
}

func (c *indexVerify) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(_ config.Config, x *node.Index) error {
		end, err := x.Truth.Store.Position(ctx)
		if err != nil {
			return err
		}
		if at := x.Position(); at > end {
			fmt.Fprintf(c.aside(), "the index is at position %d, ahead of the database at %d, as after a restored backup: 'oneton index rebuild'\n", at, end)
			return errDiffers
		}
		if err := c.arrive(ctx, x, end); err != nil {
			return err
		}
		v, err := x.Verify(ctx, verify.Options{Sample: c.Sample, Seed: c.Seed})
		if err != nil {
			return err
		}
		names, err := names(ctx, x.Truth.Store)
		if err != nil {
			return err
		}
		damaged, err := x.Truth.Damaged(ctx)
		if err != nil {
			return err
		}
		found := comparisonOf(v, damaged, names)
		if err := c.table(found, found.write); err != nil {
			return err
		}
		switch {
		case len(v.Differences) > 0:
			return errDiffers
		case len(damaged) > 0:
			return fmt.Errorf("%d of the database's galleries, policies, keys and calibrations: %w", len(damaged), store.ErrDamaged)
		}
		return nil
	})
}

// arrive waits until the index has come to the end: a saved one is brought
// there, one in Qdrant has its servers.
func (c *indexVerify) arrive(ctx context.Context, x *node.Index, end uint64) error {
	q := x.Qdrant()
	if q == nil {
		fmt.Fprintf(c.aside(), "saved at position %d of %d\n", x.Position(), end)
		return x.ComeTo(ctx, end)
	}
	deadline := time.Now().Add(c.Wait)
	for {
		at, err := q.Durable(ctx)
		if err != nil {
			return err
		}
		if at >= end {
			return nil
		}
		if time.Now().After(deadline) {
			fmt.Fprintf(c.aside(), "the index is at position %d of %d: a collection is missing or older than the others, or no server brings the index along\n", at, end)
			return errDiffers
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(durableInterval):
		}
	}
}

type indexRebuild struct {
	settings
	output
}

func (c *indexRebuild) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(_ config.Config, x *node.Index) error {
		start := time.Now()
		end, err := x.Truth.Store.Position(ctx)
		if err != nil {
			return err
		}
		if err := x.Rebuild(ctx, end); err != nil {
			return err
		}
		took := time.Since(start).Round(time.Millisecond)
		return c.say(map[string]any{"position": end, "took_ms": took.Milliseconds()}, "built from the database up to position %d in %v", end, took)
	})
}
