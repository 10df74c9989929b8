package picture

// Affine maps (x, y) to (A·x + B·y + C, D·x + E·y + F). Pixel centres have
// whole coordinates.
type Affine struct {
	A, B, C, D, E, F float64
}

// Apply maps a point.
func (m Affine) Apply(x, y float64) (float64, float64) {
	return float64(m.A*x) + float64(m.B*y) + m.C, float64(m.D*x) + float64(m.E*y) + m.F
}

// Inverse is the map back. The linear part must not be singular.
func (m Affine) Inverse() Affine {
	det := float64(m.A*m.E) - float64(m.B*m.D)
	inv := Affine{A: m.E / det, B: -m.B / det, D: -m.D / det, E: m.A / det}
	inv.C = -(float64(inv.A*m.C) + float64(inv.B*m.F))
	inv.F = -(float64(inv.D*m.C) + float64(inv.E*m.F))
	return inv
}

// After is the map that applies the other first and then m.
func (m Affine) After(n Affine) Affine {
	a := Affine{
		A: float64(m.A*n.A) + float64(m.B*n.D), B: float64(m.A*n.B) + float64(m.B*n.E),
		D: float64(m.D*n.A) + float64(m.E*n.D), E: float64(m.D*n.B) + float64(m.E*n.E),
	}
	a.C, a.F = m.Apply(n.C, n.F)
	return a
}

// inside says whether the map brings a raster of the size well into a rectangle
// from (0, 0) to (right, bottom). As rectangles are convex, the corners tell.
func (m Affine) inside(width, height int, right, bottom float64) bool {
	// More than what warpRow's rounding adds up to.
	const margin = 1e-5
	for _, corner := range [4][2]int{{0, 0}, {width - 1, 0}, {0, height - 1}, {width - 1, height - 1}} {
		x, y := m.Apply(float64(corner[0]), float64(corner[1]))
		if !(x >= margin && y >= margin && x <= right-margin && y <= bottom-margin) {
			return false
		}
	}
	return true
}

// Warp fills the raster with the picture seen through the map from raster to
// picture coordinates, interpolating linearly between pixels; what lies
// outside the picture is black. It is what OpenCV's warpAffine does with
// INTER_LINEAR, BORDER_CONSTANT and the inverse map.
func (p *Picture) Warp(dst *Raster, toPicture Affine) {
	p.WarpRepeating(dst, toPicture)
	dst.Frame(toPicture, p.Width, p.Height, 0)
}

// WarpRepeating is Warp, but what lies outside the picture repeats its edge.
func (p *Picture) WarpRepeating(dst *Raster, toPicture Affine) {
	for i, out := range [][]float32{dst.R, dst.G, dst.B} {
		if i == 0 || p.colour != grey {
			p.planes[i].warp(out, dst.Width, dst.Height, toPicture)
		}
	}
	p.colour.convertRow(dst.R, dst.G, dst.B)
}

// Frame gives every value of a raster that shows a picture of the size through the
// map the level, in as far as its interpolation falls beyond the picture.
func (r *Raster) Frame(toPicture Affine, width, height int, level float32) {
	if toPicture.inside(r.Width, r.Height, float64(width-1), float64(height-1)) {
		return
	}
	for i := range r.R {
		u, v := toPicture.Apply(float64(i%r.Width), float64(i/r.Width))
		share := coverage(u, width) * coverage(v, height)
		r.R[i] = lerp(level, r.R[i], share)
		r.G[i] = lerp(level, r.G[i], share)
		r.B[i] = lerp(level, r.B[i], share)
	}
}

// coverage is the share of a linear interpolation at position u that falls on
// the pixels 0 to n-1.
func coverage(u float64, n int) float32 {
	return float32(max(0, min(1, u+1, float64(n)-u)))
}

// warp interpolates the plane at the picture's positions, repeating its edge.
func (p plane) warp(dst []float32, width, height int, toPicture Affine) {
	m := toPicture.then(p.across, p.down)
	right, bottom := float64(p.width-1), float64(p.height-1)
	if !m.inside(width, height, right, bottom) {
		for i := range width * height {
			u, v := m.Apply(float64(i%width), float64(i/width))
			dst[i] = p.nearest(min(max(u, 0), right), min(max(v, 0), bottom))
		}
		return
	}
	for y := range height {
		p.warpRow(dst[y*width:(y+1)*width], m, y)
	}
}

// warpRow interpolates row y of the target, all of which lies inside the
// plane. It counts positions in units of 2⁻³² samples.
func (p plane) warpRow(row []float32, m Affine, y int) {
	const one, fraction = 1 << 32, 1<<32 - 1
	u, v := m.Apply(0, float64(y))
	at, down := int64(u*one), int64(v*one)
	stepX, stepY := int64(m.A*one), int64(m.D*one)
	for x := range row {
		i := p.origin + int(at>>32)*p.dx + int(down>>32)*p.dy
		fx, fy := float32(at&fraction)*(1.0/one), float32(down&fraction)*(1.0/one)
		above := lerp(float32(p.pix[i]), float32(p.pix[i+p.dx]), fx)
		i += p.dy
		below := lerp(float32(p.pix[i]), float32(p.pix[i+p.dx]), fx)
		row[x] = lerp(above, below, fy)
		at += stepX
		down += stepY
	}
}

// then is the map to the centres of a plane's samples instead of pixels.
func (m Affine) then(across, down axis) Affine {
	const centre = 0.5
	return Affine{
		A: m.A * across.scale, B: m.B * across.scale, C: across.edge(m.C+centre) - centre,
		D: m.D * down.scale, E: m.E * down.scale, F: down.edge(m.F+centre) - centre,
	}
}

// nearest interpolates between the four samples around any position from the
// first sample to the last, also on the last row or column, which have none
// further on.
func (p plane) nearest(x, y float64) float32 {
	left, top := int(x), int(y)
	fx, fy := float32(x-float64(left)), float32(y-float64(top))
	i := p.origin + left*p.dx + top*p.dy
	dx, dy := p.dx, p.dy
	if left == p.width-1 {
		dx = 0
	}
	if top == p.height-1 {
		dy = 0
	}
	above := lerp(float32(p.pix[i]), float32(p.pix[i+dx]), fx)
	i += dy
	below := lerp(float32(p.pix[i]), float32(p.pix[i+dx]), fx)
	return lerp(above, below, fy)
}

func lerp(a, b, t float32) float32 { return a + float32(t*(b-a)) }

// WarpRepeating fills another raster as Picture.WarpRepeating does.
func (r *Raster) WarpRepeating(dst *Raster, toRaster Affine) {
	right, bottom := float64(r.Width-1), float64(r.Height-1)
	from, to := [3][]float32{r.R, r.G, r.B}, [3][]float32{dst.R, dst.G, dst.B}
	for i := range dst.R {
		u, v := toRaster.Apply(float64(i%dst.Width), float64(i/dst.Width))
		u, v = min(max(u, 0), right), min(max(v, 0), bottom)
		left, top := int(u), int(v)
		fx, fy := float32(u-float64(left)), float32(v-float64(top))
		at, dx, dy := top*r.Width+left, min(1, r.Width-1-left), r.Width*min(1, r.Height-1-top)
		for k, pix := range from {
			to[k][i] = lerp(lerp(pix[at], pix[at+dx], fx), lerp(pix[at+dy], pix[at+dy+dx], fx), fy)
		}
	}
}
