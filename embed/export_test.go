package embed

import (
	"sync/atomic"

	"oneton/onnx"
)

// CountPasses counts from now on how often the pack's detector looks
// at a photo.
func CountPasses(e *Embedder, pack string) *atomic.Int32 {
	passes := new(atomic.Int32)
	d := e.models[pack].detector
	decode := d.decode
	d.decode = func(outputs []onnx.Tensor, width, height int, score float32) ([]detection, error) {
		if score == d.Score { // not of a look from near
			passes.Add(1)
		}
		return decode(outputs, width, height, score)
	}
	return passes
}
