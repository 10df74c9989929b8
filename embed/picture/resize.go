package picture

import (
	"image"
	"math"
)

// Resize shrinks the picture into a part of the raster by averaging the area
// that each target pixel covers. The part must not have more columns or rows
// than the picture.
func (p *Picture) Resize(dst *Raster, at image.Rectangle) {
	width, height := at.Dx(), at.Dy()
	start := at.Min.Y*dst.Width + at.Min.X
	targets := [3][]float32{dst.R[start:], dst.G[start:], dst.B[start:]}
	p.shrink(0, targets[0], dst.Width, width, height)
	if p.colour != grey {
		p.shrink(1, targets[1], dst.Width, width, height)
		p.shrink(2, targets[2], dst.Width, width, height)
	}
	for y := range height {
		row := y * dst.Width
		p.colour.convertRow(targets[0][row:row+width], targets[1][row:row+width], targets[2][row:row+width])
	}
}

// convertRow turns rows of three samples into red, green and blue, in place.
func (c colour) convertRow(a, b, d []float32) {
	switch c {
	case rgb:
	case grey:
		copy(b, a)
		copy(d, a)
	case fullRange, studioRange:
		b, d = b[:len(a)], d[:len(a)]
		for x := range a {
			a[x], b[x], d[x] = c.convert(a[x], b[x], d[x])
		}
	}
}

// cut is where two target samples meet: inside one of the plane's samples, a
// share of which, in units of 1/one, lies before the cut.
type cut struct {
	sample int
	share  int64
}

const one = 1 << 20

// cuts divides the photo's side into n equal parts and says where the n+1 ends
// of the parts lie among the plane's samples.
func cuts(n, photo, samples int, a axis) []cut {
	c := make([]cut, n+1)
	for i := range c {
		at := a.edge(float64(i) * float64(photo) / float64(n))
		at = min(max(at, 0), float64(samples))
		c[i].sample = min(int(at), samples-1)
		c[i].share = int64(math.Round((at - float64(c[i].sample)) * one))
	}
	return c
}

// perLength are the inverse distances between neighbouring cuts, whose unit is
// 1/one.
func perLength(cuts []cut) []float32 {
	inverse := make([]float32, len(cuts)-1)
	for i := range inverse {
		a, b := cuts[i], cuts[i+1]
		inverse[i] = 1 / float32(int64(b.sample-a.sample)*one+b.share-a.share)
	}
	return inverse
}

// shrink averages one plane into width×height samples.
func (p *Picture) shrink(i int, dst []float32, stride, width, height int) {
	pl := p.planes[i]
	rows := cuts(height, p.Height, pl.height, pl.down)
	scales := perLength(rows)
	s := newRowShrinker(pl, cuts(width, p.Width, pl.width, pl.across))
	for y := range height {
		out := dst[y*stride : y*stride+width]
		from, to := rows[y], rows[y+1]
		if from.sample == to.sample {
			scale(out, s.row(from.sample), 1)
			continue
		}
		scale(out, s.row(from.sample), float32(one-from.share)*scales[y])
		for r := from.sample + 1; r < to.sample; r++ {
			add(out, s.row(r), one*scales[y])
		}
		if to.share > 0 {
			add(out, s.row(to.sample), float32(to.share)*scales[y])
		}
	}
}

// scale sets the target to a multiple of the line.
func scale(out, line []float32, factor float32) {
	out = out[:len(line)]
	for x, v := range line {
		out[x] = factor * v
	}
}

// add adds a multiple of the line to the target.
func add(out, line []float32, factor float32) {
	out = out[:len(line)]
	for x, v := range line {
		out[x] += factor * v
	}
}

// rowShrinker averages rows of a plane between cuts.
type rowShrinker struct {
	plane  plane
	cuts   []cut
	scales []float32
	// sums is scratch for a row's running sum.
	sums []int32
	// line is the row that was shrunk last.
	line []float32
	last int
}

func newRowShrinker(p plane, cuts []cut) *rowShrinker {
	return &rowShrinker{
		plane: p, cuts: cuts, scales: perLength(cuts),
		sums: make([]int32, p.width+1), line: make([]float32, len(cuts)-1), last: -1,
	}
}

// row is the plane's row y, shrunk, until the next call.
func (s *rowShrinker) row(y int) []float32 {
	if s.last == y {
		return s.line
	}
	s.last = y
	s.sum(y)
	line, scales := s.line, s.scales[:len(s.line)]
	from := s.before(s.cuts[0])
	for x, c := range s.cuts[1 : len(line)+1] {
		to := s.before(c)
		line[x] = float32(to-from) * scales[x]
		from = to
	}
	return s.line
}

// before is the sum of all samples before the cut, in units of 1/one.
func (s *rowShrinker) before(c cut) int64 {
	pair := s.sums[c.sample : c.sample+2]
	return int64(pair[0])*one + c.share*int64(pair[1]-pair[0])
}

// sum makes the running sum of row y.
func (s *rowShrinker) sum(y int) {
	p := s.plane
	at := p.origin + y*p.dy
	sum := int32(0)
	if p.dx == 1 {
		row := p.pix[at : at+p.width]
		sums := s.sums[1 : len(row)+1]
		for x, v := range row {
			sum += int32(v)
			sums[x] = sum
		}
		return
	}
	for x := range p.width {
		sum += int32(p.pix[at])
		s.sums[x+1] = sum
		at += p.dx
	}
}
