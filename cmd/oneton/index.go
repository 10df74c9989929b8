package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"oneton/config"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/verify"
	"oneton/store"
)

type indexCommand struct {
	Status  indexStatus  `cmd:"" help:"Show how far the index has come and what it holds."`
	Verify  indexVerify  `cmd:"" help:"Compare the index with the database; fails when they differ."`
	Rebuild indexRebuild `cmd:"" help:"Build the index anew from the database. Searches wait meanwhile."`
	Recall  indexRecall  `cmd:"" help:"Measure what a search by graph misses in a gallery, and accept it."`
}

var (
	errDiffers  = errors.New("the index differs from the database")
	errNotSaved = errors.New("index.engine is exact and index.save is 0: each server builds an index of its own at its start, and none is saved")
	errInUse    = errors.New("a server uses the saved index, and holds it in memory; ask its /readyz, or stop it first")
)

// opened is an index at rest, for one piece of work.
type opened struct {
	cfg   config.Config
	truth *truth
	engine
}

// withIndex opens what the settings name.
func (s settings) withIndex(ctx context.Context, do func(*opened) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	if cfg.Index.Engine == "exact" && cfg.Index.Save == 0 {
		return errNotSaved
	}
	if err := begun(cfg); err != nil {
		return err
	}
	cfg.Index.Qdrant.Search = "exact" // whatever servers do, here it is only looked
	t, err := openTruth(ctx, cfg)
	if err != nil {
		return err
	}
	log := zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr}).Level(zerolog.WarnLevel)
	var e engine
	if cfg.Index.Engine == "exact" {
		e, err = resumeExact(cfg, t, log)
	} else {
		e, err = openQdrant(ctx, cfg, t, log)
	}
	if errors.Is(err, exact.ErrLocked) {
		err = fmt.Errorf("%w (%s)", errInUse, filepath.Join(cfg.Data, "index"))
	}
	if err != nil {
		return errors.Join(err, t.close())
	}
	return errors.Join(do(&opened{cfg, t, e}), e.Close(), t.close())
}

// end is the position of the log's last change.
func (o *opened) end(ctx context.Context) (uint64, error) { return o.truth.store.Position(ctx) }

// comeTo brings the index to the position, or waits for the server that does.
func (o *opened) comeTo(ctx context.Context, position uint64) error {
	working, stop := context.WithCancel(ctx)
	work, working := errgroup.WithContext(working)
	work.Go(func() error { return o.run(working) })
	work.Go(func() error {
		defer stop()
		for {
			// The first tries may meet collections that are not there yet.
			err := o.Wait(working, position)
			if err == nil || working.Err() != nil {
				return err
			}
			time.Sleep(turnRetry)
		}
	})
	err := work.Wait()
	if ctx.Err() == nil && errors.Is(err, context.Canceled) && o.Position() >= position {
		return nil
	}
	return err
}

// names are the galleries' names by id.
func (o *opened) names(ctx context.Context) (map[string]store.Gallery, error) {
	names := make(map[string]store.Gallery)
	for tenants := (store.Page{Limit: 1000}); ; {
		some, err := o.truth.store.Tenants(ctx, tenants)
		if err != nil || len(some) == 0 {
			return names, err
		}
		for _, tenant := range some {
			for galleries := (store.Page{Limit: 1000}); ; {
				page, err := o.truth.store.Galleries(ctx, tenant.ID, galleries)
				if err != nil {
					return nil, err
				}
				if len(page) == 0 {
					break
				}
				for _, g := range page {
					names[g.ID] = g
				}
				galleries.After = page[len(page)-1].Name
			}
		}
		tenants.After = some[len(some)-1].ID
	}
}

// scope is where faces of the gallery are searched.
func (o *opened) scope(ctx context.Context, g store.Gallery) (index.Scope, error) {
	space, err := o.truth.store.Space(ctx, g.Pack)
	return index.Scope{Tenant: g.Tenant, Gallery: g.ID, Pack: space.Name()}, err
}

// named is a scope as its owner knows it.
func named(s index.Scope, names map[string]store.Gallery) string {
	name := names[s.Gallery].Name
	if name == "" {
		name = s.Gallery + " (not in the database)"
	}
	return fmt.Sprintf("%s\t%s\t%s", s.Tenant, name, s.Pack)
}

type indexVerify struct {
	settings
	Sample int           `help:"Faces of each gallery to compare; 0 compares all." default:"1000"`
	Seed   uint64        `help:"Draws the sample." default:"1"`
	Wait   time.Duration `help:"How long the index may take to come to the database's end." default:"30s"`
}

func (c *indexVerify) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(o *opened) error {
		end, err := o.end(ctx)
		if err != nil {
			return err
		}
		if at := o.Position(); at > end {
			fmt.Printf("the index is at position %d, ahead of the database at %d, as after a restored backup: 'oneton index rebuild'\n", at, end)
			return errDiffers
		}
		if err := c.arrive(ctx, o, end); err != nil {
			return err
		}
		v, err := o.Verify(ctx, o.truth.store, verify.Options{Sample: c.Sample, Seed: c.Seed})
		if err != nil {
			return err
		}
		names, err := o.names(ctx)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, d := range v.Differences {
			switch {
			case d.Position > 0:
				fmt.Fprintf(out, "%s\tface %s\t%s at position %d\n", named(d.Scope, names), cmp.Or(d.Face, "unknown"), d.What, d.Position)
			case d.Face == "":
				fmt.Fprintf(out, "%s\t%s\tdatabase %d, index %d\n", named(d.Scope, names), d.What, d.Want, d.Have)
			default:
				fmt.Fprintf(out, "%s\tface %s\t%s\n", named(d.Scope, names), d.Face, d.What)
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
		fmt.Printf("position %d: %d faces in the database, %d compared, %d differences\n", v.Position, v.Faces, v.Compared, len(v.Differences))
		damaged, err := o.truth.store.Damaged(ctx)
		if err != nil {
			return err
		}
		for _, d := range damaged {
			fmt.Println(strings.TrimLeft(fmt.Sprintf("%s %s: the %s is damaged in the database", d.Tenant, d.Name, d.What), " "))
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
func (c *indexVerify) arrive(ctx context.Context, o *opened, end uint64) error {
	q, ok := o.engine.(*qdrantEngine)
	if !ok {
		fmt.Printf("saved at position %d of %d\n", o.Position(), end)
		return o.comeTo(ctx, end)
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
			fmt.Printf("the index is at position %d of %d: a collection is missing or older than the others, or no server brings the index along\n", at, end)
			return errDiffers
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchInterval):
		}
	}
}

type indexRebuild struct{ settings }

func (c *indexRebuild) Run(ctx context.Context) error {
	return c.withIndex(ctx, func(o *opened) error {
		start := time.Now()
		end, err := o.end(ctx)
		if err != nil {
			return err
		}
		if err := o.rebuild(ctx); err != nil {
			return err
		}
		if err := o.comeTo(ctx, end); err != nil {
			return err
		}
		fmt.Printf("built from the database up to position %d in %v\n", end, time.Since(start).Round(time.Millisecond))
		return nil
	})
}
