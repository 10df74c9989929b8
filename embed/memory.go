package embed

import "oneton/picture"

// memory is what one photo needs while it is computed.
type memory struct {
	decoder picture.Decoder
	frame   []float32
	input   []float32
	crop    *picture.Raster
	// shown is what recognisers see of the crop.
	shown *picture.Raster
	// slant is what a photo is shrunk to before it is turned; it is there once one was.
	slant []float32
}

// newMemory has a frame of the given number of values.
func newMemory(frame int) *memory {
	return &memory{
		frame: make([]float32, frame),
		input: make([]float32, 3*cropSide*cropSide),
		crop:  picture.NewRaster(cropSide, cropSide),
		shown: picture.NewRaster(cropSide, cropSide),
	}
}

// slanted has room for so many values at least.
func (m *memory) slanted(values int) []float32 {
	if len(m.slant) < values {
		m.slant = make([]float32, values)
	}
	return m.slant
}
