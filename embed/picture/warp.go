package picture

// Affine maps (x, y) to (A·x + B·y + C, D·x + E·y + F). Pixel centres have
// whole coordinates.
type Affine struct {
	A, B, C, D, E, F float64
}

// Apply maps a point.
func (m Affine) Apply(x, y float64) (float64, float64) {
	return m.A*x + m.B*y + m.C, m.D*x + m.E*y + m.F
}

// Inverse is the map back. The linear part must not be singular.
func (m Affine) Inverse() Affine {
	det := m.A*m.E - m.B*m.D
	inv := Affine{A: m.E / det, B: -m.B / det, D: -m.D / det, E: m.A / det}
	inv.C = -(inv.A*m.C + inv.B*m.F)
	inv.F = -(inv.D*m.C + inv.E*m.F)
	return inv
}

// inside says whether the map brings a raster of the size into a rectangle from
// (0, 0) to (right, bottom). As rectangles are convex, the corners tell.
func (m Affine) inside(width, height int, right, bottom float64) bool {
	for _, corner := range [4][2]int{{0, 0}, {width - 1, 0}, {0, height - 1}, {width - 1, height - 1}} {
		x, y := m.Apply(float64(corner[0]), float64(corner[1]))
		if !(x >= 0 && y >= 0 && x < right && y < bottom) {
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
	for i, out := range [][]float32{dst.R, dst.G, dst.B} {
		if i == 0 || p.colour != grey {
			p.planes[i].warp(out, dst.Width, dst.Height, toPicture)
		}
	}
	p.colour.convertRow(dst.R, dst.G, dst.B)
	if !toPicture.inside(dst.Width, dst.Height, float64(p.Width-1), float64(p.Height-1)) {
		p.darken(dst, toPicture)
	}
}

// darken multiplies every value by the share of its interpolation that falls
// into the picture.
func (p *Picture) darken(dst *Raster, toPicture Affine) {
	for i := range dst.R {
		u, v := toPicture.Apply(float64(i%dst.Width), float64(i/dst.Width))
		share := coverage(u, p.Width) * coverage(v, p.Height)
		dst.R[i] *= share
		dst.G[i] *= share
		dst.B[i] *= share
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
		u, v := m.Apply(0, float64(y))
		row := dst[y*width : (y+1)*width]
		for x := range row {
			row[x] = p.at(u+m.A*float64(x), v+m.D*float64(x))
		}
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

// at interpolates between the four samples around a position that has four.
func (p plane) at(x, y float64) float32 {
	return p.interpolate(x, y, p.dx, p.dy)
}

// nearest is at for any position from the first sample to the last, also those
// on the last row or column, which have no samples further on.
func (p plane) nearest(x, y float64) float32 {
	dx, dy := p.dx, p.dy
	if x >= float64(p.width-1) {
		dx = 0
	}
	if y >= float64(p.height-1) {
		dy = 0
	}
	return p.interpolate(x, y, dx, dy)
}

// interpolate goes dx and dy from the sample at the whole part of the position
// to its neighbours.
func (p plane) interpolate(x, y float64, dx, dy int) float32 {
	left, top := int(x), int(y)
	fx, fy := float32(x-float64(left)), float32(y-float64(top))
	i := p.origin + left*p.dx + top*p.dy
	above := lerp(float32(p.pix[i]), float32(p.pix[i+dx]), fx)
	i += dy
	below := lerp(float32(p.pix[i]), float32(p.pix[i+dx]), fx)
	return lerp(above, below, fy)
}

func lerp(a, b, t float32) float32 { return a + t*(b-a) }
