package search

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"oneton/search/internal/kernel"
)

const (
	// chunkBytes is what a worker takes at a time: long enough to make the
	// taking cheap, and to lie in the second-level cache while several tiles
	// of probes go over it.
	chunkBytes = 256 << 10
	// chunkBlocks bounds a chunk of short rows.
	chunkBlocks = 256
	// soloBytes is the work, in bytes compared, below which a scan ends
	// sooner than other goroutines could help.
	soloBytes = 1 << 20
)

// scan is one pass of some queries over a view.
type scan struct {
	kernel  *kernel.Kernel
	view    *view
	queries []*query
	// classes are the queries that share a filter.
	classes [][]*query
	// chunk is how many blocks a chunk has; chunks counts them up to each
	// part's end.
	chunk  int
	chunks []int
	taken  atomic.Int64
}

// scan offers the queries the rows of the view that may be in their answers.
func (s *Set) scan(v *view, queries []*query) {
	for _, q := range queries {
		q.begin(v)
	}
	if v.live == 0 {
		return
	}
	sc := scan{kernel: s.kernel, view: v, queries: queries, classes: classify(queries)}
	size := kernel.BlockBytes(s.cfg.Dimension)
	sc.chunk = max(kernel.Step, min(chunkBlocks, chunkBytes/size)/kernel.Step*kernel.Step)
	total := 0
	for _, p := range v.parts {
		total += (blocksFor(p.rows) + sc.chunk - 1) / sc.chunk
		sc.chunks = append(sc.chunks, total)
	}
	workers := min(s.cfg.Workers, total)
	if total*sc.chunk*size*len(queries) < soloBytes {
		workers = 1
	}
	parallel(workers, sc.work)
}

// classify groups the queries by filter.
func classify(queries []*query) [][]*query {
	var classes [][]*query
	for _, q := range queries {
		i := slices.IndexFunc(classes, func(c []*query) bool { return c[0].opt.Filter.same(q.opt.Filter) })
		if i < 0 {
			i = len(classes)
			classes = append(classes, nil)
		}
		classes[i] = append(classes[i], q)
	}
	return classes
}

// parallel runs f n times at once and waits. It runs none itself: the last
// goroutine made is kept for the processor that makes it, and another that
// would take it has to wait.
func parallel(n int, f func()) {
	if n == 1 {
		f()
		return
	}
	var group sync.WaitGroup
	for range n {
		group.Go(f)
	}
	group.Wait()
}

// worker is the memory of one goroutine of a scan.
type worker struct {
	tiles  []tile
	masks  []uint32
	hits   []kernel.Hit
	probes []*kernel.Probe
}

// tile is a kernel's tile and the queries that it speaks of.
type tile struct {
	kernel.Tile
	queries []*query
	// first tells that the tile is the first of its filter.
	first bool
}

var workers = sync.Pool{New: func() any { return new(worker) }}

// work takes chunks until there are none.
func (sc *scan) work() {
	w := workers.Get().(*worker)
	defer workers.Put(w)
	w.prepare(sc)
	total := sc.chunks[len(sc.chunks)-1]
	// The first blocks raise the thresholds, so that most of the later ones
	// have no hits.
	step := kernel.Step
	for {
		c := int(sc.taken.Add(1)) - 1
		if c >= total || sc.cancelled() {
			return
		}
		i := sort.SearchInts(sc.chunks, c+1)
		before := 0
		if i > 0 {
			before = sc.chunks[i-1]
		}
		first := (c - before) * sc.chunk
		end := min(first+sc.chunk, blocksFor(sc.view.parts[i].rows))
		for first < end {
			n := min(step, end-first)
			w.scan(i, &sc.view.parts[i], first, n)
			first += n
			step = min(2*step, sc.chunk)
		}
	}
}

// cancelled tells whether nobody waits for the answers.
func (sc *scan) cancelled() bool {
	for _, q := range sc.queries {
		if q.ctx.Err() == nil {
			return false
		}
	}
	return true
}

// prepare makes the worker's tiles.
func (w *worker) prepare(sc *scan) {
	n, widest := 0, 0
	for _, queries := range sc.classes {
		for first := 0; first < len(queries); {
			width := sc.kernel.Width(len(queries) - first)
			some := queries[first:min(first+width, len(queries))]
			w.probes = w.probes[:0]
			for _, q := range some {
				w.probes = append(w.probes, &q.probe)
			}
			if n == len(w.tiles) {
				w.tiles = append(w.tiles, tile{})
			}
			t := &w.tiles[n]
			t.Fill(sc.kernel, w.probes)
			t.queries, t.first = some, first == 0
			widest = max(widest, width)
			first += len(some)
			n++
		}
	}
	w.tiles = w.tiles[:n]
	w.masks = slices.Grow(w.masks[:0], sc.chunk)[:sc.chunk]
	w.hits = slices.Grow(w.hits[:0], sc.chunk*widest)[:sc.chunk*widest]
}

// scan compares n blocks of a part with every tile.
func (w *worker) scan(number int, p *part, first, n int) {
	blocks := p.blocks[first*kernel.BlockBytes(p.dimension):]
	masks := w.masks[:n]
	for i := range w.tiles {
		t := &w.tiles[i]
		if t.first {
			p.masks(masks, first, t.queries[0].opt.Filter)
		}
		for i, q := range t.queries {
			t.SetThreshold(i, q.need())
		}
		hits := t.Scan(blocks, masks, w.hits)
		for i := range hits {
			t.queries[hits[i].Probe].offer(number, p, first, &hits[i])
		}
	}
}
