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

// Warp fills the raster with the picture seen through the map from raster to
// picture coordinates, interpolating linearly between pixels; what lies
// outside the picture is black. It is what OpenCV's warpAffine does with
// INTER_LINEAR, BORDER_CONSTANT and the inverse map.
func (p *Picture) Warp(dst *Raster, toPicture Affine) {
	for y := range dst.Height {
		for x := range dst.Width {
			u, v := toPicture.Apply(float64(x), float64(y))
			i := y*dst.Width + x
			dst.R[i], dst.G[i], dst.B[i] = p.at(u, v)
		}
	}
}

// at is the colour at a position between pixel centres.
func (p *Picture) at(u, v float64) (red, green, blue float32) {
	inside := coverage(u, p.Width) * coverage(v, p.Height)
	if inside == 0 {
		return 0, 0, 0
	}
	a := p.planes[0].at(u, v)
	if p.colour == grey {
		return inside * a, inside * a, inside * a
	}
	red, green, blue = p.colour.convert(a, p.planes[1].at(u, v), p.planes[2].at(u, v))
	return inside * red, inside * green, inside * blue
}

// coverage is the share of a linear interpolation at position u that falls on
// the pixels 0 to n-1.
func coverage(u float64, n int) float32 {
	return float32(max(0, min(1, u+1, float64(n)-u)))
}

// at interpolates the plane at a position of the photo, repeating its edge.
func (p plane) at(u, v float64) float32 {
	x := min(max(p.across.edge(u+0.5)-0.5, 0), float64(p.width-1))
	y := min(max(p.down.edge(v+0.5)-0.5, 0), float64(p.height-1))
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
	below := lerp(float32(p.pix[i+dy]), float32(p.pix[i+dx+dy]), fx)
	return lerp(above, below, fy)
}

func lerp(a, b, t float32) float32 { return a + t*(b-a) }
