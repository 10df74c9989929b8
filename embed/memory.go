package embed

import "oneton/picture"

// memory is what one photo needs while it is computed.
type memory struct {
	decoder picture.Decoder
	frame   []float32
	input   []float32
	crop    *picture.Raster
}

// newMemory has a frame of the given number of values.
func newMemory(frame int) *memory {
	return &memory{
		frame: make([]float32, frame),
		input: make([]float32, 3*cropSide*cropSide),
		crop:  picture.NewRaster(cropSide, cropSide),
	}
}
