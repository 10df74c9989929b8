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

// scan is one pass of some queries over the segments of their views.
type scan struct {
	kernel *kernel.Kernel
	skim   skimRule
	// mostSifted is about how many rows a tile's sieve may hold.
	mostSifted int
	queries    []*query
	classes    []class
	// segments are those of all the views.
	segments []*segment
	// chunk is how many blocks a chunk has; chunks counts them up to each
	// segment's end.
	chunk  int
	chunks []int
	taken  atomic.Int64
}

// class is queries that look at the same rows.
type class struct {
	queries []*query
	// parts are the places in the view's parts of the scan's segments, or -1,
	// as far as the class has some.
	parts []int
}

// scan offers the queries the rows of their views that may be in their
// answers.
func (s *Set) scan(queries []*query) {
	defer s.traffic.scan()()
	for _, q := range queries {
		q.begin()
	}
	sc := scan{kernel: s.kernel, skim: s.skim, mostSifted: s.mostSifted, queries: queries}
	sc.classify()
	size := kernel.Layout{Dimension: s.cfg.Dimension}.BlockBytes()
	sc.chunk = max(1, min(chunkBlocks, chunkBytes/size))
	total := 0
	for i := range sc.segments {
		total += (blocksFor(sc.rows(i)) + sc.chunk - 1) / sc.chunk
		sc.chunks = append(sc.chunks, total)
	}
	if total == 0 {
		return
	}
	workers := min(s.cfg.Workers, total)
	if total*sc.chunk*size*len(queries) < soloBytes {
		workers = 1
	}
	parallel(workers, sc.work)
}

// classify groups the queries by view and filter and lists the segments.
func (sc *scan) classify() {
	for _, q := range sc.queries {
		i := slices.IndexFunc(sc.classes, func(c class) bool {
			return c.queries[0].view == q.view && c.queries[0].opt.Filter.same(q.opt.Filter)
		})
		if i < 0 {
			i = len(sc.classes)
			sc.classes = append(sc.classes, class{})
		}
		sc.classes[i].queries = append(sc.classes[i].queries, q)
	}
	places := map[*segment]int{}
	for i := range sc.classes {
		c := &sc.classes[i]
		c.parts = slices.Repeat([]int{-1}, len(sc.segments))
		for at, p := range c.queries[0].view.parts {
			place, known := places[p.segment]
			if !known {
				place = len(sc.segments)
				sc.segments = append(sc.segments, p.segment)
				c.parts = append(c.parts, -1)
				places[p.segment] = place
			}
			c.parts[place] = at
		}
	}
}

// part is the class's part of a segment of the scan, or nil.
func (c *class) part(segment int) *part {
	if segment >= len(c.parts) || c.parts[segment] < 0 {
		return nil
	}
	return &c.queries[0].view.parts[c.parts[segment]]
}

// rows is how many rows of a segment some class looks at.
func (sc *scan) rows(segment int) int {
	rows := 0
	for i := range sc.classes {
		if p := sc.classes[i].part(segment); p != nil {
			rows = max(rows, p.rows)
		}
	}
	return rows
}

// worker is the memory of one goroutine of a scan.
type worker struct {
	tiles  []tile
	masks  []uint32
	hits   []kernel.Hit
	probes []*kernel.Probe
	// rows and dots are those of split rows that are being completed.
	rows []uint32
	dots []int32
	// visited is how many of the blocks that masks tells of a kernel visits.
	visited int
}

// tile is a kernel's tile for segments in a basis and the queries that it
// speaks of.
type tile struct {
	kernel.Tile
	basis   *basis
	queries []*query
	class   *class
	// first tells that the tile is the first of its class for the basis.
	first bool
	skim  skimming
	sieve sieve
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
	step := 1
	for {
		c := int(sc.taken.Add(1)) - 1
		if sc.cancelled() {
			return
		}
		if c >= total {
			for i := range w.tiles {
				w.settle(&w.tiles[i])
			}
			return
		}
		i := sort.SearchInts(sc.chunks, c+1)
		before := 0
		if i > 0 {
			before = sc.chunks[i-1]
		}
		first := (c - before) * sc.chunk
		end := min(first+sc.chunk, blocksFor(sc.rows(i)))
		for first < end {
			n := min(step, end-first)
			w.scan(i, first, n)
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
	w.tiles = w.tiles[:0]
	widest := 0
	for i := range sc.classes {
		c := &sc.classes[i]
		for _, b := range c.queries[0].view.bases {
			widest = max(widest, w.tile(sc, c, b))
		}
	}
	w.masks = slices.Grow(w.masks[:0], sc.chunk)[:sc.chunk]
	w.hits = slices.Grow(w.hits[:0], sc.chunk*widest)[:sc.chunk*widest]
}

// tile makes the tiles of a class for segments in a basis and returns the
// width of the widest.
func (w *worker) tile(sc *scan, c *class, b *basis) (widest int) {
	for first := 0; first < len(c.queries); {
		width := sc.kernel.Width(len(c.queries) - first)
		some := c.queries[first:min(first+width, len(c.queries))]
		w.probes = w.probes[:0]
		for _, q := range some {
			w.probes = append(w.probes, q.probe(b))
		}
		n := len(w.tiles)
		w.tiles = slices.Grow(w.tiles, 1)[:n+1]
		t := &w.tiles[n]
		t.Fill(sc.kernel, w.probes)
		t.basis, t.queries, t.class, t.first = b, some, c, first == 0
		t.skim = skimming{rule: sc.skim, able: len(sc.queries) == 1 && t.CanSkim()}
		t.sieve.reset(len(some), sc.mostSifted)
		widest = max(widest, width)
		first += len(some)
	}
	return widest
}

// scan compares n blocks of a segment with every tile for its basis whose class
// looks at them.
func (w *worker) scan(number, first, n int) {
	for i := range w.tiles {
		t := &w.tiles[i]
		p := t.class.part(number)
		if p == nil || t.basis != p.basis || first >= blocksFor(p.rows) {
			continue
		}
		masks := w.masks[:min(n, blocksFor(p.rows)-first)]
		if t.first {
			w.visited = p.masks(masks, first, t.queries[0].opt.Filter)
		}
		if t.IsSplit() {
			w.sift(t, number, first, p, masks)
			continue
		}
		if t.skim.pays(t.queries[0].need()) {
			masks = t.skim.run(t, first, p, masks, w.visited, w.hits)
		}
		w.compare(t, number, first, p, masks)
	}
}

// compare compares blocks of a part from first on with a tile.
func (w *worker) compare(t *tile, number, first int, p *part, masks []uint32) {
	for i, q := range t.queries {
		t.SetThreshold(i, q.need())
	}
	hits := t.Scan(p.planes.From(first), masks, w.hits)
	for i := range hits {
		// A spoiled word makes a hit even of a probe that is not there.
		if probe := int(hits[i].Probe); probe < len(t.queries) {
			t.queries[probe].offer(t.class.parts[number], p, first, &hits[i])
		}
	}
}
