package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	core "oneton/search"
)

type searchCommand struct {
	Dimensions  []int         `help:"Dimensions of the templates." default:"128,320,512"`
	Sizes       []int         `help:"Rows of the galleries." default:"10000,100000,1000000"`
	Mixed       int           `help:"Size at which searches are measured beside inserts, at the first dimension." default:"1000000"`
	Graphs      []int         `help:"Sizes at which peers' graph indexes are built too, at the first dimension." default:"100000,1000000"`
	GraphsOf    []string      `help:"Peers whose graph indexes are built." default:"faiss,usearch,hnswlib,qdrant"`
	QdrantRows  int           `help:"Most rows to give Qdrant." default:"1000000"`
	Efforts     []int         `help:"How far a graph search looks, from quick to careful." default:"32,64,128,256,512,1024,2048,4096"`
	Peers       bool          `help:"Measure peers too." default:"true" negatable:""`
	Python      string        `help:"Python with numpy, faiss-cpu, usearch, hnswlib and orjson." default:"python3" json:"-"`
	Duration    time.Duration `help:"Time of one measurement." default:"3s"`
	Probes      int           `help:"Mated probes, and as many of strangers." default:"1000"`
	Checkpoints string        `help:"Folder that keeps built graphs from one run to the next." json:"-"`
	Checked     int           `help:"Probes whose answers are compared with brute force." default:"50"`
	Deletions   int           `help:"How often, at least once, searches are measured before and after rows are deleted, each time a third of a measurement's." default:"8"`
	Name        string        `help:"Name of the results." default:"search"`
	Out         string        `help:"Folder of the results." default:"bench/results" json:"-"`

	PeerVersions map[string]string `kong:"-"`
}

// hitsWanted is the k of every search.
const hitsWanted = 10

// together is how many probes a batch has.
const together = 32

type searchResult struct {
	Kernel    string          `json:"kernel"`
	Kernels   []kernelResult  `json:"kernels"`
	Galleries []galleryResult `json:"galleries"`
	Mixed     *mixedResult    `json:"mixed_reads_and_writes"`
}

// galleryResult is what was measured on one gallery, by all engines.
type galleryResult struct {
	Dimension int          `json:"dimension"`
	Rows      int          `json:"rows"`
	Ours      ourResult    `json:"oneton"`
	Peers     []peerResult `json:"peers,omitempty"`
	// Ratios are a peer's time over ours, of one probe and of a batch; a
	// graph's is of its fastest setting that finds 99.9 % of the mates.
	Ratios map[string]ratio `json:"ratios,omitempty"`
}

type ratio struct {
	Single float64 `json:"one_probe"`
	Batch  float64 `json:"batch"`
}

// Run measures the galleries from the smallest to the largest.
func (c *searchCommand) Run(ctx context.Context) error {
	var res searchResult
	var err error
	if res.Kernels, err = c.kernels(ctx); err != nil {
		return err
	}
	res.Kernel = res.Kernels[0].Name
	for _, dimension := range c.Dimensions {
		draw, err := newFaces(dimension)
		if err != nil {
			return err
		}
		for _, size := range c.Sizes {
			if !roomFor(size, dimension) {
				fmt.Fprintf(os.Stderr, "no memory for %d rows of dimension %d\n", size, dimension)
				continue
			}
			fmt.Fprintf(os.Stderr, "%s: %d rows of dimension %d\n", time.Now().Format(time.TimeOnly), size, dimension)
			if err := c.gallery(ctx, draw, size, &res); err != nil {
				return fmt.Errorf("gallery of %d × %d: %w", size, dimension, err)
			}
			runtime.GC()
			if _, err := write(c.Out, c.Name, c, res); err != nil {
				return err
			}
			if err := plotSearch(c.Out, c.Name, &res); err != nil {
				return err
			}
		}
	}
	return save(c.Out, c.Name, c, res)
}

// roomFor is whether memory has room for a gallery twice as float32, once for
// this process and once for a peer, with a quarter to spare.
func roomFor(rows, dimension int) bool {
	const float, copies, spare = 4, 2, 1.25
	return float64(rows)*float64(dimension)*float*copies*spare < float64(availableMemory())
}

// gallery measures one gallery and adds the result.
func (c *searchCommand) gallery(ctx context.Context, draw *faces, size int, res *searchResult) error {
	mated := min(c.Probes, size)
	rows, probes := draw.gallery(size, mated, c.Probes)
	g := galleryResult{Dimension: draw.dimension, Rows: size}
	bench := &ourBench{command: c, rows: rows, mated: probes[:mated], strangers: probes[mated:], duration: c.Duration}
	var err error
	if g.Ours, err = bench.run(ctx); err != nil {
		return err
	}
	first := draw.dimension == c.Dimensions[0]
	if first && size == c.Mixed {
		if res.Mixed, err = bench.mixed(ctx); err != nil {
			return err
		}
	}
	if c.Peers {
		if g.Peers, err = c.peers(ctx, bench, first); err != nil {
			return err
		}
		g.compare()
	}
	res.Galleries = append(res.Galleries, g)
	return nil
}

// kernelResult is one kernel's speed on 100,000 rows of the first dimension.
type kernelResult struct {
	Name     string  `json:"name"`
	SingleMS float64 `json:"one_probe_ms"`
	BatchMS  float64 `json:"batch_ms_per_probe"`
	// Times are how much faster than the reference it is.
	Single float64 `json:"one_probe_times_reference"`
	Batch  float64 `json:"batch_times_reference"`
}

func (c *searchCommand) kernels(ctx context.Context) ([]kernelResult, error) {
	const size = 100_000
	draw, err := newFaces(c.Dimensions[0])
	if err != nil {
		return nil, err
	}
	rows, probes := draw.gallery(size, together, together)
	bench := &ourBench{command: c, rows: rows, mated: probes[:together], strangers: probes[together:], duration: c.Duration}
	var all []kernelResult
	for _, name := range core.Kernels() {
		set, err := bench.build(core.Config{Dimension: draw.dimension, Kernel: name})
		if err != nil {
			return nil, err
		}
		times, err := bench.inTurn(one(ctx, set, probes, plain), many(ctx, set, probes, plain))
		if err != nil {
			return nil, err
		}
		all = append(all, kernelResult{Name: name, SingleMS: median(times[0]), BatchMS: perProbe(times[1], probes)})
		if err := set.Close(); err != nil {
			return nil, err
		}
	}
	reference := all[len(all)-1]
	for i := range all {
		all[i].Single, all[i].Batch = reference.SingleMS/all[i].SingleMS, reference.BatchMS/all[i].BatchMS
	}
	return all, nil
}
