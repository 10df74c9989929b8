package picture

import (
	"image"
	"math"

	"oneton/picture/internal/kernel"
)

// Resize shrinks the picture into a part of the raster by averaging the area
// that each target pixel covers. The part must not have more columns or rows
// than the picture.
func (p *Picture) Resize(dst *Raster, at image.Rectangle) {
	start := at.Min.Y*dst.Width + at.Min.X
	targets := [3][]float32{dst.R[start:], dst.G[start:], dst.B[start:]}
	for i, pix := range targets {
		if i > 0 && p.colour == grey {
			break
		}
		shrink(p.planes[i], p.Width, p.Height, target{pix: pix, dx: 1, dy: dst.Width, width: at.Dx(), height: at.Dy()})
	}
	for y := range at.Dy() {
		from := y * dst.Width
		to := from + at.Dx()
		p.colour.convertRow(targets[0][from:to], targets[1][from:to], targets[2][from:to])
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
		kernel.Convert(a, b, d, matrices[c])
	}
}

// target is a view of the values that are computed, as plane is of samples.
type target struct {
	pix            []float32
	origin, dx, dy int
	width, height  int
}

// shrink averages a plane of a photo of the given size into the target. It
// works in the order in which the plane lies in memory, and turns the target
// with it.
func shrink(p plane, photoWidth, photoHeight int, t target) {
	if abs(p.dx) > abs(p.dy) {
		p = p.transposed()
		photoWidth, photoHeight = photoHeight, photoWidth
		t.dx, t.dy, t.width, t.height = t.dy, t.dx, t.height, t.width
	}
	if p.dx < 0 {
		p = p.mirrored(photoWidth)
		t.origin += (t.width - 1) * t.dx
		t.dx = -t.dx
	}
	if p.dy < 0 {
		p = p.flipped(photoHeight)
		t.origin += (t.height - 1) * t.dy
		t.dy = -t.dy
	}
	rows := cuts(t.height, photoHeight, p.height, p.down)
	columns := newTaps(cuts(t.width, photoWidth, p.width, p.across))
	span := (p.width-1)*p.dx + 1
	blended := make([]float32, span)
	// Taps may reach beyond the last sample, with weights of zero.
	line := make([]float32, p.width+4*columns.groups)
	if p.dx == 1 {
		blended = line[:span]
	}
	turned := make([]float32, t.width)
	var weights []float32
	for y := range t.height {
		first := rows[y].sample
		weights = between(rows[y], rows[y+1], weights[:0])
		kernel.Blend(blended, p.pix[p.origin+first*p.dy:], p.dy, weights)
		if p.dx > 1 {
			for x := range p.width {
				line[x] = blended[x*p.dx]
			}
		}
		at := t.origin + y*t.dy
		if t.dx == 1 {
			columns.apply(t.pix[at:at+t.width], line)
			continue
		}
		columns.apply(turned, line)
		for x, v := range turned {
			t.pix[at+x*t.dx] = v
		}
	}
}

func abs(n int) int { return max(n, -n) }

// cut is where two target samples meet: inside one of the plane's samples, a
// share of which lies before the cut.
type cut struct {
	sample int
	share  float64
}

// cuts divides the photo's side into n equal parts and says where the n+1 ends
// of the parts lie among the plane's samples.
func cuts(n, photo, samples int, a axis) []cut {
	c := make([]cut, n+1)
	for i := range c {
		at := a.edge(float64(i) * float64(photo) / float64(n))
		at = min(max(at, 0), float64(samples))
		c[i].sample = min(int(math.Floor(at)), samples-1)
		c[i].share = at - float64(c[i].sample)
	}
	return c
}

// between appends the share that each sample from one cut to the next has in
// their average.
func between(from, to cut, weights []float32) []float32 {
	length := float64(to.sample-from.sample) + to.share - from.share
	if to.sample == from.sample {
		return append(weights, 1)
	}
	weights = append(weights, float32((1-from.share)/length))
	for range to.sample - from.sample - 1 {
		weights = append(weights, float32(1/length))
	}
	if to.share > 0 {
		weights = append(weights, float32(to.share/length))
	}
	return weights
}

// taps are the weights by which a row's samples make its target samples: each
// takes some groups of four, from its first.
type taps struct {
	groups  int
	first   []int32
	weights []float32
}

func newTaps(cuts []cut) taps {
	t := taps{groups: 1, first: make([]int32, len(cuts)-1)}
	for i := range t.first {
		from, to := cuts[i].sample, cuts[i+1].sample
		t.first[i] = int32(from)
		t.groups = max(t.groups, (to-from)/4+1)
	}
	each := 4 * t.groups
	t.weights = make([]float32, each*len(t.first))
	for i := range t.first {
		between(cuts[i], cuts[i+1], t.weights[i*each:i*each])
	}
	return t
}

func (t taps) apply(dst, row []float32) {
	kernel.Combine(dst, row, t.first, t.weights, t.groups)
}
