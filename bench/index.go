package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/exact"
	"oneton/index/qdrant"
	"oneton/store"
)

type indexCommand struct {
	Qdrant     string        `help:"gRPC endpoint, host:port, of a Qdrant; without one only the exact index is measured." env:"ONETON_TEST_QDRANT"`
	Sizes      []int         `help:"Faces of the galleries." default:"100000,1000000"`
	Clients    []int         `help:"Searches at once." default:"1,8"`
	Thresholds []float64     `help:"Thresholds; -1 keeps everybody." default:"-1,0.5"`
	EF         []int         `help:"Breadths of a graph's walk; none measures no graph." default:"128,512"`
	Probes     int           `help:"Mated probes." default:"1000"`
	Recall     int           `help:"Probes by which a graph's recall is measured before it may be used." default:"200"`
	Compared   int           `help:"Probes whose answers by Qdrant's exact search and by the exact index are compared." default:"200"`
	Duration   time.Duration `help:"Time of one measurement." default:"10s"`
	Name       string        `help:"Name of the results." default:"index"`
	Out        string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

// indexResult is what the engines do on one gallery.
type indexResult struct {
	Faces   int            `json:"faces"`
	Engines []engineResult `json:"engines"`
	// Compared probes had the same subjects, faces and order by Qdrant's exact
	// search as by the exact index, but for Different of them.
	Compared  int `json:"compared"`
	Different int `json:"different"`
}

type engineResult struct {
	// Engine is "exact", "qdrant exact" or "qdrant hnsw".
	Engine string `json:"engine"`
	EF     int    `json:"ef,omitempty"`
	// FillSeconds is to apply all faces, in batches of 1,000; GraphSeconds to
	// build the graph and measure its recall.
	FillSeconds  float64 `json:"fill_seconds,omitempty"`
	GraphSeconds float64 `json:"graph_seconds,omitempty"`
	// Rank1 is the share of mated probes whose mate is the first hit.
	Rank1 float64     `json:"rank1"`
	Loads []indexLoad `json:"loads"`
}

// indexLoad is what clients get who search one after the other.
type indexLoad struct {
	Clients   int     `json:"clients"`
	Threshold float64 `json:"threshold"`
	PerSecond float64 `json:"searches_per_second"`
	latency
	// ToExact is the exact index's searches per second over this engine's.
	ToExact float64 `json:"exact_over_this"`
}

// searched is an index under measurement.
type searched interface {
	changelog.View
	Search(ctx context.Context, q index.Query) (index.Result, error)
}

// Run measures the galleries one after the other.
func (c *indexCommand) Run(ctx context.Context) error {
	draw, err := newFaces(defaultDimension)
	if err != nil {
		return err
	}
	var results []indexResult
	for _, size := range c.Sizes {
		fmt.Fprintf(os.Stderr, "%s: %d faces\n", time.Now().Format(time.TimeOnly), size)
		r, err := c.gallery(ctx, draw, size)
		if err != nil {
			return fmt.Errorf("gallery of %d: %w", size, err)
		}
		results = append(results, r)
	}
	return save(c.Out, c.Name, c, results)
}

// indexBench measures engines on one gallery.
type indexBench struct {
	command *indexCommand
	scope   index.Scope
	rows    [][]float32
	probes  [][]float32
	result  indexResult
}

func (c *indexCommand) gallery(ctx context.Context, draw *faces, size int) (_ indexResult, err error) {
	b := &indexBench{
		command: c, result: indexResult{Faces: size},
		scope: index.Scope{Tenant: "bench", Gallery: store.GalleryID(uuid.NewString()), Pack: "sface"},
	}
	b.rows, b.probes = draw.gallery(size, min(c.Probes, size), 0)
	ours, err := exact.New(exact.Config{})
	if err != nil {
		return b.result, err
	}
	defer func() { err = errors.Join(err, ours.Close()) }()
	r := engineResult{Engine: "exact"}
	if r.FillSeconds, err = b.fill(ctx, ours); err != nil {
		return b.result, err
	}
	if err := b.measure(ctx, ours, r); err != nil {
		return b.result, err
	}
	if c.Qdrant != "" {
		err = b.qdrant(ctx, ours)
	}
	return b.result, err
}

// fill applies the rows, each a subject's only face, and returns the seconds.
// Faces have the same ids in every engine.
func (b *indexBench) fill(ctx context.Context, x searched) (float64, error) {
	const batch = 1000
	start := time.Now()
	var changes []changelog.Change
	for i, row := range b.rows {
		id := b.id(i)
		changes = append(changes, changelog.Change{
			Seq: uint64(i + 1), Kind: changelog.PutFace, Tenant: b.scope.Tenant, Gallery: b.scope.Gallery,
			Pack: b.scope.Pack, Subject: store.SubjectID(id), Face: store.FaceID(id), Template: row,
		})
		if len(changes) == batch || i == len(b.rows)-1 {
			if err := x.Apply(ctx, changes, uint64(i+1)); err != nil {
				return 0, err
			}
			changes = nil
		}
	}
	return time.Since(start).Seconds(), nil
}

func (b *indexBench) id(i int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)).String()
}

func (b *indexBench) query(i int, threshold float64) index.Query {
	return index.Query{Scope: b.scope, Probe: face.Template(b.probes[i%len(b.probes)]), K: hitsWanted, Threshold: threshold}
}

// measure adds the engine's ranks and loads to the result.
func (b *indexBench) measure(ctx context.Context, x searched, r engineResult) error {
	found := 0
	for i := range b.probes {
		a, err := x.Search(ctx, b.query(i, -1))
		if err != nil {
			return err
		}
		if len(a.Hits) > 0 && a.Hits[0].Face == store.FaceID(b.id(i)) {
			found++
		}
	}
	r.Rank1 = float64(found) / float64(len(b.probes))
	for _, threshold := range b.command.Thresholds {
		for _, clients := range b.command.Clients {
			l, err := b.load(ctx, x, clients, threshold)
			if err != nil {
				return err
			}
			base := l.PerSecond
			if len(b.result.Engines) > 0 {
				base = b.result.Engines[0].Loads[len(r.Loads)].PerSecond
			}
			l.ToExact = base / l.PerSecond
			fmt.Fprintf(os.Stderr, "%s ef=%d, %d clients, threshold %g: %.1f a second, median %.2f ms, p99 %.2f ms\n",
				r.Engine, r.EF, clients, threshold, l.PerSecond, l.MedianMS, l.P99MS)
			r.Loads = append(r.Loads, l)
		}
	}
	b.result.Engines = append(b.result.Engines, r)
	return nil
}

func (b *indexBench) load(ctx context.Context, x searched, clients int, threshold float64) (indexLoad, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var next atomic.Int64
	times := make([][]float64, clients)
	start := time.Now()
	for w := range clients {
		wg.Go(func() {
			for time.Since(start) < b.command.Duration && ctx.Err() == nil {
				q, began := b.query(int(next.Add(1)), threshold), time.Now()
				if _, err := x.Search(ctx, q); err != nil {
					cancel(err)
					return
				}
				times[w] = append(times[w], float64(time.Since(began).Microseconds())/1000)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	if ctx.Err() != nil {
		return indexLoad{}, context.Cause(ctx)
	}
	var all []float64
	for _, some := range times {
		all = append(all, some...)
	}
	return indexLoad{
		Clients: clients, Threshold: threshold, PerSecond: float64(len(all)) / took.Seconds(),
		latency: latencyOf(all),
	}, nil
}

// qdrant measures a Qdrant, by comparing with every template and by a graph.
func (b *indexBench) qdrant(ctx context.Context, ours searched) (err error) {
	cfg := qdrant.Default()
	cfg.Address, cfg.Prefix = b.command.Qdrant, "bench-"+uuid.NewString()
	cfg.Timeout, cfg.WriteTimeout = time.Minute, 2*time.Minute
	x, err := qdrant.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Remove(context.WithoutCancel(ctx)), x.Close()) }()
	r := engineResult{Engine: "qdrant exact"}
	if r.FillSeconds, err = b.fill(ctx, x); err != nil {
		return err
	}
	if err := b.compare(ctx, ours, x); err != nil {
		return err
	}
	if err := b.measure(ctx, x, r); err != nil {
		return err
	}
	for _, ef := range b.command.EF {
		if err := b.graph(ctx, cfg, ef); err != nil {
			return fmt.Errorf("graph with ef %d: %w", ef, err)
		}
	}
	return nil
}

// graph measures a search by the graph, whose recall is measured and accepted
// first, as everywhere.
func (b *indexBench) graph(ctx context.Context, cfg qdrant.Config, ef int) (err error) {
	cfg.EF = ef
	x, err := qdrant.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	start := time.Now()
	options := qdrant.DefaultRecallOptions()
	options.Probes = b.command.Recall
	if _, err := x.MeasureRecall(ctx, b.scope, options); err != nil {
		return err
	}
	if _, err := x.AcceptRecall(ctx, b.scope); err != nil {
		return err
	}
	r := engineResult{Engine: "qdrant hnsw", EF: ef, GraphSeconds: time.Since(start).Seconds()}
	cfg.Search = qdrant.HNSW
	walking, err := qdrant.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, walking.Close()) }()
	return b.measure(ctx, walking, r)
}

// compare counts probes for which the engines do not answer alike.
func (b *indexBench) compare(ctx context.Context, ours, theirs searched) error {
	for i := range min(b.command.Compared, len(b.probes)) {
		a, err := ours.Search(ctx, b.query(i, -1))
		if err != nil {
			return err
		}
		z, err := theirs.Search(ctx, b.query(i, -1))
		if err != nil {
			return err
		}
		b.result.Compared++
		same := len(a.Hits) == len(z.Hits)
		for j := range a.Hits {
			same = same && a.Hits[j].Face == z.Hits[j].Face
		}
		if !same {
			b.result.Different++
		}
	}
	return nil
}
