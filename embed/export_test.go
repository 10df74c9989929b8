package embed

import (
	"sync/atomic"

	"oneton/embed/onnx"
)

// CountPasses counts from now on how often the pack's detector looks.
func CountPasses(e *Embedder, pack string) *atomic.Int32 {
	passes := new(atomic.Int32)
	d := e.models[pack].detector
	decode := d.decode
	d.decode = func(outputs []onnx.Tensor, width, height int) ([]detection, error) {
		passes.Add(1)
		return decode(outputs, width, height)
	}
	return passes
}
