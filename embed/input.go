package embed

import (
	"oneton/embed/pack"
	"oneton/picture"
)

// raster views a 1×3×height×width input in the colour order as a picture.
func raster(input []float32, width, height int, order pack.Colour) *picture.Raster {
	n := width * height
	r := &picture.Raster{
		Width: width, Height: height,
		R: input[:n:n], G: input[n : 2*n : 2*n], B: input[2*n : 3*n : 3*n],
	}
	if order == pack.BGR {
		r.R, r.B = r.B, r.R
	}
	return r
}

// normalise brings grey levels to the model's scale.
func normalise(input []float32, in pack.Input) {
	if in.Mean == 0 && in.Scale == 1 {
		return
	}
	for i, v := range input {
		input[i] = (v - in.Mean) * in.Scale
	}
}
