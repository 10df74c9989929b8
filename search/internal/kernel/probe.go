package kernel

import (
	"math"
	"unsafe"
)

// slack covers the float32 rounding of a scan's arithmetic: four roundings of
// numbers below 8, each by at most 2^-22. A row's coarse codes are longer than
// the row, by two at most.
const slack = 2e-6

// Probe is a quantised probe and its error bound.
//
// With x a row, x' = scale*codes its quantised form and r = x-x', and y, y'
// and t the same of the probe, <x,y> = <x',y'> + <x',t> + <r,y>. By
// Cauchy-Schwarz the last two are within |x'||t| + |r||y|, and
// |x'| <= |x| + |r|. So <x,y> is within |r|(|y|+|t|) + |x||t| of <x',y'>.
type Probe struct {
	codes []int8
	sum   int32
	// step is the probe's scale; slope is |y|+|t|; offset bounds |x||t| and
	// rounding.
	step, slope, offset float64
}

// Quantise makes p the probe of v.
func (p *Probe) Quantise(v []float32) {
	var top, length float64
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
		length += float64(x) * float64(x)
	}
	p.codes = p.codes[:0]
	p.sum = 0
	p.step = top / maxCode
	var rest float64
	for _, x := range v {
		c := math.RoundToEven(float64(x) / p.step)
		p.codes = append(p.codes, int8(c))
		p.sum += int32(c)
		d := float64(x) - p.step*c
		rest += d * d
	}
	t := math.Sqrt(rest) * (1 + 1e-9)
	p.slope = math.Sqrt(length)*(1+1e-9) + t
	p.offset = (1+LengthTolerance)*t + slack
}

// Bounds returns what the dot product of the probe and a row is surely
// between, given the integer dot product of their codes.
func (p *Probe) Bounds(dot int32, planes *Planes, row int) (lower, upper float64) {
	return p.bounds(dot, planes.low, planes.word(row))
}

// CoarseBounds is Bounds given the dot product with the row's coarse codes.
func (p *Probe) CoarseBounds(dot int32, planes *Planes, row int) (lower, upper float64) {
	return p.bounds(dot, planes.high, planes.word(row))
}

func (p *Probe) bounds(dot int32, plane []byte, word int) (lower, upper float64) {
	scale, residual := meta(plane, word)
	about := p.step * float64(scale) * float64(dot)
	far := float64(residual)*p.slope + p.offset
	return about - far, about + far
}

// Tile is a few probes as a kernel takes them.
type Tile struct {
	probes  []*Probe
	variant variant
	pairs   int
	codes   []byte
	consts  []uint32
}

// Fill makes t the tile of probes of one dimension, at most k.Width of them,
// with thresholds that no row reaches.
func (t *Tile) Fill(k *Kernel, probes []*Probe) {
	v := k.variant(len(probes))
	t.variant, t.probes, t.pairs = v, append(t.probes[:0], probes...), pairs(len(probes[0].codes))
	t.codes = zeroed(t.codes, t.pairs*v.width*pairSize)
	t.consts = zeroed(t.consts, 3*v.width)
	for q, p := range probes {
		for i, c := range p.codes {
			t.codes[(i/groupSize*v.width+q)*groupSize+i%groupSize] = byte(c)
		}
		t.consts[q] = uint32(-zeroCode * p.sum)
		t.consts[v.width+q] = math.Float32bits(up(p.slope / p.step))
	}
	for q := range v.width {
		t.SetThreshold(q, math.Inf(1))
	}
}

// SetThreshold makes scans report all rows whose dot product with probe q may
// be at least threshold, and few others.
func (t *Tile) SetThreshold(q int, threshold float64) {
	limit := math.Inf(-1)
	if q < len(t.probes) {
		p := t.probes[q]
		limit = (p.offset - threshold) / p.step
	}
	t.consts[2*t.variant.width+q] = math.Float32bits(up(limit))
}

// Scan compares blocks with the tile, rows whose bit is not set in their
// block's mask left out, and returns the hits, in the space of hits, which
// must have room for as many as there are blocks times the tile's width.
func (t *Tile) Scan(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	apart := uintptr(unsafe.Pointer(&blocks.high[0])) - uintptr(unsafe.Pointer(&blocks.low[0]))
	_ = blocks.high[len(masks)*blocks.size-1]
	return t.call(t.variant.full, blocks.low, int(apart), masks, hits)
}

// CanSkim tells whether the tile has a coarse scan.
func (t *Tile) CanSkim() bool { return t.variant.coarse != nil }

// Skim is Scan for what the high plane alone tells: its hits have all rows
// that Scan's have, and more, with other dot products. It reads half as much.
func (t *Tile) Skim(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	return t.call(t.variant.coarse, blocks.high, 0, masks, hits)
}

func (t *Tile) call(f scan, plane []byte, apart int, masks []uint32, hits []Hit) []Hit {
	n := len(masks)
	_ = plane[n*(metaBytes+pairBytes*t.pairs)-1]
	_ = hits[n*t.variant.width-1]
	return hits[:f(&plane[0], apart, n, t.pairs, &masks[0], &t.codes[0],
		(*byte)(unsafe.Pointer(&t.consts[0])), (*byte)(unsafe.Pointer(&hits[0])))]
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// up returns the smallest float32 that is at least x.
func up(x float64) float32 {
	f := float32(x)
	if float64(f) < x {
		return math.Nextafter32(f, float32(math.Inf(1)))
	}
	return f
}
