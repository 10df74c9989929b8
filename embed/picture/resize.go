package picture

import (
	"image"
	"math"
)

// span is the part of a row or column that one target sample covers: count
// samples from first, the outer two with a weight, all divided by the length.
type span struct {
	first, count        int
	left, right, length float32
}

// spans cuts the photo's side into n equal parts and says which of the plane's
// samples each covers.
func spans(n, photo, samples int, a axis) []span {
	s := make([]span, n)
	step := float64(photo) / float64(n)
	for i := range s {
		from := min(max(a.edge(float64(i)*step), 0), float64(samples))
		to := min(max(a.edge(float64(i+1)*step), 0), float64(samples))
		first := min(int(from), samples-1)
		last := max(min(int(math.Ceil(to)), samples)-1, first)
		s[i] = span{first: first, count: last - first + 1, length: float32(to - from)}
		s[i].left = float32(min(to, float64(first+1)) - from)
		s[i].right = float32(to - float64(last))
	}
	return s
}

// Resize shrinks the picture into a part of the raster by averaging the area
// that each target pixel covers. The part must not have more columns or rows
// than the picture.
func (p *Picture) Resize(dst *Raster, at image.Rectangle) {
	offset := at.Min.Y*dst.Width + at.Min.X
	targets := [3][]float32{dst.R[offset:], dst.G[offset:], dst.B[offset:]}
	if p.colour == grey {
		p.shrink(0, targets[0], dst.Width, at.Dx(), at.Dy())
		for y := range at.Dy() {
			row := y * dst.Width
			copy(targets[1][row:row+at.Dx()], targets[0][row:row+at.Dx()])
			copy(targets[2][row:row+at.Dx()], targets[0][row:row+at.Dx()])
		}
		return
	}
	for i, target := range targets {
		p.shrink(i, target, dst.Width, at.Dx(), at.Dy())
	}
	if p.colour == rgb {
		return
	}
	for y := range at.Dy() {
		row := y * dst.Width
		a, b, c := targets[0][row:row+at.Dx()], targets[1][row:row+at.Dx()], targets[2][row:row+at.Dx()]
		for x := range a {
			a[x], b[x], c[x] = p.colour.convert(a[x], b[x], c[x])
		}
	}
}

// shrink averages one plane into width×height samples.
func (p *Picture) shrink(i int, dst []float32, stride, width, height int) {
	pl := p.planes[i]
	columns := spans(width, p.Width, pl.width, pl.across)
	rows := spans(height, p.Height, pl.height, pl.down)
	current, line := -1, make([]float32, width)
	for y, s := range rows {
		out := dst[y*stride : y*stride+width]
		clear(out)
		for k := range s.count {
			if s.first+k != current {
				current = s.first + k
				pl.shrinkRow(line, columns, current)
			}
			weight := s.weight(k)
			for x, v := range line {
				out[x] += weight * v
			}
		}
	}
}

// weight is the share of the span's sample k.
func (s span) weight(k int) float32 {
	switch k {
	case 0:
		return s.left / s.length
	case s.count - 1:
		return s.right / s.length
	default:
		return 1 / s.length
	}
}

// shrinkRow averages the plane's row y into one sample a column.
func (p plane) shrinkRow(dst []float32, columns []span, y int) {
	row := p.origin + y*p.dy
	for x, s := range columns {
		at := row + s.first*p.dx
		sum := s.left * float32(p.pix[at])
		if s.count > 1 {
			inner := 0
			for range s.count - 2 {
				at += p.dx
				inner += int(p.pix[at])
			}
			sum += float32(inner) + s.right*float32(p.pix[at+p.dx])
		}
		dst[x] = sum / s.length
	}
}
