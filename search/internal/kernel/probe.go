package kernel

import (
	"math"
	"slices"
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
// Of a split row's first coordinates the same holds, for its packed codes; the
// others' product is within the product of their lengths, x2 and y2. With e for
// emphasis, |r|(|y|+|t|) + x2*y2 <= |(e|r|, x2)| * |((|y|+|t|)/e, y2)|.
type Probe struct {
	layout Layout
	codes  []int8
	// record are the codes as gather takes them, and lift is what makes of its
	// sum, and four times a coarse scan's dot product, that of all codes.
	record       []int8
	lift         int32
	full, coarse bound
}

// bound is of a scan of a probe's codes, to which bias is added for those of
// rows being unsigned. A product is within residual*slope + offset of
// step*scale*(dot-excess), where offset bounds |x||t| and rounding.
type bound struct {
	bias          int32
	step, excess  float64
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
	p.layout = layout
	step := top / maxCode
	p.codes = p.codes[:0]
	var all, first, others part
	for i, x := range v {
		c := math.RoundToEven(float64(x) / step)
		p.codes = append(p.codes, int8(c))
		rest := float64(x) - float64(step*c)
		all.add(x, c, rest)
		if i < layout.Split {
			first.add(x, c, rest)
		} else {
			others.add(x, c, rest)
		}
	}
	p.full = all.bound(blur)
	p.full.step, p.full.bias = step, -zeroCode*all.sum
	p.coarse = p.full
	if layout.Split > 0 {
		p.coarse = first.bound(blur)
		p.coarse.slope = math.Hypot(p.coarse.slope/emphasis, math.Sqrt(others.square)) * (1 + 1e-9)
		p.pack(step, first.sum)
	}
}

// pack completes the probe for split rows, where sum is that of its first codes.
//
// A packed code u stands for 4u+1.5-128, a quarter of which is u-253/8. The
// bias makes whole what all codes add of that, and so a dot product too large
// by less than one.
func (p *Probe) pack(step float64, sum int32) {
	const eighths = 253
	p.coarse.step = step * (1 << lowBits)
	p.coarse.bias = -(eighths * sum >> 3)
	p.coarse.excess = float64(eighths*sum&7) / 8
	p.lift = -p.coarse.bias<<lowBits - zeroCode*sum

	lows := roundedUp(p.layout.lows(), chunkBytes)
	p.record = zeroed(p.record, groups*lows+p.layout.wholes())
	for i, c := range p.codes[:p.layout.Split] {
		low := i/packSize*groupSize + i%groupSize
		p.record[low/chunkBytes*groups*chunkBytes+i%packSize/groupSize*chunkBytes+low%chunkBytes] = c
	}
	copy(p.record[groups*lows:], p.codes[p.layout.Split:])
}

// part sums up some of a probe's coordinates.
type part struct {
	sum          int32
	square, rest float64
}

func (s *part) add(x float32, code, rest float64) {
	s.sum += int32(code)
	s.square += float64(float64(x) * float64(x))
	s.rest += float64(rest * rest)
}

func (s *part) bound(blur float64) bound {
	t := float64(math.Sqrt(s.rest) * (1 + 1e-9))
	return bound{
		slope:  float64(math.Sqrt(s.square)*(1+1e-9)) + t,
		offset: float64((1+LengthTolerance+blur)*t) + slack + blur,
	}
}

// Bounds returns what the dot product of the probe and a row is surely
// between, given the integer dot product of their codes.
func (p *Probe) Bounds(dot int32, planes *Planes, row int) (lower, upper float64) {
	return p.full.around(dot, planes.secondWord(row))
}

// CoarseBounds is Bounds given the dot product with what the first plane has of
// the row's codes.
func (p *Probe) CoarseBounds(dot int32, planes *Planes, row int) (lower, upper float64) {
	return p.coarse.around(dot, planes.first.word(row))
}

func (b *bound) around(dot int32, word []byte) (lower, upper float64) {
	scale, residual := meta(word)
	about := float64(b.step * float64(scale) * (float64(dot) - b.excess))
	far := float64(float64(residual)*b.slope) + b.offset
	return about - far, about + far
}

// The slope and the limit of a scan that goes by a bound.
func (b *bound) slopeBits() uint32 { return math.Float32bits(up(b.slope / b.step)) }

func (b *bound) limitBits(threshold float64) uint32 {
	return math.Float32bits(up((b.offset - threshold) / b.step))
}

// never is the bits of the float32 limit that no row reaches.
const never = 0xff800000

// Tile is a few probes for rows of one layout, as a kernel takes them.
type Tile struct {
	probes  []*Probe
	layout  Layout
	variant variant
	gather  gather
	codes   []byte
	// full and coarse are a scan's consts.
	full, coarse []uint32
	sums         []int32
}

// Fill makes t the tile of probes of one layout, at most k.Width of them, with
// thresholds that no row reaches.
func (t *Tile) Fill(k *Kernel, probes []*Probe) {
	v := k.variant(len(probes))
	t.variant, t.gather, t.probes, t.layout = v, k.gather, append(t.probes[:0], probes...), probes[0].layout
	t.codes = zeroed(t.codes, pairs(t.layout.Dimension)*v.width*pairSize)
	t.full, t.coarse = zeroed(t.full, 3*v.width), zeroed(t.coarse, 3*v.width)
	for q, p := range probes {
		for i, c := range p.codes {
			t.codes[(i/groupSize*v.width+q)*groupSize+i%groupSize] = byte(c)
		}
		t.full[q], t.coarse[q] = uint32(p.full.bias), uint32(p.coarse.bias)
		t.full[v.width+q], t.coarse[v.width+q] = p.full.slopeBits(), p.coarse.slopeBits()
	}
	for q := range v.width {
		t.SetThreshold(q, math.Inf(1))
	}
}

// SetThreshold makes scans report all rows whose dot product with probe q may
// be at least threshold, and few others.
func (t *Tile) SetThreshold(q int, threshold float64) {
	full, coarse := uint32(never), uint32(never)
	if q < len(t.probes) {
		p := t.probes[q]
		full, coarse = p.full.limitBits(threshold), p.coarse.limitBits(threshold)
	}
	at := 2*t.variant.width + q
	t.full[at], t.coarse[at] = full, coarse
}

// IsSplit tells whether the tile is for split rows, which Scan does not take,
// but Skim and Complete.
func (t *Tile) IsSplit() bool { return t.layout.Split > 0 }

// CanSkim tells whether the tile has a coarse scan.
func (t *Tile) CanSkim() bool { return t.IsSplit() || t.variant.coarse != nil }

// Scan compares blocks of halved codes with the tile, rows whose bit is not set
// in their block's mask left out, and returns the hits, in the space of hits,
// which must have room for as many as there are blocks times the tile's width.
func (t *Tile) Scan(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	_ = blocks.first.bytes[: len(masks)*blocks.first.size : len(blocks.first.bytes)]
	return t.call(t.variant.full, blocks.second, &blocks.first.bytes[0], masks, t.full, hits)
}

// Skim is Scan for what the first plane alone tells, of either layout: its hits
// have all rows whose dot product may be at least the threshold, and more than
// Scan's, with other dot products.
func (t *Tile) Skim(blocks Planes, masks []uint32, hits []Hit) []Hit {
	if len(masks) == 0 {
		return nil
	}
	f := t.variant.coarse
	if t.IsSplit() {
		f = t.variant.split
	}
	return t.call(f, blocks.first, nil, masks, t.coarse, hits)
}

func (t *Tile) call(f scan, in plane, first *byte, masks, consts []uint32, hits []Hit) []Hit {
	n := len(masks)
	// Checked, and not read: a row may be written that the masks leave out.
	_ = in.bytes[: n*in.size : len(in.bytes)]
	_ = hits[n*t.variant.width-1]
	return hits[:f(&in.bytes[0], first, n, t.layout.units(), &masks[0], &t.codes[0],
		(*byte)(unsafe.Pointer(&consts[0])), (*byte)(unsafe.Pointer(&hits[0])))]
}

// Complete makes the dot products that Skim has told of split rows and probe q
// those of all their codes.
func (t *Tile) Complete(q int, planes Planes, rows []uint32, dots []int32) {
	if len(rows) == 0 {
		return
	}
	l, p := t.layout, t.probes[q]
	t.sums = slices.Grow(t.sums[:0], len(rows))[:len(rows)]
	_ = planes.record(int(slices.Max(rows)))
	t.gather(&planes.second.bytes[0], l.recordBytes(), l.lows(), l.wholes(), &rows[0], len(rows),
		(*byte)(unsafe.Pointer(&p.record[0])), &t.sums[0])
	for i, sum := range t.sums {
		dots[i] = dots[i]<<lowBits + sum + p.lift
	}
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
