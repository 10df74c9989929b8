package search

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"oneton/search/internal/kernel"
)

// rescoreAt is how many candidates a query gathers before it rescores them
// while the scan runs: far more than an ordinary search ends with, and few
// enough for a gallery of duplicates not to fill the memory.
const rescoreAt = 8192

// fetchAhead is how many rows are read from a slow disk at once: as many as
// most probes rescore.
const fetchAhead = 32

// query is one probe's search over one view. Workers offer it rows whose
// upper bound reaches its threshold. It raises the threshold to the k-th best
// lower bound, below which no row can be in the answer, and compares in float64
// the rows that are left, at the end and at times before it, best upper bound
// first, until the k-th best score rules out the rest.
type query struct {
	ctx    context.Context
	vector []float32
	opt    Options
	view   *view
	// probes are the vector as the view's bases have it.
	probes []kernel.Probe
	turned []float32

	// threshold is what an upper bound must reach, as float64 bits. It only
	// rises.
	threshold atomic.Uint64
	// skimmed is how many blocks the first plane has ruled out so far.
	skimmed atomic.Int64

	mu         sync.Mutex
	lower      ranking
	candidates []candidate
	best       ranking
	rescored   int
	broken     bool
	buffer     []float32

	result Result
	err    error
}

// candidate is a row that may be in the answer.
type candidate struct {
	lower, upper float64
	part, row    uint32
}

var queries = sync.Pool{New: func() any { return new(query) }}

// newQuery returns a query that must be released.
func newQuery(ctx context.Context, v *view, vector []float32, opt Options) *query {
	q := queries.Get().(*query)
	q.ctx, q.view, q.vector, q.opt = ctx, v, vector, opt
	q.probes = slices.Grow(q.probes[:0], len(v.bases))[:len(v.bases)]
	for i, b := range v.bases {
		q.probes[i].Quantise(q.in(b), layoutOf(b, len(vector)), blurOf(b))
	}
	return q
}

// in is the query's vector in a basis, until the next call.
func (q *query) in(b *basis) []float32 {
	if b == nil {
		return q.vector
	}
	q.turned = slices.Grow(q.turned[:0], len(q.vector))[:len(q.vector)]
	b.turn(q.turned, q.vector)
	return q.turned
}

// probe is the query's for rows in a basis that its view has.
func (q *query) probe(b *basis) *kernel.Probe { return &q.probes[slices.Index(q.view.bases, b)] }

func (q *query) release() {
	q.ctx, q.vector, q.view, q.opt, q.result, q.err = nil, nil, nil, Options{}, Result{}, nil
	queries.Put(q)
}

// begin readies the query for a scan.
func (q *query) begin() {
	k := min(q.opt.K, q.view.live)
	q.lower.reset(k, q.opt.Distinct)
	q.best.reset(k, q.opt.Distinct)
	q.candidates = q.candidates[:0]
	q.rescored, q.broken, q.err = 0, false, nil
	q.skimmed.Store(0)
	q.threshold.Store(math.Float64bits(q.floor()))
}

// floor is the score that a hit must reach.
func (q *query) floor() float64 {
	if q.opt.Threshold <= -1 {
		return math.Inf(-1)
	}
	return q.opt.Threshold
}

func (q *query) need() float64 { return math.Float64frombits(q.threshold.Load()) }

// raise makes the threshold at least t. The caller holds mu.
func (q *query) raise(t float64) {
	if t > q.need() {
		q.threshold.Store(math.Float64bits(t))
	}
}

// offer takes the rows of a block that a kernel reported.
func (q *query) offer(part int, p *part, firstBlock int, h *kernel.Hit) {
	first := (firstBlock + int(h.Block)) * kernel.BlockRows
	probe := q.probe(p.basis)
	for row := range kernel.BlockRows {
		if h.Mask>>row&1 == 1 {
			lower, upper := probe.Bounds(h.Dots[row], &p.planes, first+row)
			q.offerRow(part, p, first+row, lower, upper)
		}
	}
}

// offerRow takes a row whose score is surely between two bounds.
func (q *query) offerRow(part int, p *part, row int, lower, upper float64) {
	if upper >= q.need() {
		q.take(p, candidate{lower: lower, upper: upper, part: uint32(part), row: uint32(row)})
	}
}

func (q *query) take(p *part, c candidate) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return
	}
	q.candidates = append(q.candidates, c)
	low := Hit{Score: c.lower}
	if q.opt.Distinct {
		low.Group = p.groups[c.row]
	}
	q.lower.add(low)
	if worst, ok := q.lower.full(); ok {
		q.raise(worst)
	}
	if len(q.candidates) >= rescoreAt {
		q.thin()
	}
}

// thin drops the candidates that the threshold has ruled out and, when many
// are left, rescores them. The caller holds mu.
func (q *query) thin() {
	need := q.need()
	q.candidates = slices.DeleteFunc(q.candidates, func(c candidate) bool { return c.upper < need })
	if len(q.candidates) > rescoreAt/2 {
		q.rescore()
	}
}

// rescore compares the candidates in float64, the most promising first, until
// the rest cannot be in the answer, and forgets them. The caller holds mu.
func (q *query) rescore() {
	slices.SortFunc(q.candidates, func(a, b candidate) int { return cmp.Compare(b.upper, a.upper) })
	// Those before ahead are being read from the disk, or were compared.
	ahead := 0
	for i, c := range q.candidates {
		if c.upper < q.need() || q.err != nil {
			break
		}
		score, err := q.compare(&q.view.parts[c.part], int(c.row), func() {
			end := min(i+fetchAhead, len(q.candidates))
			q.fetch(q.candidates[max(ahead, i+1):end])
			ahead = end
		})
		if err != nil {
			q.err = err
			break
		}
		if score < c.lower || score > c.upper {
			q.broken = true
		}
	}
	q.candidates = q.candidates[:0]
}

// distrust makes the query compare with every vector: a plane in memory cannot
// be as it was written.
func (q *query) distrust() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.broken = true
}

// settle rescores the candidates that there are, which may raise the threshold.
func (q *query) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rescore()
}

// fetch begins to read from the disk the vectors of the candidates that may
// be in the answer.
func (q *query) fetch(candidates []candidate) {
	for _, c := range candidates {
		if c.upper >= q.need() {
			q.view.parts[c.part].fetch(int(c.row))
		}
	}
}

// compare scores a row in float64 and ranks it. When that may have to wait for
// the disk it first calls waiting. The caller holds mu.
func (q *query) compare(p *part, row int, waiting func()) (float64, error) {
	if q.buffer == nil {
		q.buffer = make([]float32, MaxDimension+1)
	}
	v, err := p.vector(row, q.buffer, waiting)
	if err != nil {
		return 0, err
	}
	score := dot(v, q.vector)
	q.rescored++
	if score >= q.floor() {
		q.best.add(Hit{ID: p.id(row), Group: p.groups[row], Score: score})
		if worst, ok := q.best.full(); ok {
			q.raise(worst)
		}
	}
	return score, nil
}

// finish ends the query after the scan: result or err is its answer.
func (q *query) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.thin()
	q.rescore()
	if q.broken && q.err == nil {
		q.compareAll()
	}
	if err := q.ctx.Err(); err != nil {
		q.err = err
	}
	if q.err != nil {
		return
	}
	hits := slices.Clone(q.best.heap)
	slices.SortFunc(hits, func(a, b Hit) int {
		if better(a, b) {
			return -1
		}
		return 1
	})
	q.result = Result{
		Hits: hits, Certified: !q.broken, Rows: q.view.live, Bytes: int64(q.view.bytes()), Rescored: q.rescored, Skimmed: int(q.skimmed.Load()),
	}
}

// fail makes err the answer.
func (q *query) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
}

// compareAll answers by comparing with every vector.
func (q *query) compareAll() {
	q.best.reset(q.best.k, q.opt.Distinct)
	for i := range q.view.parts {
		p := &q.view.parts[i]
		masks := make([]uint32, blocksFor(p.rows))
		p.masks(masks, 0, q.opt.Filter)
		for row := range p.rows {
			if masks[row/kernel.BlockRows]>>(row%kernel.BlockRows)&1 == 0 {
				continue
			}
			if _, q.err = q.compare(p, row, func() {}); q.err != nil {
				return
			}
		}
	}
}
