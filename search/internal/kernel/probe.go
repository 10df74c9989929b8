package kernel

import (
	"math"
	"unsafe"
)

// slack covers the float32 rounding of a scan's arithmetic: four roundings of
// numbers below 8, each by at most 2^-21. A row's coarse codes are longer than
// the row, by two at most.
const slack = 2e-6

// emphasis is how much more a split row's first plane counts what it leaves
// of the first coordinates than the others, and a probe how much less. It is
// about the root of the ratio between a row's length and its rest's, where
// the bound is best.
const emphasis = 10

// Probe is a quantised probe and its error bounds.
//
// With x a row, x' = scale*codes its quantised form and r = x-x', and y, y'
// and t the same of the probe, <x,y> = <x',y'> + <x',t> + <r,y>. By
// Cauchy-Schwarz the last two are within |x'||t| + |r||y|, and
// |x'| <= |x| + |r|. So <x,y> is within |r|(|y|+|t|) + |x||t| of <x',y'>.
//
// Of a split row's first coordinates the same holds; the others' product is
// within the product of their lengths, x2 and y2. With e for emphasis,
// |r|(|y|+|t|) + x2*y2 <= |(e|r|, x2)| * |((|y|+|t|)/e, y2)|.
type Probe struct {
	layout Layout
	codes  []int8
	// step is the probe's scale.
	step         float64
	full, coarse bound
}

// bound is of a scan of some of a probe's codes, whose sum is sum: a product is
// within residual*slope + offset, where offset bounds |x||t| and rounding.
type bound struct {
	sum           int32
	slope, offset float64
}

// Quantise makes p the probe of v for rows of a layout. The product of v and a
// row is at most blur from what Bounds are to bound, and a row at most
// 1+LengthTolerance+blur long.
func (p *Probe) Quantise(v []float32, layout Layout, blur float64) {
	var top float64
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
	}
	p.layout, p.step = layout, top/maxCode
	p.codes = p.codes[:0]
	var all, first, others part
	for i, x := range v {
		c := math.RoundToEven(float64(x) / p.step)
		p.codes = append(p.codes, int8(c))
		rest := float64(x) - p.step*c
		all.add(x, c, rest)
		if i < layout.Split {
			first.add(x, c, rest)
		} else {
			others.add(x, c, rest)
		}
	}
	p.full = all.bound(blur)
	p.coarse = p.full
	if layout.Split > 0 {
		p.coarse = first.bound(blur)
		p.coarse.slope = math.Hypot(p.coarse.slope/emphasis, math.Sqrt(others.square)) * (1 + 1e-9)
	}
}

// part sums up some of a probe's coordinates.
type part struct {
	sum          int32
	square, rest float64
}

func (s *part) add(x float32, code, rest float64) {
	s.sum += int32(code)
	s.square += float64(x) * float64(x)
	s.rest += rest * rest
}

func (s *part) bound(blur float64) bound {
	t := math.Sqrt(s.rest) * (1 + 1e-9)
	return bound{
		sum:    s.sum,
		slope:  math.Sqrt(s.square)*(1+1e-9) + t,
		offset: (1+LengthTolerance+blur)*t + slack + blur,
	}
}

// Bounds returns what the dot product of the probe and a row is surely
// between, given the integer dot product of their codes.
func (p *Probe) Bounds(dot int32, planes *Planes, row int) (lower, upper float64) {
	return p.bounds(p.full, dot, planes.second.word(row))
}

// CoarseBounds is Bounds given the dot product with what the first plane has of
// the row's codes.
func (p *Probe) CoarseBounds(dot int32, planes *Planes, row int) (lower, upper float64) {
	return p.bounds(p.coarse, dot, planes.first.word(row))
}

func (p *Probe) bounds(b bound, dot int32, word []byte) (lower, upper float64) {
	scale, residual := meta(word)
	about := p.step * float64(scale) * float64(dot)
	far := float64(residual)*b.slope + b.offset
	return about - far, about + far
}

// The consts of a scan that goes by a bound.
func (p *Probe) bias(b bound) uint32  { return uint32(-zeroCode * b.sum) }
func (p *Probe) slope(b bound) uint32 { return math.Float32bits(up(b.slope / p.step)) }
func (p *Probe) limit(b bound, threshold float64) uint32 {
	return math.Float32bits(up((b.offset - threshold) / p.step))
}

// The bits of the float32 limits that every row reaches, infinity, and that
// none does, its negative.
const always, never = 0x7f800000, 0xff800000

// Tile is a few probes for rows of one layout, as a kernel takes them.
type Tile struct {
	probes  []*Probe
	layout  Layout
	variant variant
	codes   []byte
	// full and coarse are a scan's consts, and rest those of one that tells
	// what the second plane adds.
	full, coarse, rest []uint32
}

// Fill makes t the tile of probes of one layout, at most k.Width of them, with
// thresholds that no row reaches.
func (t *Tile) Fill(k *Kernel, probes []*Probe) {
	v := k.variant(len(probes))
	t.variant, t.probes, t.layout = v, append(t.probes[:0], probes...), probes[0].layout
	t.codes = zeroed(t.codes, pairs(t.layout.Dimension)*v.width*pairSize)
	t.full, t.coarse, t.rest = zeroed(t.full, 3*v.width), zeroed(t.coarse, 3*v.width), zeroed(t.rest, 3*v.width)
	for q, p := range probes {
		for i, c := range p.codes {
			t.codes[(i/groupSize*v.width+q)*groupSize+i%groupSize] = byte(c)
		}
		t.full[q], t.coarse[q] = p.bias(p.full), p.bias(p.coarse)
		t.rest[q], t.rest[2*v.width+q] = t.full[q]-t.coarse[q], always
		t.full[v.width+q], t.coarse[v.width+q] = p.slope(p.full), p.slope(p.coarse)
	}
	for q := range v.width {
		t.SetThreshold(q, math.Inf(1))
		if q >= len(probes) {
			t.rest[2*v.width+q] = never
		}
	}
}

// SetThreshold makes scans report all rows whose dot product with probe q may
// be at least threshold, and few others.
func (t *Tile) SetThreshold(q int, threshold float64) {
	full, coarse := uint32(never), uint32(never)
	if q < len(t.probes) {
		p := t.probes[q]
		full, coarse = p.limit(p.full, threshold), p.limit(p.coarse, threshold)
	}
	at := 2*t.variant.width + q
	t.full[at], t.coarse[at] = full, coarse
}

// Scan compares blocks with the tile, rows whose bit is not set in their
// block's mask left out, and returns the hits, in the space of hits, which
// must have room for as many as there are blocks times the tile's width.
func (t *Tile) Scan(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	f, inFirst, inSecond := t.variant.full, 0, pairs(t.layout.Dimension)
	if t.layout.Split > 0 {
		f = t.variant.split
		inFirst, inSecond = t.layout.groups()
	}
	_ = blocks.first.bytes[len(masks)*blocks.first.size-1]
	return t.call(f, blocks.second, &blocks.first.bytes[0], inSecond, inFirst, masks, t.codes, t.full, hits)
}

// IsSplit tells whether the tile is for split rows.
func (t *Tile) IsSplit() bool { return t.layout.Split > 0 }

// CanSkim tells whether the tile has a coarse scan.
func (t *Tile) CanSkim() bool { return t.variant.coarse != nil }

// Skim is Scan for what the first plane alone tells: its hits have all rows
// whose dot product may be at least the threshold, and more than Scan's, with
// other dot products. It reads less: half of halved codes.
func (t *Tile) Skim(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	f, inFirst := t.variant.coarse, pairs(t.layout.Dimension)
	if t.layout.Split > 0 {
		f = t.variant.split
		inFirst, _ = t.layout.groups()
	}
	return t.call(f, blocks.first, nil, inFirst, 0, masks, t.codes, t.coarse, hits)
}

// ScanSecond reads only the second plane of split rows. Its hits have all rows
// whose bit is set in their block's mask, with dot products that a Skim's lack
// of a Scan's.
func (t *Tile) ScanSecond(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	inFirst, inSecond := t.layout.groups()
	codes := t.codes[inFirst*t.variant.width*groupSize:]
	return t.call(t.variant.split, blocks.second, nil, inSecond, 0, masks, codes, t.rest, hits)
}

func (t *Tile) call(f scan, in plane, first *byte, pairs, ahead int, masks []uint32, codes []byte, consts []uint32, hits []Hit) []Hit {
	n := len(masks)
	_ = in.bytes[n*in.size-1]
	_ = hits[n*t.variant.width-1]
	return hits[:f(&in.bytes[0], first, n, pairs, ahead, &masks[0], &codes[0],
		(*byte)(unsafe.Pointer(&consts[0])), (*byte)(unsafe.Pointer(&hits[0])))]
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
